//! How often something may happen: so many times a minute, and so many at once (GCRA). All that is remembered is one
//! moment, the one up to which the past is paid for, so that a check is one compare and swap. Time comes in as
//! milliseconds of any clock; one that jumps back makes nobody wait longer than a whole burst takes.

use crate::sync::atomic::{AtomicU64, Ordering};

const MINUTE_NS: u64 = 60_000_000_000;
const MS_NS: u64 = 1_000_000;

/// How often something may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// What one time costs, in nanoseconds.
    cost_ns: u64,
    /// What may be owed at most.
    debt_ns_max: u64,
}

/// How often something has happened, as far as it matters.
#[derive(Debug, Default)]
pub struct Meter {
    /// The moment up to which the past is paid for.
    paid_until_ns: AtomicU64,
}

/// Too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooOften {
    /// After how long it may happen again; at least 1.
    pub retry_after_ms: u64,
}

impl Rate {
    /// So many times a minute, and so many at once; each is at least one.
    pub fn per_minute(times: u32, burst: u32) -> Self {
        let cost_ns = MINUTE_NS.div_ceil(u64::from(times.max(1)));
        Self { cost_ns, debt_ns_max: cost_ns * u64::from(burst.max(1)) }
    }
}

impl Meter {
    /// Counts one more time, unless that is too often.
    pub fn count(&self, rate: Rate, now_ms: u64) -> Result<(), TooOften> {
        let present = now_ms.saturating_mul(MS_NS);
        let mut outcome = Ok(());
        let count = |paid_until_ns: u64| {
            // what can be owed has a bound, so more than that comes from a clock that was set back
            let owed_ns = paid_until_ns.saturating_sub(present).min(rate.debt_ns_max);
            let over_ns = (owed_ns + rate.cost_ns).saturating_sub(rate.debt_ns_max);
            let is_counted = over_ns == 0;
            outcome = if is_counted { Ok(()) } else { Err(TooOften { retry_after_ms: over_ns.div_ceil(MS_NS) }) };
            let next_ns = present.saturating_add(if is_counted { owed_ns + rate.cost_ns } else { owed_ns });
            (next_ns != paid_until_ns).then_some(next_ns)
        };
        // the error only says that there was nothing to change
        let _ = self.paid_until_ns.fetch_update(Ordering::Relaxed, Ordering::Relaxed, count);
        outcome
    }

    /// Whether nothing is owed any more, so that a fresh meter would do as well.
    pub fn is_idle(&self, now_ms: u64) -> bool {
        self.paid_until_ns.load(Ordering::Relaxed) <= now_ms.saturating_mul(MS_NS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_one_at_a_time() {
        let (meter, rate) = (Meter::default(), Rate::per_minute(60, 3));
        let count = |now_ms| meter.count(rate, now_ms).map_err(|too_often| too_often.retry_after_ms);
        assert_eq!([count(5_000), count(5_000), count(5_000)], [Ok(()); 3]);
        assert_eq!(count(5_000), Err(1_000));
        assert_eq!(count(5_400), Err(600));
        assert_eq!(count(6_000), Ok(()));
        assert_eq!(count(6_999), Err(1));
        assert_eq!(count(7_000), Ok(()));
        assert!(!meter.is_idle(9_999) && meter.is_idle(10_000));
    }

    #[test]
    fn a_clock_that_jumps_back_makes_nobody_wait_longer_than_a_burst() {
        let (meter, rate) = (Meter::default(), Rate::per_minute(60, 3));
        assert_eq!(meter.count(rate, 1_000_000_000), Ok(()));
        assert_eq!(meter.count(rate, 1_000), Err(TooOften { retry_after_ms: 1_000 }));
        assert_eq!(meter.count(rate, 2_000), Ok(()));
        assert_eq!([meter.count(rate, 5_000), meter.count(rate, 5_000), meter.count(rate, 5_000)], [Ok(()); 3]);
    }

    #[test]
    fn many_at_the_same_time_get_no_more_than_the_burst() {
        let (meter, rate) = (Meter::default(), Rate::per_minute(1, 100));
        let allowed: usize = std::thread::scope(|scope| {
            let one = || (0..1_000).filter(|_| meter.count(rate, 1).is_ok()).count();
            let all: Vec<_> = (0..4).map(|_| scope.spawn(one)).collect();
            all.into_iter().map(|one| one.join().unwrap()).sum()
        });
        assert_eq!(allowed, 100);
    }
}
