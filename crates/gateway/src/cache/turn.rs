//! Fetching answers anew behind the scenes: one call at a time for one answer, and so many for all.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use super::Kept;
use crate::pipeline::Traffic;

/// Answers that are fetched anew behind the scenes at one time. More are fetched when somebody waits for them.
const BEHIND_MAX: usize = 32;

/// How many answers are fetched anew behind the scenes.
#[derive(Debug, Default)]
pub(super) struct Behind(AtomicUsize);

/// The turn of one answer to be fetched anew behind the scenes.
#[derive(Debug)]
pub struct Turn {
    traffic: Arc<Traffic>,
    kept: Arc<Kept>,
}

impl Turn {
    /// Takes the turn, if nobody has it and there are not too many.
    pub fn take(traffic: &Arc<Traffic>, kept: &Arc<Kept>) -> Option<Self> {
        let Behind(count) = &traffic.cache.behind;
        if !kept.claim() {
            return None;
        }
        // taken before it is known whether there is room: giving it back undoes both
        let is_room = count.fetch_add(1, Ordering::Relaxed) < BEHIND_MAX;
        let turn = Self { traffic: traffic.clone(), kept: kept.clone() };
        is_room.then_some(turn)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.traffic.cache.behind.0.fetch_sub(1, Ordering::Relaxed);
        self.kept.release();
    }
}
