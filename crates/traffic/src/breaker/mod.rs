//! Whether calls are let through to a server: all of them (closed), none for a while (open), or one at a time to find out
//! whether it is back (half-open). It is told how calls ended and knows nothing of what they were. `sign` is what it shows to those who do not
//! take its lock.

mod sign;

use std::{
    fmt,
    time::{Duration, Instant},
};

pub use sign::Sign;

/// The window is counted in so many parts: the oldest part is forgotten as a whole.
const PARTS: u64 = 10;

/// When calls are held back, and when they are tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// So many failures in a row open it.
    pub failures: u32,
    /// How far back calls are counted.
    pub window: Duration,
    /// With fewer calls in the window their share of failures says nothing.
    pub window_calls: u32,
    /// So many failures of a hundred calls in the window open it.
    pub window_percent: u32,
    /// How long it is open at first; each probe that fails doubles it.
    pub open: Duration,
    /// How long it is open at most.
    pub open_max: Duration,
    /// So many probes in a row have to end well before it closes.
    pub successes: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            failures: 5,
            window: Duration::from_secs(30),
            window_calls: 20,
            window_percent: 50,
            open: Duration::from_secs(30),
            open_max: Duration::from_mins(5),
            successes: 3,
        }
    }
}

/// What a breaker does with calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// All pass.
    Closed,
    /// None passes before this time.
    Open {
        /// When the first probe may go.
        until: Instant,
    },
    /// One passes at a time.
    HalfOpen,
}

impl fmt::Display for State {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Closed => "closed",
            Self::Open { .. } => "open",
            Self::HalfOpen => "half_open",
        })
    }
}

/// The permission to make one call. It is given back with how the call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass {
    /// How often the state had changed when it was given: what ends after another change says nothing any more.
    turn: u64,
    began: Instant,
}

/// How a call ended, as far as it tells of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The server answered.
    Well,
    /// It did not, or with nonsense.
    Failed,
    /// The connection broke. All that were on it are one failure: those that began before it count no more.
    Lost,
    /// It tells nothing: the call was given up, or refused before the server was asked.
    Untold,
}

/// Why a breaker opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// So many calls failed in a row.
    InARow(u32),
    /// Too many of those in the window.
    InWindow {
        /// Those that failed.
        failed: u32,
        /// All of them.
        calls: u32,
    },
    /// It was tried again, and failed.
    Probe,
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InARow(failures) => write!(out, "{failures} calls in a row failed"),
            Self::InWindow { failed, calls } => write!(out, "{failed} of the last {calls} calls failed"),
            Self::Probe => out.write_str("it was tried again and failed"),
        }
    }
}

/// A change of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It opened.
    Opened(Reason),
    /// It closed.
    Closed,
}

/// The breaker of one server or tool.
#[derive(Clone, Debug)]
pub struct Breaker {
    state: State,
    turn: u64,
    /// Failures since the last call that ended well.
    in_a_row: u32,
    window: Window,
    /// When the newest loss that counted was noticed.
    lost: Option<Instant>,
    /// How often it has opened again without being closed for a whole window between.
    streak: u32,
    closed_since: Instant,
    /// The probe under way, and the probes that ended well.
    probe: Option<Instant>,
    successes: u32,
}

impl Breaker {
    /// A breaker that lets everything pass.
    pub fn new(now: Instant) -> Self {
        Self {
            state: State::Closed,
            turn: 0,
            in_a_row: 0,
            window: Window::new(now),
            lost: None,
            streak: 0,
            closed_since: now,
            probe: None,
            successes: 0,
        }
    }

    /// What it does with calls.
    pub fn state(&self) -> State {
        self.state
    }

    /// How often its state has changed.
    pub fn turn(&self) -> u64 {
        self.turn
    }

    /// Lets a call pass, or says when to come again. Only what `may_probe` passes when it is half-open.
    pub fn pass(&mut self, may_probe: bool, rules: &Rules, now: Instant) -> Result<Pass, Instant> {
        match self.state {
            State::Closed => return Ok(Pass { turn: self.turn, began: now }),
            State::Open { until } if now < until => return Err(until),
            State::Open { .. } if !may_probe => return Err(now),
            State::Open { .. } => self.turn_to(State::HalfOpen),
            State::HalfOpen => {}
        }
        // a probe that takes longer than the server was left alone does not keep others from finding out
        let is_probed = self.probe.is_some_and(|began| now.saturating_duration_since(began) < rules.open);
        if is_probed || !may_probe {
            return Err(now);
        }
        self.probe = Some(now);
        Ok(Pass { turn: self.turn, began: now })
    }

    /// Notes how a call ended that had passed.
    pub fn ended(&mut self, pass: Pass, end: End, rules: &Rules, now: Instant) -> Option<Change> {
        if pass.turn != self.turn {
            return None;
        }
        match self.state {
            State::Closed => self.ended_closed(pass, end, rules, now),
            State::HalfOpen => self.ended_half_open(pass, end, rules, now),
            State::Open { .. } => None,
        }
    }

    /// Somebody looked after the server: what happened before no longer counts.
    pub fn reset(&mut self, now: Instant) -> Option<Change> {
        let was_closed = self.state == State::Closed;
        self.close(now);
        self.streak = 0;
        (!was_closed).then_some(Change::Closed)
    }

    fn ended_closed(&mut self, pass: Pass, end: End, rules: &Rules, now: Instant) -> Option<Change> {
        match end {
            End::Untold => return None,
            End::Lost if self.lost.is_some_and(|lost| pass.began <= lost) => return None,
            End::Well => self.in_a_row = 0,
            End::Failed | End::Lost => self.in_a_row = self.in_a_row.saturating_add(1),
        }
        if end == End::Lost {
            self.lost = Some(now);
        }
        let (failed, calls) = self.window.count(end != End::Well, rules.window, now);
        let share = u64::from(failed) * 100 >= u64::from(calls) * u64::from(rules.window_percent);
        if end != End::Well && self.in_a_row >= rules.failures {
            return Some(self.open(Reason::InARow(self.in_a_row), rules, now));
        }
        let is_too_much = end != End::Well && calls >= rules.window_calls && share;
        is_too_much.then(|| self.open(Reason::InWindow { failed, calls }, rules, now))
    }

    fn ended_half_open(&mut self, pass: Pass, end: End, rules: &Rules, now: Instant) -> Option<Change> {
        if self.probe == Some(pass.began) {
            self.probe = None;
        }
        match end {
            End::Untold => None,
            End::Failed | End::Lost => Some(self.open(Reason::Probe, rules, now)),
            End::Well => {
                self.successes += 1;
                (self.successes >= rules.successes).then(|| {
                    self.close(now);
                    Change::Closed
                })
            }
        }
    }

    fn open(&mut self, reason: Reason, rules: &Rules, now: Instant) -> Change {
        let is_new = self.state == State::Closed;
        if is_new && now.saturating_duration_since(self.closed_since) >= rules.window {
            self.streak = 0;
        }
        let wait = rules.open.saturating_mul(2_u32.saturating_pow(self.streak)).min(rules.open_max.max(rules.open));
        self.streak = self.streak.saturating_add(1);
        self.turn_to(State::Open { until: now + wait });
        Change::Opened(reason)
    }

    fn close(&mut self, now: Instant) {
        self.turn_to(State::Closed);
        self.window = Window::new(now);
        self.closed_since = now;
        self.in_a_row = 0;
        self.lost = None;
    }

    fn turn_to(&mut self, state: State) {
        self.state = state;
        self.turn += 1;
        self.probe = None;
        self.successes = 0;
    }
}

/// The calls of the last while, counted in parts of equal length.
#[derive(Clone, Debug)]
struct Window {
    start: Instant,
    /// The number of the newest part since the start, and how long a part is.
    newest: u64,
    part: Duration,
    /// How long after the start the newest part ends.
    newest_ends: Duration,
    /// Calls and failures of each part; part `n` stands at `n % PARTS`.
    parts: [(u32, u32); PARTS as usize],
}

impl Window {
    fn new(start: Instant) -> Self {
        Self { start, newest: 0, part: Duration::ZERO, newest_ends: Duration::ZERO, parts: [(0, 0); PARTS as usize] }
    }

    /// Counts one call and gives the failures and calls there are now.
    fn count(&mut self, has_failed: bool, window: Duration, now: Instant) -> (u32, u32) {
        let part = (window / PARTS as u32).max(Duration::from_millis(1));
        if part != self.part {
            *self = Self { part, ..Self::new(now) };
        }
        self.go_on(now);
        let (calls, failed) = &mut self.parts[(self.newest % PARTS) as usize];
        *calls = calls.saturating_add(1);
        *failed = failed.saturating_add(u32::from(has_failed));
        let sum = |of: fn(&(u32, u32)) -> u32| self.parts.iter().map(of).fold(0, u32::saturating_add);
        (sum(|(_, failed)| *failed), sum(|(calls, _)| *calls))
    }

    /// Forgets the parts that are too old.
    fn go_on(&mut self, now: Instant) {
        let since = now.saturating_duration_since(self.start);
        if since < self.newest_ends {
            return;
        }
        let number = since.as_nanos() / self.part.as_nanos();
        let number = u64::try_from(number).unwrap_or(u64::MAX).max(self.newest);
        for passed in 1..=(number - self.newest).min(PARTS) {
            self.parts[((self.newest + passed) % PARTS) as usize] = (0, 0);
        }
        if number - self.newest > PARTS {
            self.parts = [(0, 0); PARTS as usize];
        }
        self.newest = number;
        self.newest_ends = self.part.saturating_mul(u32::try_from(number + 1).unwrap_or(u32::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn fail(breaker: &mut Breaker, times: u32, now: Instant) -> Option<Change> {
        (0..times).fold(None, |_, _| {
            let pass = breaker.pass(true, &Rules::default(), now).expect("it lets pass");
            breaker.ended(pass, End::Failed, &Rules::default(), now)
        })
    }

    fn succeed(breaker: &mut Breaker, now: Instant) -> Option<Change> {
        let pass = breaker.pass(true, &Rules::default(), now).expect("it lets pass");
        breaker.ended(pass, End::Well, &Rules::default(), now)
    }

    #[test]
    fn five_failures_in_a_row_open_it_and_a_success_between_does_not_count_as_none() {
        let now = Instant::now();
        let mut breaker = Breaker::new(now);
        assert_eq!(fail(&mut breaker, 4, now), None);
        assert_eq!(succeed(&mut breaker, now), None);
        assert_eq!(fail(&mut breaker, 4, now), None);
        assert_eq!(fail(&mut breaker, 1, now), Some(Change::Opened(Reason::InARow(5))));
        assert_eq!(breaker.pass(true, &Rules::default(), now), Err(now + 30 * SECOND));
    }

    #[test]
    fn half_of_twenty_calls_in_the_window_open_it() {
        let now = Instant::now();
        let mut breaker = Breaker::new(now);
        for _ in 0..9 {
            succeed(&mut breaker, now);
            assert_eq!(fail(&mut breaker, 1, now), None);
        }
        succeed(&mut breaker, now);
        assert_eq!(fail(&mut breaker, 1, now), Some(Change::Opened(Reason::InWindow { failed: 10, calls: 20 })));
    }

    #[test]
    fn what_lies_before_the_window_does_not_count() {
        let now = Instant::now();
        let mut breaker = Breaker::new(now);
        for _ in 0..9 {
            succeed(&mut breaker, now);
            fail(&mut breaker, 1, now);
        }
        let later = now + 31 * SECOND;
        succeed(&mut breaker, later);
        assert_eq!(fail(&mut breaker, 1, later), None);
    }

    #[test]
    fn one_lost_connection_is_one_failure_however_many_calls_were_on_it() {
        let now = Instant::now();
        let mut breaker = Breaker::new(now);
        let rules = Rules::default();
        let passes: Vec<Pass> = (0..50).map(|_| breaker.pass(true, &rules, now).expect("closed")).collect();
        for pass in passes {
            assert_eq!(breaker.ended(pass, End::Lost, &rules, now + SECOND), None);
        }
        let mut change = None;
        for second in 2..6 {
            let pass = breaker.pass(true, &rules, now + second * SECOND).expect("closed");
            change = breaker.ended(pass, End::Lost, &rules, now + second * SECOND);
        }
        assert_eq!(change, Some(Change::Opened(Reason::InARow(5))));
    }

    #[test]
    fn one_probe_goes_at_a_time_and_three_that_end_well_close_it() {
        let (now, rules) = (Instant::now(), Rules::default());
        let mut breaker = Breaker::new(now);
        fail(&mut breaker, 5, now);
        let due = now + 30 * SECOND;
        assert_eq!(breaker.pass(false, &rules, due), Err(due), "an act is no probe");
        let probe = breaker.pass(true, &rules, due).expect("a probe");
        assert_eq!(breaker.pass(true, &rules, due), Err(due), "one at a time");
        assert_eq!(breaker.ended(probe, End::Untold, &rules, due), None);
        assert_eq!(succeed(&mut breaker, due), None);
        assert_eq!(succeed(&mut breaker, due), None);
        assert_eq!(succeed(&mut breaker, due), Some(Change::Closed));
        assert_eq!(breaker.state(), State::Closed);
    }

    #[test]
    fn a_probe_that_never_ends_does_not_block_the_next_one() {
        let (now, rules) = (Instant::now(), Rules::default());
        let mut breaker = Breaker::new(now);
        fail(&mut breaker, 5, now);
        let due = now + 30 * SECOND;
        breaker.pass(true, &rules, due).expect("a probe");
        assert!(breaker.pass(true, &rules, due + 29 * SECOND).is_err());
        breaker.pass(true, &rules, due + 30 * SECOND).expect("another");
    }

    #[test]
    fn each_probe_that_fails_doubles_the_wait_up_to_five_minutes() {
        let rules = Rules::default();
        let mut now = Instant::now();
        let mut breaker = Breaker::new(now);
        fail(&mut breaker, 5, now);
        let mut waits = Vec::new();
        for _ in 0..6 {
            let State::Open { until } = breaker.state() else { panic!("it is {}", breaker.state()) };
            waits.push((until - now).as_secs());
            now = until;
            let probe = breaker.pass(true, &rules, now).expect("a probe");
            assert_eq!(breaker.ended(probe, End::Failed, &rules, now), Some(Change::Opened(Reason::Probe)));
        }
        assert_eq!(waits, [30, 60, 120, 240, 300, 300]);
    }

    #[test]
    fn a_server_that_was_well_for_a_window_begins_with_the_first_wait_again() {
        let check = |well_for, expected| {
            let now = Instant::now();
            let mut breaker = Breaker::new(now);
            fail(&mut breaker, 5, now);
            let due = now + 30 * SECOND;
            for _ in 0..3 {
                succeed(&mut breaker, due);
            }
            let later = due + well_for;
            fail(&mut breaker, 5, later);
            assert_eq!(breaker.state(), State::Open { until: later + expected }, "{well_for:?}");
        };
        check(29 * SECOND, 60 * SECOND);
        check(30 * SECOND, 30 * SECOND);
    }

    #[test]
    fn what_began_before_it_opened_says_nothing_after() {
        let (now, rules) = (Instant::now(), Rules::default());
        let mut breaker = Breaker::new(now);
        let old = breaker.pass(true, &rules, now).expect("closed");
        fail(&mut breaker, 5, now);
        let due = now + 30 * SECOND;
        breaker.pass(true, &rules, due).expect("a probe");
        assert_eq!(breaker.ended(old, End::Failed, &rules, due), None);
        assert_eq!(breaker.state(), State::HalfOpen);
    }

    #[test]
    fn a_reset_closes_it_and_forgets_everything() {
        let now = Instant::now();
        let mut breaker = Breaker::new(now);
        fail(&mut breaker, 5, now);
        assert_eq!(breaker.reset(now), Some(Change::Closed));
        assert_eq!(breaker.reset(now), None);
        assert_eq!(fail(&mut breaker, 4, now), None);
        fail(&mut breaker, 1, now);
        assert_eq!(breaker.state(), State::Open { until: now + 30 * SECOND });
    }
}
