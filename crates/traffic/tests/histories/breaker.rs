//! Histories of a breaker beside a model that remembers everything and counts anew each time.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use traffic::breaker::{Breaker, Change, End, Pass, Reason, Rules, State};

use crate::draw::{Draw, history};

const PARTS: u128 = 10;

/// Something that happens some milliseconds after the last thing.
#[derive(Clone, Debug)]
enum Happens {
    Call { may_probe: bool },
    End { which: usize, end: End },
    Reset,
}

fn happens(draw: &mut Draw) -> (u64, Happens) {
    let longest = [50, 1_500, 20_000][draw.weighted(&[6, 2, 1])];
    let after = draw.below(longest) as u64;
    let what = match draw.weighted(&[10, 10, 1]) {
        0 => Happens::Call { may_probe: draw.below(2) == 1 },
        1 => Happens::End {
            end: [End::Well, End::Failed, End::Lost, End::Untold][draw.weighted(&[3, 3, 2, 1])],
            which: draw.below(1_000),
        },
        _ => Happens::Reset,
    };
    (after, what)
}

fn rules() -> impl Strategy<Value = Rules> {
    (1..6_u32, 1..10_u32, 1..=100_u32, 1..4_u32).prop_map(|(failures, window_calls, window_percent, successes)| Rules {
        failures,
        window: Duration::from_secs(1),
        window_calls,
        window_percent,
        open: Duration::from_secs(1),
        open_max: Duration::from_secs(8),
        successes,
    })
}

/// A call that has passed and not ended.
struct Running {
    pass: Pass,
    began: Instant,
    turn: u64,
}

/// What was seen since the state last changed.
struct Model {
    /// Ends that counted while it was closed.
    ends: Vec<(Instant, bool)>,
    last_loss: Option<Instant>,
    /// Probes under way, by when they began; those that ended well.
    probes: Vec<Instant>,
    well: u32,
}

impl Model {
    fn new() -> Self {
        Self { ends: Vec::new(), last_loss: None, probes: Vec::new(), well: 0 }
    }

    /// Whether an end opens a closed breaker, and why.
    fn opens(&mut self, began: Instant, end: End, rules: &Rules, now: Instant) -> Option<Reason> {
        let is_same_loss = end == End::Lost && self.last_loss.is_some_and(|loss| began <= loss);
        if end == End::Untold || is_same_loss {
            return None;
        }
        if end == End::Lost {
            self.last_loss = Some(now);
        }
        self.ends.push((now, end != End::Well));
        if end == End::Well {
            return None;
        }
        let in_a_row = self.ends.iter().rev().take_while(|(_, failed)| *failed).count() as u32;
        if in_a_row >= rules.failures {
            return Some(Reason::InARow(in_a_row));
        }
        let start = self.ends[0].0;
        let part = |at: Instant| (at - start).as_nanos() * PARTS / rules.window.as_nanos();
        let newest = part(now);
        let counted: Vec<bool> =
            self.ends.iter().filter(|(at, _)| part(*at) + PARTS > newest).map(|(_, failed)| *failed).collect();
        let (calls, failed) = (counted.len() as u32, counted.iter().filter(|failed| **failed).count() as u32);
        let is_too_much = calls >= rules.window_calls && failed * 100 >= calls * rules.window_percent;
        is_too_much.then_some(Reason::InWindow { failed, calls })
    }
}

fn end_one(breaker: &mut Breaker, model: &mut Model, running: &Running, end: End, rules: &Rules, now: Instant) {
    let (before, turn) = (breaker.state(), breaker.turn());
    let change = breaker.ended(running.pass, end, rules, now);
    if running.turn != turn {
        assert_eq!(change, None, "what began before the last change says nothing");
        return;
    }
    let expected = match before {
        State::Closed => model.opens(running.began, end, rules, now).map(Change::Opened),
        State::Open { .. } => None,
        State::HalfOpen => {
            model.probes.retain(|began| *began != running.began);
            model.well += u32::from(end == End::Well);
            match end {
                End::Untold => None,
                End::Well => (model.well == rules.successes).then_some(Change::Closed),
                End::Failed | End::Lost => Some(Change::Opened(Reason::Probe)),
            }
        }
    };
    assert_eq!(change, expected, "in {before} after {end:?}");
    if change.is_some() {
        *model = Model::new();
    }
    if let (Some(Change::Opened(_)), State::Open { until }) = (change, breaker.state()) {
        assert!((rules.open..=rules.open_max).contains(&(until - now)), "open for {:?}", until - now);
    }
}

fn call(breaker: &mut Breaker, model: &mut Model, may_probe: bool, rules: &Rules, now: Instant) -> Option<Running> {
    let before = breaker.state();
    let passed = breaker.pass(may_probe, rules, now);
    let is_free = model.probes.iter().all(|began| now - *began >= rules.open);
    let expected = match before {
        State::Closed => true,
        State::Open { until } => now >= until && may_probe,
        State::HalfOpen => may_probe && is_free,
    };
    assert_eq!(passed.is_ok(), expected, "in {before}");
    if let Err(until) = passed {
        assert!(until >= now, "what is refused is not told to have come too late");
    }
    if before != State::Closed && passed.is_ok() {
        model.probes.push(now);
    }
    passed.ok().map(|pass| Running { pass, began: now, turn: breaker.turn() })
}

/// However a server has failed: once it answers it is found again.
fn is_found_again(breaker: &mut Breaker, rules: &Rules, mut now: Instant) {
    let since = now;
    while breaker.state() != State::Closed {
        match breaker.pass(true, rules, now) {
            Ok(pass) => drop(breaker.ended(pass, End::Well, rules, now)),
            Err(until) => now = until.max(now + Duration::from_millis(100)),
        }
        assert!(now - since <= rules.open_max + rules.open, "it is left alone for ever");
    }
}

proptest! {
    #[test]
    fn a_breaker_does_what_the_model_says_and_always_finds_its_server_again(
        rules in rules(),
        history in history(1..150, happens),
    ) {
        let mut now = Instant::now();
        let mut breaker = Breaker::new(now);
        let (mut model, mut running) = (Model::new(), Vec::new());
        for (after, what) in history {
            now += Duration::from_millis(after);
            match what {
                Happens::Call { may_probe } => {
                    running.extend(call(&mut breaker, &mut model, may_probe, &rules, now));
                }
                Happens::End { which, end } if !running.is_empty() => {
                    let one = running.swap_remove(which % running.len());
                    end_one(&mut breaker, &mut model, &one, end, &rules, now);
                }
                Happens::End { .. } => {}
                Happens::Reset => {
                    let was_closed = breaker.state() == State::Closed;
                    prop_assert_eq!(breaker.reset(now).is_none(), was_closed);
                    model = Model::new();
                }
            }
        }
        is_found_again(&mut breaker, &rules, now);
    }
}
