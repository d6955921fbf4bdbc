//! How long a call may wait and run: what its caller says is the end; how long it may be silent is said by the configuration of
//! the tool and the server, else by the tool itself, else by what it does. The smallest counts. Where nothing is known,
//! `[limits]` has the last word.

use std::time::{Duration, Instant};

use mcp::{Param, array};
use traffic::Tempo;

use super::lane::Lane;
use crate::{call::Call, events::Patience, upstream::Upstream};

/// How much longer a tool of ours is waited for than it may take: what it says at its end says more than we can.
const GRACE: Duration = Duration::from_secs(5);

/// How long one call may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    /// When it is too late to start.
    pub(super) start_by: Instant,
    /// How long it may be silent once it has been sent, where that is known.
    pub(super) silence: Option<Duration>,
    /// Whether only the kind of the call says how long that is.
    pub(super) is_by_kind: bool,
    /// When it ends, whatever it does, where its caller said so.
    pub(super) until: Option<Instant>,
}

impl Deadline {
    /// How long a call that is sent `now` may take. What is only known by its kind says nothing of how long it may wait.
    pub(super) fn of(usual: Patience, lane: &Lane, call: &Call, now: Instant) -> Self {
        let tool = call.manner.settings.as_deref().and_then(|settings| settings.timeout_s).map(Duration::from_secs);
        let configured = [tool, lane.timeout()].into_iter().flatten().min();
        let silence = configured.map(|silence| silence.min(usual.idle)).or_else(|| by_kind(usual, lane, call));
        let patience = now + configured.unwrap_or(usual.idle);
        let start_by = call.until.map_or(patience, |until| until.min(patience));
        Self { start_by, silence, is_by_kind: configured.is_none() && silence.is_some(), until: call.until }
    }

    /// When something has to have come of a call that is sent `now`, if that is known. A server that has to be started or
    /// connected first has the time for that too.
    pub(super) fn first_sign(&self, upstream: &Upstream, now: Instant) -> Option<Instant> {
        let opening = || if upstream.is_connected() { Duration::ZERO } else { upstream.opening_max() };
        let sign = self.silence.map(|silence| now + silence + opening());
        [self.until, sign].into_iter().flatten().min()
    }
}

/// How long it may be silent by what is known of its tool. A tool of ours holds to what it declares, which may be long.
fn by_kind(usual: Patience, lane: &Lane, call: &Call) -> Option<Duration> {
    let bound = call.manner.tempo.silence(&lane.silences())?;
    match call.manner.tempo {
        Tempo::Declared(_) => Some(given(call).unwrap_or(bound) + GRACE),
        _ => Some(bound.min(usual.idle)),
    }
}

/// What the caller gives a tool that says itself how long it may take.
fn given(call: &Call) -> Option<Duration> {
    let arguments = call.request.param_raw(Param::Arguments)?;
    let seconds = array::member(arguments, "timeout_s")?.of(arguments)?;
    std::str::from_utf8(seconds).ok()?.parse().ok().map(Duration::from_secs)
}
