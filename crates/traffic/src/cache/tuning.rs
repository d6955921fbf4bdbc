//! How the time of one tool's answers follows its counts, within bounds: twice as long where they are the same when they are
//! fetched again, half as long where hardly anybody asks again. Each step is weighed by what was counted since the last one.

use std::time::Duration;

use super::{Advice, Tally};

/// Seconds below which no time is shortened: less is as good as not keeping, which is for the operator to say.
const TUNED_S_MIN: u64 = 1;

/// The time of one tool's answers where it is not the one of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// The seconds of the configuration from which it comes.
    pub configured_s: u64,
    /// The seconds that count in its place.
    pub kept_s: u64,
    /// Why they were changed last.
    pub reason: Advice,
    /// What had been counted by then.
    counted: Tally,
}

impl Tuning {
    /// The next step for a tool with these counts, whose answers are kept for `configured_s` seconds by the configuration; none
    /// while nothing has to change. What nobody has asked to be kept never is, and no time is lengthened over `most_s`.
    pub fn next(current: Option<&Self>, configured_s: u64, tally: Tally, most_s: u64) -> Option<Self> {
        let current = current.filter(|current| current.configured_s == configured_s);
        let (kept_s, counted) =
            current.map_or((configured_s, Tally::default()), |current| (current.kept_s, current.counted));
        let reason = tally.since(counted).advice().filter(|_| configured_s > 0)?;
        let next_s = match reason {
            Advice::KeepLonger => kept_s.saturating_mul(2).min(most_s).max(kept_s),
            Advice::KeepNone => (kept_s / 2).max(TUNED_S_MIN).min(kept_s),
        };
        (next_s != kept_s).then_some(Self { configured_s, kept_s: next_s, reason, counted: tally })
    }

    /// Whether it is no longer than it may be: as configured, or `most_s`.
    pub fn is_within(&self, most_s: u64) -> bool {
        self.kept_s <= self.configured_s.max(most_s)
    }

    /// The time that counts in the place of the configured one, as long as that is the same.
    pub fn instead_of(&self, configured: Duration) -> Duration {
        if configured.as_secs() == self.configured_s { Duration::from_secs(self.kept_s) } else { configured }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USELESS: Tally = tally(20, 0, 0);
    const CONSTANT: Tally = tally(30, 30, 20);

    const fn tally(kept: u64, hits: u64, again: u64) -> Tally {
        Tally { kept, hits, again, stale: 0, misses: 0, renewed: 0, warmed: 0, warmed_used: 0, saved: Duration::ZERO }
    }

    #[test]
    fn a_time_is_doubled_and_halved_within_its_bounds() {
        let check = |configured_s, tally, expected: Option<u64>| {
            let next = Tuning::next(None, configured_s, tally, 100);
            assert_eq!(next.map(|tuning| tuning.kept_s), expected, "{configured_s} s");
        };
        check(60, CONSTANT, Some(100));
        check(40, CONSTANT, Some(80));
        check(100, CONSTANT, None);
        check(200, CONSTANT, None);
        check(200, USELESS, Some(100));
        check(1, USELESS, None);
        check(0, CONSTANT, None);
        check(0, USELESS, None);
        check(60, Tally::default(), None);
    }

    #[test]
    fn each_step_is_weighed_by_what_was_counted_since_the_last_one() {
        let first = Tuning::next(None, 10, CONSTANT, 100).unwrap();
        assert_eq!((first.kept_s, first.reason), (20, Advice::KeepLonger));
        assert_eq!(Tuning::next(Some(&first), 10, CONSTANT, 100), None);
        let second = Tuning::next(Some(&first), 10, CONSTANT.and(CONSTANT), 100).unwrap();
        assert_eq!(second.kept_s, 40);
        let back = Tuning::next(Some(&second), 10, CONSTANT.and(CONSTANT).and(USELESS), 100).unwrap();
        assert_eq!((back.kept_s, back.reason), (20, Advice::KeepNone));
    }

    #[test]
    fn a_bound_that_comes_later_counts_for_what_was_lengthened_before() {
        let tuning = Tuning::next(None, 10, CONSTANT, 100).unwrap();
        assert!(tuning.is_within(20) && !tuning.is_within(19));
        let shortened = Tuning::next(None, 200, USELESS, 100).unwrap();
        assert!(shortened.is_within(1), "what is configured may always be");
    }

    #[test]
    fn a_time_that_the_operator_changes_is_begun_anew() {
        let tuning = Tuning::next(None, 10, CONSTANT, 100).unwrap();
        assert_eq!(tuning.instead_of(Duration::from_secs(10)), Duration::from_secs(20));
        assert_eq!(tuning.instead_of(Duration::from_secs(30)), Duration::from_secs(30));
        assert_eq!(Tuning::next(Some(&tuning), 30, CONSTANT, 100).map(|tuning| tuning.kept_s), Some(60));
    }
}
