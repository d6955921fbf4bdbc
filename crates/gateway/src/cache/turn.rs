//! Fetching answers behind the scenes: one call at a time for one answer, and so many for all; and fetching them before anybody
//! asks, so many in a minute.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use traffic::{Meter, Rate};

use super::{Cache, Key};
use crate::pipeline::{Traffic, limit::uptime_ms};

/// Answers that are fetched anew behind the scenes at one time. More are fetched when somebody waits for them.
const BEHIND_MAX: usize = 32;

/// Which answers are fetched behind the scenes, and how often that was done before anybody asked.
#[derive(Debug, Default)]
pub(super) struct Behind {
    turns: Mutex<HashSet<Key>>,
    unasked: Meter,
}

/// The turn of one answer to be fetched behind the scenes.
#[derive(Debug)]
pub struct Turn {
    traffic: Arc<Traffic>,
    key: Key,
}

impl Turn {
    /// Takes the turn of the answer with this key, if nobody has it and there are not too many.
    pub fn take(traffic: &Arc<Traffic>, key: Key) -> Option<Self> {
        let mut turns = traffic.cache.behind.turns();
        let is_mine = turns.len() < BEHIND_MAX && turns.insert(key);
        is_mine.then(|| Self { traffic: traffic.clone(), key })
    }
}

impl Behind {
    fn turns(&self) -> MutexGuard<'_, HashSet<Key>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cache {
    /// Counts one more answer that is fetched before anybody asks, unless that was done `per_minute` times.
    pub fn may_warm(&self, per_minute: u32) -> bool {
        let rate = Rate::per_minute(per_minute, per_minute / 6);
        per_minute > 0 && self.behind.unasked.count(rate, uptime_ms()).is_ok()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.traffic.cache.behind.turns().remove(&self.key);
    }
}
