//! Histories of the number of calls that may run at a server, whatever it does: the bounds hold, and nothing is for ever.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use traffic::adaptive::{Adaptive, Bounds, Why};

use crate::draw::{Draw, history};

const BOUNDS: Bounds = Bounds { min: 2, max: 64 };

/// A call that ends: for how much of its usual time it ran, beside how many others, and how many milliseconds long.
fn ended(draw: &mut Draw) -> (u64, u32, u64) {
    (draw.below(4_000) as u64, draw.below(99) as u32 + 1, draw.below(400) as u64)
}

proptest! {
    #[test]
    fn the_bounds_are_never_left_and_every_change_has_its_reason(
        calls in history(1..200, ended),
        (min, max) in (0..20_u32, 0..80_u32),
    ) {
        let mut now = Instant::now();
        let mut adaptive = Adaptive::new(Bounds { min, max }, now);
        let (least, most) = (min.max(1), max.max(min).max(1));
        for (percent, running, ms) in calls {
            let began = now;
            now += Duration::from_millis(ms);
            let before = adaptive.limit();
            let change = adaptive.ended(percent, running, began, now);
            prop_assert!((least..=most).contains(&adaptive.limit()));
            match change {
                None => prop_assert_eq!(adaptive.limit(), before),
                Some(change) => {
                    prop_assert_eq!((change.from, change.to), (before, adaptive.limit()));
                    prop_assert_eq!(change.why == Why::Quick, change.to > change.from);
                    prop_assert!(2 * change.to + 1 >= change.from, "at most one half is given up at once");
                }
            }
        }
    }

    #[test]
    fn whatever_was_before_a_quick_server_gets_all_there_is(
        calls in history(0..200, |draw| draw.below(4_000) as u64),
    ) {
        let mut now = Instant::now();
        let mut adaptive = Adaptive::new(BOUNDS, now);
        for percent in calls {
            adaptive.ended(percent, 100, now, now);
        }
        for _ in 0..1_000 {
            now += Duration::from_millis(1);
            adaptive.ended(100, adaptive.limit(), now, now);
        }
        prop_assert_eq!(adaptive.limit(), BOUNDS.max);
    }
}
