//! One breaker, with what is told of it: why it opened, and since when it is as it is.

use std::time::{Instant, SystemTime};

use traffic::breaker::{Breaker, Change, End, Pass, Rules, State};

use super::TRIED_OUT_WITHIN;
use crate::{failure::Failure, upstream::health::Health};

/// A breaker, and what is told of it.
#[derive(Debug)]
pub(super) struct Fuse {
    pub(super) breaker: Breaker,
    pub(super) since: SystemTime,
    /// Why it opened, and what the last failure was.
    pub(super) reason: String,
}

impl Fuse {
    pub(super) fn new(now: Instant) -> Self {
        Self { breaker: Breaker::new(now), since: SystemTime::now(), reason: String::new() }
    }

    pub(super) fn pass(
        &mut self,
        what: &'static str,
        may_probe: bool,
        rules: &Rules,
        now: Instant,
    ) -> Result<Pass, Failure> {
        self.breaker.pass(may_probe, rules, now).map_err(|until| self.left_alone(what, until, now))
    }

    /// What who comes is told while nothing passes.
    pub(super) fn refusal(&self, what: &'static str, now: Instant) -> Option<Failure> {
        match self.breaker.state() {
            State::Open { until } => Some(self.left_alone(what, until, now)),
            State::Closed | State::HalfOpen => None,
        }
    }

    fn left_alone(&self, what: &'static str, until: Instant, now: Instant) -> Failure {
        let left = until.saturating_duration_since(now).max(TRIED_OUT_WITHIN);
        Failure::LeftAlone { what, reason: self.reason.clone(), left }
    }

    pub(super) fn ended(
        &mut self,
        pass: Pass,
        end: End,
        failure: Option<&Failure>,
        health: &Health,
        rules: &Rules,
        now: Instant,
    ) -> Option<Change> {
        let change = self.breaker.ended(pass, end, rules, now)?;
        if let (Change::Opened(why), Some(failure)) = (change, failure) {
            self.reason = health.journal.clean(&format!("{why}, the last because {}", failure.reason()));
        }
        self.since = SystemTime::now();
        Some(change)
    }
}
