//! What a breaker shows to everybody who comes: whoever finds it closed need not wait for its lock. Whoever changes the
//! breaker shows it anew before giving its lock back, so that signs follow each other as the changes did.

use std::time::Instant;

use super::{Breaker, Pass, State};
use crate::sync::atomic::{AtomicU64, Ordering};

/// Whether a breaker is closed, and at which turn.
#[derive(Debug)]
pub struct Sign {
    /// The turn of the breaker, doubled, and one more while it is closed.
    word: AtomicU64,
}

impl Default for Sign {
    /// The sign of a breaker whose state has not changed yet.
    fn default() -> Self {
        Self { word: AtomicU64::new(1) }
    }
}

impl Sign {
    /// Shows the breaker as it is. Its lock is held meanwhile.
    pub fn show(&self, breaker: &Breaker) {
        let is_closed = breaker.state() == State::Closed;
        self.word.store(breaker.turn() << 1 | u64::from(is_closed), Ordering::Release);
    }

    /// The pass through a closed breaker; where there is none, the breaker itself is to be asked.
    pub fn pass(&self, now: Instant) -> Option<Pass> {
        let word = self.word.load(Ordering::Acquire);
        (word & 1 == 1).then_some(Pass { turn: word >> 1, began: now })
    }

    /// Whether the breaker is closed.
    pub fn is_closed(&self) -> bool {
        self.word.load(Ordering::Acquire) & 1 == 1
    }
}
