//! Fetching answers behind the scenes: one call at a time for one answer, and so many for all; and fetching them before anybody
//! asks, so many in a minute.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use traffic::{Meter, Rate};

use super::{Cache, Kept};
use crate::pipeline::{Traffic, limit::uptime_ms};

/// Answers that are fetched anew behind the scenes at one time. More are fetched when somebody waits for them.
const BEHIND_MAX: usize = 32;

/// How many answers are fetched behind the scenes, and how often that was done before anybody asked.
#[derive(Debug, Default)]
pub(super) struct Behind {
    count: AtomicUsize,
    unasked: Meter,
}

/// The turn of one answer to be fetched behind the scenes.
#[derive(Debug)]
pub struct Turn {
    traffic: Arc<Traffic>,
    former: Option<Arc<Kept>>,
}

impl Turn {
    /// Takes the turn, if nobody has it who fetches in the place of the same former answer, and there are not too many.
    pub fn take(traffic: &Arc<Traffic>, former: Option<&Arc<Kept>>) -> Option<Self> {
        let count = &traffic.cache.behind.count;
        if former.is_some_and(|former| !former.claim()) {
            return None;
        }
        // taken before it is known whether there is room: giving it back undoes both
        let is_room = count.fetch_add(1, Ordering::Relaxed) < BEHIND_MAX;
        let turn = Self { traffic: traffic.clone(), former: former.cloned() };
        is_room.then_some(turn)
    }
}

impl Cache {
    /// Counts one more answer that is fetched before anybody asks, unless that was done `per_minute` times.
    pub fn may_warm(&self, per_minute: u32) -> bool {
        let rate = Rate::per_minute(per_minute, per_minute / 6);
        self.behind.unasked.count(rate, uptime_ms()).is_ok()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.traffic.cache.behind.count.fetch_sub(1, Ordering::Relaxed);
        if let Some(former) = &self.former {
            former.release();
        }
    }
}
