//! Fetching answers anew behind the scenes: one call at a time for one answer, and so many for all; and fetching them before
//! their time is over, so many in a minute.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use traffic::{Meter, Rate};

use super::{Cache, Kept};
use crate::pipeline::{Traffic, limit::uptime_ms};

/// Answers that are fetched anew behind the scenes at one time. More are fetched when somebody waits for them.
const BEHIND_MAX: usize = 32;

/// Calls that an answer was given to before it counts as asked for often.
const HITS_OFTEN: u64 = 3;

/// How many answers are fetched anew behind the scenes, and how often that was done ahead of time.
#[derive(Debug, Default)]
pub(super) struct Behind {
    count: AtomicUsize,
    ahead: Meter,
}

/// The turn of one answer to be fetched anew behind the scenes.
#[derive(Debug)]
pub struct Turn {
    traffic: Arc<Traffic>,
    kept: Arc<Kept>,
}

impl Turn {
    /// Takes the turn, if nobody has it and there are not too many.
    pub fn take(traffic: &Arc<Traffic>, kept: &Arc<Kept>) -> Option<Self> {
        let count = &traffic.cache.behind.count;
        if !kept.claim() {
            return None;
        }
        // taken before it is known whether there is room: giving it back undoes both
        let is_room = count.fetch_add(1, Ordering::Relaxed) < BEHIND_MAX;
        let turn = Self { traffic: traffic.clone(), kept: kept.clone() };
        is_room.then_some(turn)
    }
}

impl Cache {
    /// Whether an answer whose time is nearly over is to be fetched anew ahead of it: one that is asked for often, as long as
    /// that was not done `per_minute` times.
    pub fn may_fetch_ahead(&self, kept: &Kept, per_minute: u32) -> bool {
        per_minute > 0
            && kept.hits() >= HITS_OFTEN
            && self.behind.ahead.count(Rate::per_minute(per_minute, per_minute / 6), uptime_ms()).is_ok()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.traffic.cache.behind.count.fetch_sub(1, Ordering::Relaxed);
        self.kept.release();
    }
}
