//! How one server is: its starts and ends, its silence and its noise, and the count of its calls. All its connections
//! report here. It decides nothing but the state; who starts, asks and lists the server acts on it.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use supervisor::{
    Journal,
    backoff::{Backoff, Options, State},
    garbage::Garbage,
};

use super::changes::{Change, Changes};
use crate::{failure::Failure, seals::random};

/// So many questions in a row without an answer mean that something is wrong with the server.
pub const MISSES_UNTIL_DEGRADED: u32 = 3;
/// So many mean that a process hangs, and a fresh one will do better.
pub const MISSES_UNTIL_ENDED: u32 = 6;
/// What a new latency weighs in the moving average: one part in so many.
const LATENCY_WEIGHT: u64 = 8;

/// The health of one server.
#[derive(Debug)]
pub struct Health {
    server: Arc<str>,
    /// What its processes say on stderr.
    pub journal: Journal,
    changes: Arc<Changes>,
    condition: Mutex<Condition>,
    calls: AtomicU64,
    errors: AtomicU64,
    /// The moving average in microseconds; 0 before the first answer.
    latency_us: AtomicU64,
}

#[derive(Debug)]
struct Condition {
    starts: Backoff,
    /// Whether the last start came to nothing, so that nobody knows whether it would work now.
    start_failed: bool,
    noise: Garbage,
    silence: Option<String>,
    since: SystemTime,
    restarts: u64,
    last_error: Option<LastError>,
}

/// The last thing that went wrong with a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastError {
    /// When it was noticed.
    pub at: SystemTime,
    /// What it was.
    pub text: String,
}

/// A start that may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The first one, or one after a wanted end.
    Fresh,
    /// One after a failure: what was known of the server may have changed.
    Again,
}

/// A start that is not due yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// How long it has to wait.
    pub left: Duration,
    /// Why, in one sentence.
    pub why: String,
}

impl From<Pause> for Failure {
    fn from(Pause { left, why }: Pause) -> Self {
        Self::LeftAlone { what: "the server", reason: why, left }
    }
}

/// What is known of one server's health at one moment.
#[derive(Clone, Debug)]
pub struct Report {
    /// What it is doing, as far as its starts and answers tell.
    pub state: State,
    /// When that began.
    pub since: SystemTime,
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
}

impl Health {
    /// A server that was never started and never asked.
    pub fn new(server: &Arc<str>, options: Options, journal: Journal, changes: Arc<Changes>) -> Arc<Self> {
        Arc::new(Self {
            server: server.clone(),
            journal,
            changes,
            condition: Mutex::new(Condition {
                starts: Backoff::new(options),
                start_failed: false,
                noise: Garbage::default(),
                silence: None,
                since: SystemTime::now(),
                restarts: 0,
                last_error: None,
            }),
            calls: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            latency_us: AtomicU64::new(0),
        })
    }

    /// The name of the server.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Notes that the server is being started, unless it failed so lately that it is left alone for a while.
    pub fn start(&self) -> Result<Start, Pause> {
        self.update(|condition| {
            let now = Instant::now();
            let Some(due) = condition.starts.due() else {
                condition.starts.starting(now);
                return Ok(Start::Fresh);
            };
            let left = due.saturating_duration_since(now);
            if !left.is_zero() {
                let state = condition.starts.state();
                let reason = state.reason().unwrap_or_default();
                return Err(Pause { left, why: format!("{state}: {reason}") });
            }
            condition.starts.starting(now);
            condition.restarts += 1;
            Ok(Start::Again)
        })
    }

    /// Whoever wanted the start gave it up before it came to anything.
    pub fn abandoned(&self) {
        self.update(|condition| condition.starts.abandoned());
    }

    /// It has introduced itself.
    pub fn running(&self) {
        self.update(|condition| {
            condition.silence = None;
            condition.start_failed = false;
            condition.starts.running(Instant::now());
            condition.judge();
        });
    }

    /// It could not be started.
    pub fn start_failed(&self, reason: &str) {
        self.lock().start_failed = true;
        self.ended(reason);
    }

    /// It ran and ended by itself.
    pub fn ended(&self, reason: &str) {
        let reason = self.journal.clean(reason);
        self.update(|condition| {
            condition.last_error = Some(LastError { at: SystemTime::now(), text: reason.clone() });
            condition.starts.ended(reason, Instant::now(), u64::from_ne_bytes(random()));
        });
    }

    /// It is asked to end.
    pub fn stopping(&self) {
        self.update(|condition| condition.starts.stopping());
    }

    /// It has ended because it was asked to.
    pub fn stopped(&self) {
        self.update(|condition| condition.starts.forget());
    }

    /// It wrote a line that is no message.
    pub fn noise(&self) {
        self.update(|condition| {
            condition.noise.count(Instant::now());
            condition.judge();
        });
    }

    /// Why it counts as silent, after its connections were asked; `None` when they answer.
    pub fn silence(&self, reason: Option<String>) {
        self.update(|condition| {
            condition.silence = reason;
            condition.judge();
        });
    }

    /// Somebody looked after it: it may be started at once.
    pub fn forgive(&self) {
        self.update(|condition| {
            if condition.starts.due().is_some() {
                condition.starts.forget();
                condition.start_failed = false;
            }
        });
    }

    /// When the time is over in which it is left alone.
    pub fn due(&self) -> Option<Instant> {
        self.lock().starts.due()
    }

    /// Whether its last start came to nothing.
    pub fn has_failed_to_start(&self) -> bool {
        self.lock().start_failed
    }

    /// It is left alone from now on, or no longer: whoever listens hears that it is in another state.
    pub fn lapsed(&self) {
        self.changes.send(Change::State);
    }

    /// A call is sent.
    pub fn call_began(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    /// A call got its answer.
    pub fn answered(&self, latency: Duration) {
        let sample = (latency.as_micros() as u64).max(1);
        let old = self.latency_us.load(Ordering::Relaxed);
        let new = if old == 0 { sample } else { old - old / LATENCY_WEIGHT + sample / LATENCY_WEIGHT };
        // two at once may lose one of their samples, which an average bears
        self.latency_us.store(new.max(1), Ordering::Relaxed);
    }

    /// A call got no answer.
    pub fn call_failed(&self, failure: &Failure) {
        self.errors.fetch_add(1, Ordering::Relaxed);
        let text = self.journal.clean(&failure.to_string());
        self.lock().last_error = Some(LastError { at: SystemTime::now(), text });
    }

    /// What is known now.
    pub fn report(&self) -> Report {
        let condition = self.lock();
        let latency_us = self.latency_us.load(Ordering::Relaxed);
        Report {
            state: condition.state(),
            since: condition.since,
            restarts: condition.restarts,
            calls: self.calls.load(Ordering::Relaxed),
            errors: self.errors.load(Ordering::Relaxed),
            last_error: condition.last_error.clone(),
            latency: (latency_us > 0).then(|| Duration::from_micros(latency_us)),
        }
    }

    /// Changes the condition and tells whoever listens if the state is another one now.
    fn update<R>(&self, change: impl FnOnce(&mut Condition) -> R) -> R {
        let mut condition = self.lock();
        let before = condition.starts.state().clone();
        let result = change(&mut condition);
        let after = condition.starts.state().clone();
        if after == before {
            return result;
        }
        condition.since = SystemTime::now();
        drop(condition);
        self.log(&before, &after);
        self.changes.send(Change::State);
        result
    }

    fn log(&self, before: &State, after: &State) {
        let server = &*self.server;
        match after {
            State::Degraded { reason } => tracing::warn!(server, reason, "degraded"),
            State::Failed { reason, .. } => tracing::warn!(server, reason, "failed; it is tried now and then"),
            State::Backoff { reason, .. } => tracing::warn!(server, reason, "ended; it will be started again"),
            State::Running if matches!(before, State::Degraded { .. }) => tracing::info!(server, "recovered"),
            _ => {}
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Condition> {
        self.condition.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Condition {
    /// A server that worked and may be started again is as good as one that was never started.
    fn state(&self) -> State {
        match self.starts.state() {
            State::Backoff { until, .. } if !self.start_failed && *until <= Instant::now() => State::Stopped,
            state => state.clone(),
        }
    }

    /// Decides between running and degraded.
    fn judge(&mut self) {
        let noisy = || "more than 20 lines a minute on its stdout are no messages".to_owned();
        let is_noisy = self.noise.is_degraded(Instant::now());
        match self.silence.clone().or_else(|| is_noisy.then(noisy)) {
            Some(reason) => self.starts.degraded(reason),
            None => self.starts.recovered(),
        }
    }
}

/// How many questions in a row one connection left without an answer.
#[derive(Debug, Default)]
pub struct Pulse(AtomicU32);

impl Pulse {
    /// Counts one question.
    pub fn note(&self, answered: bool) {
        if answered {
            self.0.store(0, Ordering::Relaxed);
        } else {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many there are now.
    pub fn misses(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health() -> Arc<Health> {
        let journal = Journal::new("git", ["hunter2hunter2".to_owned()]);
        Health::new(&"git".into(), Options::default(), journal, Arc::default())
    }

    fn state(health: &Health) -> (String, Option<String>) {
        let state = health.report().state;
        (state.to_string(), state.reason().map(str::to_owned))
    }

    #[test]
    fn a_server_that_ended_is_left_alone_until_its_start_is_due() {
        let health = health();
        assert_eq!(health.start(), Ok(Start::Fresh));
        health.running();
        health.ended("it crashed with hunter2hunter2");
        let pause = health.start().expect_err("a pause");
        assert!(pause.left > Duration::from_millis(900), "{pause:?}");
        assert!(pause.why.ends_with("it crashed with [hidden]"), "{pause:?}");
        assert_eq!(state(&health).0, "backoff");
    }

    #[test]
    fn noise_and_silence_degrade_a_running_server_until_they_pass() {
        let health = health();
        health.start().unwrap();
        health.running();
        health.silence(Some("it does not answer".to_owned()));
        assert_eq!(state(&health), ("degraded".to_owned(), Some("it does not answer".to_owned())));
        health.silence(None);
        assert_eq!(state(&health).0, "running");
        for _ in 0..21 {
            health.noise();
        }
        assert_eq!(state(&health).0, "degraded");
    }

    #[test]
    fn a_start_that_is_given_up_leaves_no_trace() {
        let health = health();
        health.start().unwrap();
        health.abandoned();
        assert_eq!(state(&health).0, "stopped");
        assert_eq!(health.start(), Ok(Start::Fresh));
    }

    #[test]
    fn whoever_listens_hears_of_another_state_and_of_nothing_else() {
        let health = health();
        let mut heard = health.changes.subscribe();
        health.start().unwrap();
        health.running();
        health.silence(None);
        health.call_began();
        health.call_failed(&Failure::Timeout);
        assert!(matches!(heard.try_recv(), Ok(Change::State)));
        assert!(matches!(heard.try_recv(), Ok(Change::State)));
        assert!(heard.try_recv().is_err());
    }

    #[test]
    fn the_latency_is_a_moving_average() {
        let health = health();
        assert_eq!(health.report().latency, None);
        for _ in 0..100 {
            health.answered(Duration::from_millis(8));
        }
        assert_eq!(health.report().latency, Some(Duration::from_millis(8)));
        health.answered(Duration::from_millis(16));
        assert_eq!(health.report().latency, Some(Duration::from_millis(9)));
    }
}
