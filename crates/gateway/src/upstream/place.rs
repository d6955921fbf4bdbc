//! The place of one call among those under way at a server: their number is bounded, and each is counted with its end.

use std::{sync::Arc, time::Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::health::Health;
use crate::{call::Answer, failure::Failure};

/// A call under way. Dropped without an end it was cancelled: that is nobody's fault.
#[derive(Debug)]
pub struct Place {
    health: Arc<Health>,
    began: Instant,
    _room: OwnedSemaphorePermit,
}

impl Place {
    /// Takes a place from now on, if the server has room.
    pub fn take(room: &Arc<Semaphore>, health: &Arc<Health>, now: Instant) -> Option<Self> {
        let room = room.clone().try_acquire_owned().ok()?;
        health.call_began();
        Some(Self { health: health.clone(), began: now, _room: room })
    }

    /// Counts the end of the call and gives the place back.
    pub fn ended(self, end: &Result<Answer, Failure>) {
        match end {
            Ok(_) => self.health.answered(self.began.elapsed()),
            Err(failure) => self.health.call_failed(failure),
        }
    }
}
