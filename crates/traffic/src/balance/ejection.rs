//! An instance that fails again and again is left alone for a while, longer each time, and comes back gradually.

use std::time::{Duration, Instant};

/// Of its weight an instance has one part in so many right after its return.
const FIRST_SHARE: u128 = 10;

/// When an instance is left alone, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Failures in a row after which it is.
    pub failures: u32,
    /// For how long the first time.
    pub out: Duration,
    /// For how long at most.
    pub out_max: Duration,
    /// Over which time its share grows to the whole when it is back.
    pub return_over: Duration,
}

/// Whether one instance is left alone.
#[derive(Clone, Debug)]
pub struct Ejection {
    rules: Rules,
    failures: u32,
    /// Whether it answered the last call that it ended.
    answered: bool,
    times: u32,
    until: Option<Instant>,
}

impl Ejection {
    /// One that has not failed yet.
    pub fn new(rules: Rules) -> Self {
        Self { rules, failures: 0, answered: false, times: 0, until: None }
    }

    /// It answered.
    pub fn succeeded(&mut self) {
        self.failures = 0;
        self.answered = true;
    }

    /// Whether it answered the last call that it ended.
    pub fn has_answered(&self) -> bool {
        self.answered
    }

    /// Whether it failed the last call that it ended.
    pub fn has_failed(&self) -> bool {
        self.failures > 0
    }

    /// It failed. Whether it may be left alone at all depends on the others.
    pub fn failed(&mut self, may_leave: bool, now: Instant) {
        self.answered = false;
        if self.is_out(now) {
            return;
        }
        self.failures += 1;
        if !may_leave || self.failures < self.rules.failures {
            return;
        }
        let long_ago = self.until.is_some_and(|until| now >= until + self.rules.out_max);
        self.times = if long_ago { 0 } else { self.times };
        let out = self.rules.out.saturating_mul(1 << self.times.min(16)).min(self.rules.out_max);
        self.times += 1;
        self.failures = 0;
        self.until = Some(now + out);
    }

    /// Whether it is left alone.
    pub fn is_out(&self, now: Instant) -> bool {
        self.out_for(now).is_some()
    }

    /// For how long it is left alone from now on.
    pub fn out_for(&self, now: Instant) -> Option<Duration> {
        self.until.map(|until| until.saturating_duration_since(now)).filter(|left| !left.is_zero())
    }

    /// What it has of its weight; never nothing, for a share of nothing would never grow.
    pub fn share_of(&self, weight: u32, now: Instant) -> u32 {
        // in tenths, so that a weight of one can be a tenth of itself
        let whole = u128::from(weight.max(1)) * FIRST_SHARE;
        let since = self.until.and_then(|until| now.checked_duration_since(until));
        let share = match since {
            Some(since) if since < self.rules.return_over => {
                let first = whole / FIRST_SHARE;
                first + (whole - first) * since.as_nanos() / self.rules.return_over.as_nanos()
            }
            _ => whole,
        };
        u32::try_from(share).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules {
        failures: 2,
        out: Duration::from_secs(10),
        out_max: Duration::from_mins(1),
        return_over: Duration::from_secs(20),
    };

    #[test]
    fn failures_count_only_in_a_row() {
        let (mut ejection, now) = (Ejection::new(RULES), Instant::now());
        ejection.failed(true, now);
        ejection.succeeded();
        ejection.failed(true, now);
        assert!(!ejection.is_out(now));
        ejection.failed(true, now);
        assert_eq!(ejection.out_for(now), Some(RULES.out));
    }

    #[test]
    fn it_is_left_alone_longer_each_time_up_to_a_bound_and_is_forgiven_in_the_end() {
        let (mut ejection, mut now) = (Ejection::new(RULES), Instant::now());
        let mut seen = Vec::new();
        for _ in 0..5 {
            ejection.failed(true, now);
            ejection.failed(true, now);
            let out = ejection.out_for(now).unwrap();
            seen.push(out.as_secs());
            now += out;
        }
        assert_eq!(seen, [10, 20, 40, 60, 60]);
        now += RULES.out_max;
        ejection.failed(true, now);
        ejection.failed(true, now);
        assert_eq!(ejection.out_for(now), Some(RULES.out));
    }

    #[test]
    fn its_share_grows_from_a_tenth_to_the_whole() {
        let (mut ejection, now) = (Ejection::new(RULES), Instant::now());
        assert_eq!(ejection.share_of(3, now), 30);
        ejection.failed(true, now);
        ejection.failed(true, now);
        let back = now + RULES.out;
        assert_eq!(ejection.share_of(3, back), 3);
        assert_eq!(ejection.share_of(3, back + RULES.return_over / 2), 16);
        assert_eq!(ejection.share_of(3, back + RULES.return_over), 30);
    }
}
