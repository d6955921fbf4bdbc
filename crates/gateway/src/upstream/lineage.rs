//! The processes of the gateway that have one connection after each other, as one follows the other at a restart: what
//! belongs to a call of the process before is passed on to it, for as long as it is there.

use std::sync::{
    OnceLock,
    atomic::{AtomicBool, Ordering},
};

use mcp::Envelope;

use super::{
    pending::{generation_of, parse_id},
    relay::Outbox,
};

/// Who has had a connection before this process, and who has it after.
#[derive(Debug, Default)]
pub struct Lineage {
    /// How many processes have had it before this one.
    generation: OnceLock<u64>,
    /// The process before this one, which may have calls here.
    before: OnceLock<Outbox>,
    /// Whether that process is gone, with its calls.
    before_has_ended: AtomicBool,
    /// The process that has its child now.
    left_to: OnceLock<Outbox>,
}

impl Lineage {
    /// Notes that the connection was in the process `before`, as which it is of this generation.
    pub fn follows(&self, generation: u64, before: Outbox) {
        // a connection comes over once, while it is fresh
        let _ = (self.generation.set(generation), self.before.set(before));
    }

    /// How many processes have had it before this one.
    pub fn generation(&self) -> u64 {
        self.generation.get().copied().unwrap_or_default()
    }

    /// Whether it was in another process before.
    pub fn has_before(&self) -> bool {
        self.before.get().is_some()
    }

    /// Whether the process before is there and may have calls on it.
    pub fn serves_before(&self) -> bool {
        self.has_before() && !self.before_has_ended.load(Ordering::Acquire)
    }

    /// The process before is gone.
    pub fn before_has_ended(&self) {
        self.before_has_ended.store(true, Ordering::Release);
    }

    /// Whether an id or token was chosen by a process that had the connection before this one.
    pub fn is_of_before(&self, id: Option<&[u8]>) -> bool {
        self.has_before() && parse_id(id).is_some_and(|id| generation_of(id) < self.generation())
    }

    /// Gives a message to the process before, if there is one; what must not be lost waits for its turn.
    pub fn pass_to_before(&self, message: Envelope, must_arrive: bool) {
        let Some(before) = self.before.get().cloned() else { return };
        if must_arrive {
            tokio::spawn(async move { before.send(message.bytes().clone()).await });
        } else {
            before.offer(message.bytes().clone());
        }
    }

    /// Notes which process has the child from now on.
    pub fn leave_to(&self, successor: Outbox) {
        let _ = self.left_to.set(successor);
    }

    /// The process that has the child now, if it is another one.
    pub fn left_to(&self) -> Option<&Outbox> {
        self.left_to.get()
    }

    /// Whether another process has the child now.
    pub fn is_left(&self) -> bool {
        self.left_to.get().is_some()
    }
}
