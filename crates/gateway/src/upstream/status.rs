//! What the operator is told of one server: its state as a whole, which its several connections do not know each alone.

use std::time::{Duration, SystemTime};

use supervisor::{Entry, backoff::State};

use super::{Upstream, health::LastError, instances::InstanceStatus};
use crate::pipeline::breaker::{self, Passes};

/// One server at one moment.
#[derive(Clone, Debug)]
pub struct Status {
    /// What it is doing, with the reason where something is wrong.
    pub state: State,
    /// When that began.
    pub since: SystemTime,
    /// The era it is driven in, once it has introduced itself.
    pub era: Option<mcp::Era>,
    /// The revision agreed on.
    pub version: Option<String>,
    /// Connections, sessions or processes there are now.
    pub instances: usize,
    /// Starts after a failure.
    pub restarts: u64,
    /// Calls that were sent to it.
    pub calls: u64,
    /// Those of them that got no answer.
    pub errors: u64,
    /// What went wrong last.
    pub last_error: Option<LastError>,
    /// How long an answer takes, on a moving average.
    pub latency: Option<Duration>,
    /// Whether calls are held back from it.
    pub breaker: breaker::Report,
}

impl Upstream {
    /// How the server is: as good as the best of its instances, with the calls of all.
    pub fn status(&self) -> Status {
        let own = self.own_status();
        self.others().iter().map(|other| other.own_status()).fold(own, |all, other| Status {
            calls: all.calls + other.calls,
            errors: all.errors + other.errors,
            restarts: all.restarts + other.restarts,
            ..all
        })
    }

    /// How each of its instances is, if it has more than one.
    pub fn instance_statuses(&self) -> Vec<InstanceStatus> {
        self.instances.as_ref().map(|instances| instances.statuses(self)).unwrap_or_default()
    }

    /// How the instance is that this upstream itself leads to.
    pub(super) fn own_status(&self) -> Status {
        let (report, peer, breaker) = (self.health.report(), self.peer(), self.breakers.report());
        let is_held_back = breaker.reason.is_some();
        Status {
            state: held_back(whole(report.state, self.is_connected()), &breaker),
            since: if is_held_back { breaker.since } else { report.since },
            era: peer.as_ref().map(|peer| peer.era),
            version: peer.as_ref().map(|peer| peer.version.clone()),
            instances: self.instances(),
            restarts: report.restarts,
            calls: report.calls,
            errors: report.errors,
            last_error: report.last_error,
            latency: report.latency,
            breaker,
        }
    }

    /// The last lines that its processes wrote to stderr, oldest first.
    pub fn log_tail(&self, lines_max: usize) -> Vec<Entry> {
        self.health.journal.tail(lines_max)
    }
}

/// One start among several connections says little: while another connection stands, the server runs.
fn whole(state: State, is_connected: bool) -> State {
    match (state, is_connected) {
        (State::Starting | State::Stopped, true) => State::Running,
        (State::Backoff { reason, .. } | State::Failed { reason, .. }, true) => State::Degraded { reason },
        (State::Running | State::Degraded { .. }, false) => State::Stopped,
        (state, _) => state,
    }
}

/// A server from which calls are held back is as one that waits to be started again.
fn held_back(state: State, breaker: &breaker::Report) -> State {
    let reason = || breaker.reason.clone().unwrap_or_default();
    match (breaker.state, state) {
        (_, state @ (State::Backoff { .. } | State::Failed { .. })) | (Passes::Closed, state) => state,
        (Passes::Open { until }, _) => State::Backoff { reason: reason(), until },
        (Passes::HalfOpen, _) => State::Degraded { reason: format!("{}; it is tried out", reason()) },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_server_is_as_good_as_its_standing_connections() {
        let check = |state, is_connected, expected: &str| assert_eq!(whole(state, is_connected).to_string(), expected);
        let backoff = || State::Backoff { reason: "it crashed".to_owned(), until: Instant::now() };
        check(State::Starting, false, "starting");
        check(State::Starting, true, "running");
        check(backoff(), false, "backoff");
        check(backoff(), true, "degraded");
        check(State::Running, false, "stopped");
        check(State::Stopping, true, "stopping");
    }

    #[test]
    fn a_server_from_which_calls_are_held_back_is_not_called_running() {
        let check = |state, breaker, expected: &str| {
            let report =
                breaker::Report { state: breaker, since: SystemTime::now(), reason: Some("it fails".to_owned()) };
            assert_eq!(held_back(state, &report).to_string(), expected);
        };
        let until = Instant::now();
        check(State::Running, Passes::Closed, "running");
        check(State::Running, Passes::Open { until }, "backoff");
        check(State::Stopped, Passes::Open { until }, "backoff");
        check(State::Running, Passes::HalfOpen, "degraded");
        check(State::Failed { reason: String::new(), until }, Passes::Open { until }, "failed");
    }
}
