//! When a server that ended is started again: a state machine without clock, randomness or process.
//!
//! Time and a random number come in as arguments. Attempts are 1 s, 2 s, 4 s … 60 s apart, each up to a fifth longer
//! by chance, so that a hundred servers do not come back at once. Whoever runs the server reports what happens
//! and asks [`Backoff::due`].

use std::{
    collections::VecDeque,
    fmt,
    time::{Duration, Instant},
};

const HOUR: Duration = Duration::from_hours(1);

/// The numbers of one server's restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Before the first restart. Default 1 s.
    pub first_wait: Duration,
    /// The longest wait, before jitter. Default 60 s.
    pub longest_wait: Duration,
    /// Restarts within an hour before the server counts as failed. Default 12.
    pub max_restarts_per_hour: usize,
    /// How often a failed server is tried. Default 5 min.
    pub failed_retry: Duration,
    /// A server that ran this long has recovered: its next wait is the first again. Default 60 s.
    pub recovered_after: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_mins(1),
            max_restarts_per_hour: 12,
            failed_retry: Duration::from_mins(5),
            recovered_after: Duration::from_mins(1),
        }
    }
}

/// What a server is doing, in the words the operator reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Started, its handshake not yet answered.
    Starting,
    /// It answers.
    Running,
    /// It answers, but not as it should.
    Degraded {
        /// What is wrong.
        reason: String,
    },
    /// Asked to end, not gone yet.
    Stopping,
    /// Ended because somebody wanted it, or never started.
    Stopped,
    /// Ended too often; tried again only now and then.
    Failed {
        /// Why it ended last.
        reason: String,
        /// When it is tried again.
        until: Instant,
    },
    /// Ended by itself; waits to be started again.
    Backoff {
        /// Why it ended.
        reason: String,
        /// When it is started again.
        until: Instant,
    },
}

impl State {
    /// The reason, where the state has one.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Degraded { reason } | Self::Failed { reason, .. } | Self::Backoff { reason, .. } => Some(reason),
            Self::Starting | Self::Running | Self::Stopping | Self::Stopped => None,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Degraded { .. } => "degraded",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Failed { .. } => "failed",
            Self::Backoff { .. } => "backoff",
        })
    }
}

/// The state of one server and the memory of its restarts.
#[derive(Debug, Clone)]
pub struct Backoff {
    options: Options,
    state: State,
    /// When it was started again within the last hour, oldest first.
    restarts: VecDeque<Instant>,
    /// Ends since it last recovered.
    streak: u32,
    running_since: Option<Instant>,
}

impl Backoff {
    /// A server that was never started.
    pub fn new(options: Options) -> Self {
        Self { options, state: State::Stopped, restarts: VecDeque::new(), streak: 0, running_since: None }
    }

    /// What the server is doing.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// When it is to be started again by itself, if at all.
    pub fn due(&self) -> Option<Instant> {
        match &self.state {
            State::Backoff { until, .. } | State::Failed { until, .. } => Some(*until),
            _ => None,
        }
    }

    /// It is being started: because it is due, or because somebody wants it.
    pub fn starting(&mut self, now: Instant) {
        if self.due().is_some() {
            self.restarts.push_back(now);
        }
        self.state = State::Starting;
        self.running_since = None;
    }

    /// The start was given up before it came to anything: nothing has been learnt of the server.
    pub fn abandoned(&mut self) {
        if self.state == State::Starting {
            self.state = State::Stopped;
        }
    }

    /// Its handshake is answered.
    pub fn running(&mut self, now: Instant) {
        self.state = State::Running;
        self.running_since = Some(now);
    }

    /// It runs, but something is wrong with it. A server that does not run cannot become degraded.
    pub fn degraded(&mut self, reason: impl Into<String>) {
        if matches!(self.state, State::Running | State::Degraded { .. }) {
            self.state = State::Degraded { reason: reason.into() };
        }
    }

    /// What was wrong has passed.
    pub fn recovered(&mut self) {
        if matches!(self.state, State::Degraded { .. }) {
            self.state = State::Running;
        }
    }

    /// It was asked to end.
    pub fn stopping(&mut self) {
        self.state = State::Stopping;
    }

    /// It ended, or could not be started. Wanted ends lead to `stopped`; the others to a new attempt.
    pub fn ended(&mut self, reason: impl Into<String>, now: Instant, random: u64) {
        let ran = self.running_since.take().map(|since| now.saturating_duration_since(since));
        if self.state == State::Stopping {
            self.forget();
            return;
        }
        if ran.is_some_and(|ran| ran >= self.options.recovered_after) {
            self.streak = 0;
        }
        while self.restarts.front().is_some_and(|restart| now.saturating_duration_since(*restart) >= HOUR) {
            self.restarts.pop_front();
        }
        let reason = reason.into();
        self.state = if self.restarts.len() >= self.options.max_restarts_per_hour {
            State::Failed { reason, until: now + self.options.failed_retry }
        } else {
            State::Backoff { reason, until: now + self.wait(random) }
        };
        self.streak = self.streak.saturating_add(1);
    }

    /// Somebody intervened: what happened before no longer counts.
    pub fn forget(&mut self) {
        self.state = State::Stopped;
        self.restarts.clear();
        self.streak = 0;
    }

    fn wait(&self, random: u64) -> Duration {
        let factor = 2_u32.saturating_pow(self.streak);
        let wait = self.options.first_wait.saturating_mul(factor).min(self.options.longest_wait);
        wait + wait.mul_f64(0.2 * (random as f64 / u64::MAX as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Fails `times` times at once after each start, and tells the waits in milliseconds and the last state.
    fn crash(backoff: &mut Backoff, mut now: Instant, times: usize, random: u64) -> (Vec<u128>, String) {
        let mut waits = Vec::new();
        for _ in 0..times {
            backoff.starting(now);
            backoff.ended("it crashed", now, random);
            let due = backoff.due().expect("another attempt");
            waits.push((due - now).as_millis());
            now = due;
        }
        (waits, backoff.state().to_string())
    }

    fn check(times: usize, random: u64, expected_waits: &[u128], expected_state: &str) {
        let mut backoff = Backoff::new(Options::default());
        let (waits, state) = crash(&mut backoff, Instant::now(), times, random);
        assert_eq!(waits[times - expected_waits.len()..], *expected_waits);
        assert_eq!(state, expected_state);
    }

    #[test]
    fn waits_double_up_to_a_minute() {
        check(8, 0, &[1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000], "backoff");
    }

    #[test]
    fn chance_lengthens_a_wait_by_a_fifth_at_most() {
        check(8, u64::MAX, &[1200, 2400, 4800, 9600, 19_200, 38_400, 72_000, 72_000], "backoff");
        check(1, u64::MAX / 2, &[1100], "backoff");
    }

    #[test]
    fn after_twelve_restarts_in_an_hour_it_has_failed_and_is_tried_every_five_minutes() {
        check(12, 0, &[60_000], "backoff");
        check(13, 0, &[60_000, 300_000], "failed");
        check(15, 0, &[300_000, 300_000, 300_000], "failed");
    }

    #[test]
    fn restarts_of_the_hour_before_no_longer_count() {
        let mut backoff = Backoff::new(Options::default());
        let start = Instant::now();
        crash(&mut backoff, start, 13, 0);
        let later = start + 2 * HOUR;
        backoff.starting(later);
        backoff.ended("it crashed", later, 0);
        assert_eq!(backoff.state().to_string(), "backoff");
    }

    #[test]
    fn a_server_that_ran_a_minute_begins_with_the_first_wait_again() {
        let mut backoff = Backoff::new(Options::default());
        let now = Instant::now();
        crash(&mut backoff, now, 5, 0);
        for (ran, expected_wait) in [(59 * SECOND, 32 * SECOND), (60 * SECOND, SECOND)] {
            let mut backoff = backoff.clone();
            backoff.starting(now);
            backoff.running(now);
            backoff.ended("it crashed", now + ran, 0);
            assert_eq!(backoff.due(), Some(now + ran + expected_wait), "after {ran:?}");
        }
    }

    #[test]
    fn a_wanted_end_is_not_followed_by_a_start() {
        let mut backoff = Backoff::new(Options::default());
        let now = Instant::now();
        backoff.starting(now);
        backoff.running(now);
        backoff.stopping();
        backoff.ended("ended with code 0", now, 0);
        assert_eq!((backoff.state(), backoff.due()), (&State::Stopped, None));
    }

    #[test]
    fn only_a_running_server_can_be_degraded() {
        let mut backoff = Backoff::new(Options::default());
        backoff.degraded("noise on stdout");
        assert_eq!(backoff.state(), &State::Stopped);
        backoff.running(Instant::now());
        backoff.degraded("noise on stdout");
        assert_eq!(backoff.state().reason(), Some("noise on stdout"));
        backoff.recovered();
        assert_eq!(backoff.state(), &State::Running);
    }
}
