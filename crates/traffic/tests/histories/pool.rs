//! Histories of a pool beside a model that remembers every look: it grows only for calls that wait for it, shrinks only by
//! what nobody needed for long enough, and comes to rest with the fewest.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use traffic::pool::{Bounds, LONG_WAIT, Load, Pool, Step};

use crate::draw::{Draw, history};

/// One look: milliseconds after the last one, calls that come, and calls that go.
fn look(draw: &mut Draw) -> (u64, u32, u32) {
    (draw.below(700) as u64, draw.below(12) as u32, draw.below(12) as u32)
}

/// All looks since the last step, oldest first: when, what was there, and whether it pressed.
#[derive(Default)]
struct Model {
    looks: Vec<(Instant, Load, bool)>,
}

impl Model {
    /// How long everything up to the newest look has pressed without a pause.
    fn pressed_for(&self) -> Option<Duration> {
        let newest = self.looks.last()?.0;
        let pressing = self.looks.iter().rev().take_while(|(_, _, pressing)| *pressing);
        pressing.last().map(|(at, ..)| newest - *at)
    }

    /// The fewest that were too many at every look of the last stretch in which some were, and how long that is.
    fn spare(&self, bounds: &Bounds) -> Option<(u32, Duration)> {
        let newest = self.looks.last()?.0;
        let surplus = |load: &Load| {
            let busy = (load.running + load.waiting).div_ceil(bounds.calls_each);
            load.workers.saturating_sub(busy.max(bounds.min))
        };
        let idle = self.looks.iter().rev().take_while(|(_, load, _)| surplus(load) > 0);
        let idle: Vec<_> = idle.map(|(at, load, _)| (*at, surplus(load))).collect();
        let least = idle.iter().map(|(_, surplus)| *surplus).min()?;
        Some((least, newest - idle.last()?.0))
    }
}

proptest! {
    #[test]
    fn a_pool_does_what_the_model_says_and_comes_to_rest(
        looks in history(1..300, look),
        (min, more, most) in (1..4_u32, 0..4_u32, 0..6_u32),
        (idle_ms, calls_each) in (1..3_000_u64, 1..6_u32),
    ) {
        let (target, max) = (min + more, min + more + most);
        let bounds = Bounds { min, target, max, idle: Duration::from_millis(idle_ms), calls_each };
        let (mut pool, mut model, mut now) = (Pool::default(), Model::default(), Instant::now());
        let (mut workers, mut calls) = (1, 0_u32);
        for (ms, come, go) in looks {
            now += Duration::from_millis(ms);
            calls = (calls + come).saturating_sub(go);
            let running = calls.min(workers * calls_each);
            let load = Load { workers, running, waiting: calls - running };
            let is_pressing = load.waiting > 0 && load.running >= workers * calls_each;
            model.looks.push((now, load, is_pressing));
            match pool.look(&bounds, load, now) {
                Step::Stay => {
                    prop_assert!(workers >= min);
                    prop_assert!(!is_pressing || workers >= target, "somebody waits, and there may be more");
                    let spare = model.spare(&bounds).filter(|(_, since)| *since >= bounds.idle);
                    prop_assert_eq!(spare, None, "somebody has had nothing to do for too long");
                    let waited = model.pressed_for().is_some_and(|since| since >= LONG_WAIT);
                    prop_assert!(!waited || workers == max, "calls wait for too long");
                }
                Step::Grow(more) => {
                    prop_assert!(more > 0);
                    if workers < min {
                        prop_assert_eq!(workers + more, min);
                    } else if workers < target {
                        prop_assert!(is_pressing && workers + more <= target);
                        prop_assert!((workers + more - 1) * calls_each < calls, "one is not needed");
                    } else {
                        prop_assert!(more == 1 && workers < max);
                        prop_assert!(model.pressed_for().is_some_and(|since| since >= LONG_WAIT));
                    }
                    workers += more;
                    model.looks = model.looks.split_off(model.looks.len() - 1);
                }
                Step::Shrink(fewer) => {
                    let (least, since) = model.spare(&bounds).unwrap_or_default();
                    prop_assert!(since >= bounds.idle);
                    prop_assert_eq!(fewer, least);
                    workers -= fewer;
                    model.looks.clear();
                }
            }
            prop_assert!((1..=max).contains(&workers));
        }
        for _ in 0..3 {
            now += bounds.idle;
            match pool.look(&bounds, Load { workers, running: 0, waiting: 0 }, now) {
                Step::Shrink(fewer) => workers -= fewer,
                Step::Grow(more) => workers += more,
                Step::Stay => {}
            }
        }
        prop_assert_eq!(workers, min, "with nothing to do the fewest are left");
    }
}
