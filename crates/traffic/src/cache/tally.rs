//! What keeping the answers of one tool was worth: counts, and the advice that follows from them.

use std::time::Duration;

/// Fetched answers before anything is advised.
const FETCHED_MIN: u64 = 20;
/// Answers of which fewer than one in so many were given again are not worth keeping.
const USELESS_ONE_IN: u64 = 20;
/// Fetched again, answers of which fewer than one in so many were new could be kept for longer.
const CONSTANT_ONE_IN: u64 = 10;

/// Seconds up to which keeping answers for longer is advised: beyond, somebody should think about it.
const ADVISED_S_MAX: u64 = 3_600;

/// Counts of one tool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Calls that a kept answer was given to.
    pub hits: u64,
    /// Those of them whose answer was past its time.
    pub stale: u64,
    /// Calls that had to be made.
    pub misses: u64,
    /// Answers that were kept.
    pub kept: u64,
    /// Those of them that took the place of one which was past its time.
    pub again: u64,
    /// Those of them again that said something new.
    pub renewed: u64,
    /// Those of the kept that were fetched before anybody asked.
    pub warmed: u64,
    /// Those of the warmed that were then asked for.
    pub warmed_used: u64,
    /// How long the calls would have taken that were not made.
    pub saved: Duration,
}

/// What the counts of a tool say about its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// Its answers are hardly ever asked for again: keeping them costs memory for nothing.
    KeepNone,
    /// Fetched again, its answers are the same: they could be kept for longer.
    KeepLonger,
}

impl Tally {
    /// Hits in a hundred calls; `None` before the first.
    pub fn hit_percent(&self) -> Option<f64> {
        let calls = self.hits + self.misses;
        (calls > 0).then(|| self.hits as f64 * 100.0 / calls as f64)
    }

    /// What the counts say, once there are enough of them.
    pub fn advice(&self) -> Option<Advice> {
        if self.kept >= FETCHED_MIN && self.hits * USELESS_ONE_IN < self.kept {
            return Some(Advice::KeepNone);
        }
        let is_constant = self.again >= FETCHED_MIN && self.renewed * CONSTANT_ONE_IN < self.again;
        is_constant.then_some(Advice::KeepLonger)
    }

    /// For how many seconds answers should be kept by these counts, where they are kept for `kept_s` now; none if that is
    /// right, or nothing can be said.
    pub fn advised_s(&self, kept_s: u64) -> Option<u64> {
        match self.advice()? {
            Advice::KeepNone => (kept_s > 0).then_some(0),
            Advice::KeepLonger => (1..ADVISED_S_MAX).contains(&kept_s).then(|| (kept_s * 2).min(ADVISED_S_MAX)),
        }
    }

    /// What was counted since these counts were.
    pub fn since(self, former: Self) -> Self {
        Self {
            hits: self.hits.saturating_sub(former.hits),
            stale: self.stale.saturating_sub(former.stale),
            misses: self.misses.saturating_sub(former.misses),
            kept: self.kept.saturating_sub(former.kept),
            again: self.again.saturating_sub(former.again),
            renewed: self.renewed.saturating_sub(former.renewed),
            warmed: self.warmed.saturating_sub(former.warmed),
            warmed_used: self.warmed_used.saturating_sub(former.warmed_used),
            saved: self.saved.saturating_sub(former.saved),
        }
    }

    /// Both together.
    pub fn and(self, other: Self) -> Self {
        Self {
            hits: self.hits + other.hits,
            stale: self.stale + other.stale,
            misses: self.misses + other.misses,
            kept: self.kept + other.kept,
            again: self.again + other.again,
            renewed: self.renewed + other.renewed,
            warmed: self.warmed + other.warmed,
            warmed_used: self.warmed_used + other.warmed_used,
            saved: self.saved.saturating_add(other.saved),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_follows_from_enough_counts() {
        let check = |tally: Tally, expected| assert_eq!(tally.advice(), expected, "{tally:?}");
        check(Tally::default(), None);
        check(Tally { kept: 19, ..Tally::default() }, None);
        check(Tally { kept: 20, ..Tally::default() }, Some(Advice::KeepNone));
        check(Tally { kept: 20, hits: 1, ..Tally::default() }, None);
        check(Tally { kept: 30, hits: 30, again: 20, renewed: 1, ..Tally::default() }, Some(Advice::KeepLonger));
        check(Tally { kept: 30, hits: 30, again: 20, renewed: 2, ..Tally::default() }, None);
    }

    #[test]
    fn a_time_is_advised_within_bounds() {
        let useless = Tally { kept: 20, ..Tally::default() };
        assert_eq!((useless.advised_s(60), useless.advised_s(0)), (Some(0), None));
        let constant = Tally { kept: 30, hits: 30, again: 20, ..Tally::default() };
        let check = |kept_s, expected| assert_eq!(constant.advised_s(kept_s), expected, "{kept_s} s");
        check(0, None);
        check(60, Some(120));
        check(2_000, Some(3_600));
        check(3_600, None);
        assert_eq!(Tally::default().advised_s(60), None);
    }

    #[test]
    fn the_rate_of_hits_is_known_after_the_first_call() {
        assert_eq!(Tally::default().hit_percent(), None);
        assert_eq!(Tally { hits: 3, misses: 1, ..Tally::default() }.hit_percent(), Some(75.0));
    }
}
