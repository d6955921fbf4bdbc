//! The calls that are under way on one shared connection, by the id under which they were sent, and the rules by which
//! what arrives is given to one of them.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use mcp::{Envelope, Era, Param, Splice};
use tokio::sync::oneshot;

use crate::{
    call::{Abilities, Answer, Ask, Call, Event, Reply},
    events::Sender,
    failure::Failure,
};

/// One call that waits for its answer.
#[derive(Debug)]
struct Waiting {
    sender: Sender,
    token: Option<Bytes>,
    logs: bool,
    abilities: Abilities,
}

/// All calls that wait on one connection.
#[derive(Debug, Default)]
pub struct Pending {
    next: AtomicU64,
    waiting: Mutex<HashMap<u64, Waiting>>,
}

/// The low bits of an id count the requests of one process, those above them the processes that have had the connection one
/// after the other. Both together stay below 2^53, up to which every server can count.
const REQUEST_BITS: u32 = 40;

/// Which of the processes that have had a connection has sent the request of this id.
pub fn generation_of(id: u64) -> u64 {
    id >> REQUEST_BITS
}

impl Pending {
    /// Goes on in the place of a process before us: no id is used twice.
    pub fn begin_generation(&self, generation: u64) {
        self.next.store(generation << REQUEST_BITS, Ordering::Relaxed);
    }

    /// An id that no other call on this connection has or had.
    pub fn next_id(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Notes that `call` waits under `id`.
    pub fn insert(&self, id: u64, call: &Call, sender: Sender) {
        let waiting = Waiting {
            sender,
            token: call.progress_token(),
            logs: call.log_level().is_some(),
            abilities: call.caller.abilities,
        };
        self.lock().insert(id, waiting);
    }

    /// Notes that a request of our own waits under `id`.
    pub fn insert_own(&self, id: u64, sender: Sender) {
        self.lock().insert(id, Waiting { sender, token: None, logs: false, abilities: Abilities::default() });
    }

    /// Forgets a call; false if it had already ended.
    pub fn forget(&self, id: u64) -> bool {
        self.lock().remove(&id).is_some()
    }

    /// Gives an answer to the call that waits for it; false if none does.
    pub fn answer(&self, envelope: Envelope, era: Era) -> bool {
        let Some(waiting) = parse_id(envelope.id()).and_then(|id| self.lock().remove(&id)) else { return false };
        waiting.sender.finish(Ok(Answer { envelope, era }));
        true
    }

    /// Gives a progress notification to its call, under the token that the client chose.
    pub fn progress(&self, notification: &Envelope) -> bool {
        let Some(id) = parse_id(notification.param_raw(Param::ProgressToken)) else { return false };
        match self.lock().get(&id) {
            Some(Waiting { sender, token: Some(token), .. }) => {
                let _ = sender.offer(Event::Notification(with_token(notification, token)));
                true
            }
            _ => false,
        }
    }

    /// Gives a log message to the one call that it can belong to; with several candidates it belongs to none.
    pub fn log(&self, notification: &Envelope) -> bool {
        let waiting = self.lock();
        let mut candidates = waiting.values().filter(|waiting| waiting.logs && waiting.sender.takes_notes());
        match (candidates.next(), candidates.next()) {
            (Some(only), None) => only.sender.offer(Event::Notification(notification.bytes().clone())).is_ok(),
            _ => false,
        }
    }

    /// Puts a question to the latest call whose client can answer it. Calls on one connection are of one principal, and
    /// the answer goes back by the id of the question, so the right server gets it whichever call carries it.
    pub fn ask(&self, question: Envelope) -> Result<oneshot::Receiver<Reply>, &'static str> {
        let waiting = self.lock();
        let candidates =
            waiting.iter().filter(|(_, waiting)| waiting.abilities.allow(&question) && waiting.sender.takes_notes());
        match candidates.max_by_key(|(id, _)| **id) {
            Some((_, latest)) => {
                let (reply, answer) = oneshot::channel();
                latest
                    .sender
                    .offer(Event::Ask(Ask { question, reply: reply.into() }))
                    .map_err(|_| "the client does not keep up")?;
                Ok(answer)
            }
            None => Err("no call is under way whose client can answer this"),
        }
    }

    /// Ends a call for which the server asked something that its client cannot answer, if there is just one.
    pub fn fail_only(&self, failure: Failure) -> bool {
        let mut waiting = self.lock();
        let only = if waiting.len() == 1 { waiting.keys().next().copied() } else { None };
        match only.and_then(|id| waiting.remove(&id)) {
            Some(call) => {
                call.sender.finish(Err(failure));
                true
            }
            None => false,
        }
    }

    /// Ends the call under `id`; false if it had already ended.
    pub fn fail(&self, id: u64, failure: Failure) -> bool {
        let Some(call) = self.lock().remove(&id) else { return false };
        call.sender.finish(Err(failure));
        true
    }

    /// Ends all calls, since their connection is gone.
    pub fn fail_all(&self, failure: &Failure) {
        for (_, waiting) in self.lock().drain() {
            waiting.sender.finish(Err(failure.clone()));
        }
    }

    /// How many calls wait.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A progress notification under the token of the client.
pub fn with_token(notification: &Envelope, token: &[u8]) -> Bytes {
    Splice::new(notification.bytes()).replace(notification.param(Param::ProgressToken), token).apply()
}

/// An id or token of ours. A server may write it back as a string or as `7.0`.
pub fn parse_id(token: Option<&[u8]>) -> Option<u64> {
    let text = std::str::from_utf8(token?).ok()?.trim_matches('"');
    text.strip_suffix(".0").unwrap_or(text).parse().ok()
}
