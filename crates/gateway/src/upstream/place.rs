//! One call among those under way at a server: each is counted with its end. How many there may be, the queue decides.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use super::health::Health;
use crate::{call::Answer, failure::Failure};

/// A call under way. Dropped without an end it was cancelled: that is nobody's fault.
#[derive(Debug)]
pub struct Place {
    health: Arc<Health>,
    began: Instant,
    running: Arc<AtomicUsize>,
}

impl Place {
    /// A call that is under way from now on.
    pub fn take(running: &Arc<AtomicUsize>, health: &Arc<Health>, now: Instant) -> Self {
        running.fetch_add(1, Ordering::Relaxed);
        health.call_began();
        Self { health: health.clone(), began: now, running: running.clone() }
    }

    /// Counts the end of the call.
    pub fn ended(self, end: &Result<Answer, Failure>) {
        match end {
            Ok(_) => self.health.answered(self.began.elapsed()),
            Err(failure) => self.health.call_failed(failure),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.running.fetch_sub(1, Ordering::Relaxed);
    }
}
