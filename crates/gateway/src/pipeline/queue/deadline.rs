//! How long a call may wait and run: what its caller says is the end, what the configuration says of the server and the
//! tool is how long it may be silent. The smallest counts. Where nothing is said, `[limits]` has the last word, as ever.

use std::time::{Duration, Instant};

use super::lane::Lane;
use crate::{call::Call, events::Patience};

/// How long one call may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    /// When it is too late to start.
    pub(super) start_by: Instant,
    /// How long it may be silent, where that is configured.
    pub(super) idle: Option<Duration>,
    /// When it ends, whatever it does, where its caller said so.
    pub(super) until: Option<Instant>,
}

impl Deadline {
    /// How long a call that begins `now` may take.
    pub(super) fn of(usual: Patience, lane: &Lane, call: &Call, now: Instant) -> Self {
        let tool = call.manner.settings.as_deref().and_then(|settings| settings.timeout_s).map(Duration::from_secs);
        let idle = [tool, lane.timeout()].into_iter().flatten().min();
        let until = call.wishes.timeout.map(|timeout| now + timeout);
        let patience = now + idle.unwrap_or(usual.idle);
        Self { start_by: until.map_or(patience, |until| until.min(patience)), idle, until }
    }
}
