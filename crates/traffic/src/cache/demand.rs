//! What a caller wants of the cache, and what follows for an answer that is there, or not.

use std::{str::FromStr, time::Duration};

use super::lifetime::State;

/// What a caller wants of the cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Demand {
    /// Whatever the configuration allows.
    #[default]
    Any,
    /// No kept answer.
    NoCache,
    /// Nothing but a kept answer.
    OnlyIfCached,
    /// No kept answer that is older.
    MaxAge(Duration),
}

/// A text that is no demand.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the cache wish must be one of no-cache, only-if-cached, max-age=SECONDS")]
pub struct UnknownDemand;

/// What is to be done for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The kept answer is given.
    Give,
    /// The kept answer is given, and a new one is fetched behind the scenes.
    GiveAndFetch,
    /// A new answer is fetched.
    Fetch,
    /// A new answer is fetched; if there is none, the kept one stands in.
    FetchOrGive,
    /// The caller wants a kept answer, and there is none.
    Refuse,
}

impl Demand {
    /// What follows where an answer of this age is in this state.
    pub fn judge(self, state: State, age: Duration) -> Verdict {
        match (self, state) {
            (Self::OnlyIfCached, State::Gone) => Verdict::Refuse,
            (Self::OnlyIfCached, _) => Verdict::Give,
            (Self::NoCache, _) | (_, State::Gone) => Verdict::Fetch,
            (Self::MaxAge(oldest), _) if age > oldest => Verdict::Fetch,
            (_, State::Fresh) => Verdict::Give,
            (_, State::Stale) => Verdict::GiveAndFetch,
            (_, State::Spare) => Verdict::FetchOrGive,
        }
    }

    /// What follows where no answer is kept.
    pub fn without(self) -> Verdict {
        self.judge(State::Gone, Duration::MAX)
    }
}

impl FromStr for Demand {
    type Err = UnknownDemand;

    fn from_str(text: &str) -> Result<Self, UnknownDemand> {
        match text.trim() {
            "no-cache" => Ok(Self::NoCache),
            "only-if-cached" => Ok(Self::OnlyIfCached),
            other => {
                let seconds = other.strip_prefix("max-age=").ok_or(UnknownDemand)?;
                let is_number = !seconds.is_empty() && seconds.bytes().all(|byte| byte.is_ascii_digit());
                let seconds = if is_number { seconds.parse().unwrap_or(u64::MAX) } else { return Err(UnknownDemand) };
                Ok(Self::MaxAge(Duration::from_secs(seconds)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: Duration = Duration::from_secs(9);

    #[test]
    fn a_demand_is_read_and_nothing_else_is() {
        let check = |text: &str, expected| assert_eq!(text.parse::<Demand>(), expected, "{text}");
        check("no-cache", Ok(Demand::NoCache));
        check(" only-if-cached ", Ok(Demand::OnlyIfCached));
        check("max-age=0", Ok(Demand::MaxAge(Duration::ZERO)));
        check("max-age=61", Ok(Demand::MaxAge(Duration::from_secs(61))));
        check("max-age=99999999999999999999999", Ok(Demand::MaxAge(Duration::from_secs(u64::MAX))));
        for text in ["", "no-store", "max-age", "max-age=", "max-age=-1", "max-age=+1", "max-age=1.5", "no-cache, x"] {
            check(text, Err(UnknownDemand));
        }
    }

    #[test]
    fn every_demand_has_its_verdict_in_every_state() {
        const STATES: [State; 4] = [State::Fresh, State::Stale, State::Spare, State::Gone];
        use Verdict::{Fetch, FetchOrGive, Give, GiveAndFetch, Refuse};
        let check = |demand: Demand, expected: [Verdict; 4]| {
            assert_eq!(STATES.map(|state| demand.judge(state, OLD)), expected, "{demand:?}");
        };
        check(Demand::Any, [Give, GiveAndFetch, FetchOrGive, Fetch]);
        check(Demand::NoCache, [Fetch; 4]);
        check(Demand::OnlyIfCached, [Give, Give, Give, Refuse]);
        check(Demand::MaxAge(OLD), [Give, GiveAndFetch, FetchOrGive, Fetch]);
        check(Demand::MaxAge(Duration::ZERO), [Fetch; 4]);
    }

    #[test]
    fn without_an_answer_only_one_demand_is_refused() {
        assert_eq!(Demand::Any.without(), Verdict::Fetch);
        assert_eq!(Demand::NoCache.without(), Verdict::Fetch);
        assert_eq!(Demand::MaxAge(Duration::MAX).without(), Verdict::Fetch);
        assert_eq!(Demand::OnlyIfCached.without(), Verdict::Refuse);
    }
}
