//! A breaker with its sign: one probe at a time, and what passed a sign that was about to change says nothing any more.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use models::breaker::{Breaker, Change, End, Pass, Rules, Sign, State};
use shuttle::{sync::Mutex, thread};

use crate::{play, together};

static NOW: LazyLock<Instant> = LazyLock::new(Instant::now);

const RULES: Rules = Rules {
    failures: 1,
    window: Duration::from_secs(30),
    window_calls: 20,
    window_percent: 50,
    open: Duration::from_secs(1),
    open_max: Duration::from_secs(1),
    successes: 2,
};

/// A breaker as calls meet it.
struct Door {
    breaker: Mutex<Breaker>,
    sign: Sign,
    /// Probes under way, and how often the state changed.
    probes: AtomicU32,
    changes: AtomicU32,
}

impl Door {
    fn new() -> Arc<Self> {
        let breaker = Mutex::new(Breaker::new(*NOW));
        let (probes, changes) = (AtomicU32::new(0), AtomicU32::new(0));
        Arc::new(Self { breaker, sign: Sign::default(), probes, changes })
    }

    /// The pass of a call, and whether it is a probe.
    fn pass(&self, now: Instant) -> Option<(Pass, bool)> {
        if let Some(pass) = self.sign.pass(now) {
            return Some((pass, false));
        }
        let mut breaker = self.breaker.lock().expect("nobody has panicked");
        let pass = breaker.pass(true, &RULES, now).ok();
        self.sign.show(&breaker);
        pass.map(|pass| (pass, breaker.state() == State::HalfOpen))
    }

    fn ended(&self, pass: Pass, end: End, now: Instant) -> Option<Change> {
        let mut breaker = self.breaker.lock().expect("nobody has panicked");
        let change = breaker.ended(pass, end, &RULES, now);
        self.sign.show(&breaker);
        self.changes.fetch_add(u32::from(change.is_some()), Ordering::SeqCst);
        change
    }

    /// A call at this time that ends like this.
    fn call(&self, end: End, now: Instant) {
        let Some((pass, is_probe)) = self.pass(now) else { return };
        if is_probe {
            assert_eq!(self.probes.fetch_add(1, Ordering::SeqCst), 0, "two probes at one time");
        }
        thread::yield_now();
        if is_probe {
            self.probes.fetch_sub(1, Ordering::SeqCst);
        }
        self.ended(pass, end, now);
    }

    /// The sign says what the breaker does.
    fn is_told_truly(&self) {
        let breaker = self.breaker.lock().expect("nobody has panicked");
        assert_eq!(self.sign.is_closed(), breaker.state() == State::Closed);
    }
}

/// Calls beside each other, each with its end, all at one time.
fn calls(door: &Arc<Door>, ends: &[End], now: Instant) {
    together(ends.iter().map(|end| {
        let (door, end) = (door.clone(), *end);
        Box::new(move || door.call(end, now)) as Box<dyn FnOnce() + Send>
    }));
    door.is_told_truly();
}

#[test]
fn calls_that_fail_together_open_it_once_and_who_passed_before_says_nothing_after() {
    play(|| {
        let door = Door::new();
        calls(&door, &[End::Failed, End::Failed, End::Well, End::Lost], *NOW);
        assert_eq!(door.changes.load(Ordering::SeqCst), 1);
        assert!(matches!(door.breaker.lock().expect("nobody has panicked").state(), State::Open { .. }));
    });
}

#[test]
fn however_many_come_one_probe_is_under_way_at_a_time() {
    play(|| {
        let door = Door::new();
        door.call(End::Failed, *NOW);
        calls(&door, &[End::Well, End::Well, End::Well, End::Untold], *NOW + RULES.open);
    });
}

#[test]
fn a_call_from_before_it_opened_says_nothing_while_it_is_tried_out() {
    play(|| {
        let door = Door::new();
        let (before, _) = door.pass(*NOW).expect("it is closed");
        door.call(End::Failed, *NOW);
        let (old, new, later) = (door.clone(), door.clone(), *NOW + RULES.open);
        together([
            Box::new(move || assert_eq!(old.ended(before, End::Failed, later), None)) as Box<dyn FnOnce() + Send>,
            Box::new(move || new.call(End::Untold, later)),
        ]);
        assert_eq!(door.changes.load(Ordering::SeqCst), 1, "it opened once");
        door.is_told_truly();
    });
}
