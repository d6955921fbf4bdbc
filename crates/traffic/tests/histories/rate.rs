//! Histories of attempts under a rate, with a clock that is set back and ahead.

use proptest::prelude::*;
use traffic::{Meter, Rate};

use crate::draw::{Draw, history};

/// What happens before the next attempt.
#[derive(Clone, Debug)]
enum Step {
    /// Time passes.
    Later(u32),
    /// The clock is set back.
    Back(u32),
    /// The clock is set ahead.
    Ahead(u32),
}

fn step(draw: &mut Draw) -> Step {
    match draw.weighted(&[20, 4, 1, 1]) {
        0 => Step::Later(draw.below(200) as u32),
        1 => Step::Later(draw.below(60_000) as u32),
        2 => Step::Back(draw.below(10_000_000) as u32),
        _ => Step::Ahead(draw.below(10_000_000) as u32),
    }
}

/// In any window there are no more than a burst, what the rate gives in real time, and a burst for each time that the
/// clock is set ahead in it. Counted in sixty-thousandths, so that nothing is rounded.
fn check(times: u32, burst: u32, steps: &[Step]) -> Result<(), TestCaseError> {
    const ONE: i64 = 60_000;
    let (meter, rate) = (Meter::default(), Rate::per_minute(times, burst));
    let mut clock_ms = 100_000_000_u64;
    // what has been allowed, less what may be: its rise is bounded
    let (mut balance, mut least) = (0_i64, 0_i64);
    for step in steps {
        match step {
            Step::Later(ms) => {
                clock_ms += u64::from(*ms);
                balance -= i64::from(times) * i64::from(*ms);
            }
            Step::Back(ms) => clock_ms = clock_ms.saturating_sub(u64::from(*ms)),
            Step::Ahead(ms) => {
                clock_ms += u64::from(*ms);
                balance -= ONE * i64::from(burst);
            }
        }
        least = least.min(balance);
        if meter.count(rate, clock_ms).is_ok() {
            balance += ONE;
        }
        prop_assert!(balance - least <= ONE * i64::from(burst), "{} of {burst} at once", (balance - least) / ONE);
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_window_holds_more_than_a_burst_and_what_the_rate_gives(
        times in 1_u32..100_000,
        burst in 1_u32..50,
        steps in history(1..150, step),
    ) {
        check(times, burst, &steps)?;
    }
}
