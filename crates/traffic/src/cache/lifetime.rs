//! How old is too old: the time an answer is fresh, by the configuration and by its server's own word, and the times after
//! that in which it may still stand in.

use std::time::Duration;

/// An answer is ending in the last one of so many parts of its time.
const ENDING_ONE_IN: u32 = 5;

/// How long the answers of one tool may be given again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// How long one is fresh by the configuration; `None` leaves it to the server.
    pub fresh: Option<Duration>,
    /// How long past that it is still given while a new one is fetched.
    pub while_fetching: Duration,
    /// How long past that it is given when no new one can be had.
    pub on_failure: Duration,
    /// The longest that a server's word is taken for where the configuration says nothing.
    pub hint_max: Duration,
}

/// What an answer of some age is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is as good as a new one.
    Fresh,
    /// It may be given while a new one is fetched.
    Stale,
    /// It may be given if no new one can be had.
    Spare,
    /// It is good for nothing.
    Gone,
}

impl Terms {
    /// Whether an answer is worth keeping of which its server said that it is fresh for so long, if it said anything.
    pub fn keep(&self, hint: Option<Duration>) -> bool {
        self.state(hint, Duration::ZERO) != State::Gone
    }

    /// What an answer is good for at this age.
    pub fn state(&self, hint: Option<Duration>, age: Duration) -> State {
        let fresh = self.fresh_for(hint);
        if age < fresh {
            State::Fresh
        } else if age < fresh.saturating_add(self.while_fetching) {
            State::Stale
        } else if age < fresh.saturating_add(self.on_failure) {
            State::Spare
        } else {
            State::Gone
        }
    }

    /// Whether an answer that is fresh will soon not be.
    pub fn is_ending(&self, hint: Option<Duration>, age: Duration) -> bool {
        let fresh = self.fresh_for(hint);
        age < fresh && age >= fresh.saturating_sub(fresh / ENDING_ONE_IN)
    }

    /// The age at which an answer is gone.
    pub fn lifetime(&self, hint: Option<Duration>) -> Duration {
        self.fresh_for(hint).saturating_add(self.while_fetching.max(self.on_failure))
    }

    /// A server may say that its answer is good for less than the configuration says, never for more.
    fn fresh_for(&self, hint: Option<Duration>) -> Duration {
        match (self.fresh, hint) {
            (Some(configured), hinted) => hinted.map_or(configured, |hinted| hinted.min(configured)),
            (None, Some(hinted)) => hinted.min(self.hint_max),
            (None, None) => Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn terms(fresh_s: Option<u64>, while_fetching_s: u64, on_failure_s: u64) -> Terms {
        Terms {
            fresh: fresh_s.map(seconds),
            while_fetching: seconds(while_fetching_s),
            on_failure: seconds(on_failure_s),
            hint_max: seconds(100),
        }
    }

    #[test]
    fn an_answer_is_fresh_then_stale_then_a_spare_then_gone() {
        let terms = terms(Some(10), 5, 20);
        for (age_s, expected) in [
            (0, State::Fresh),
            (9, State::Fresh),
            (10, State::Stale),
            (14, State::Stale),
            (15, State::Spare),
            (29, State::Spare),
            (30, State::Gone),
            (u64::MAX, State::Gone),
        ] {
            assert_eq!(terms.state(None, seconds(age_s)), expected, "at {age_s} s");
        }
        assert_eq!(terms.lifetime(None), seconds(30));
    }

    #[test]
    fn an_answer_is_ending_in_the_last_fifth_of_its_time() {
        let is_ending = |hint: Option<u64>, age_s| terms(Some(10), 5, 20).is_ending(hint.map(seconds), seconds(age_s));
        assert_eq!([7, 8, 9, 10].map(|age_s| is_ending(None, age_s)), [false, true, true, false]);
        assert!(is_ending(Some(5), 4));
        assert!(!is_ending(Some(0), 0));
    }

    #[test]
    fn the_shorter_word_of_configuration_and_server_counts() {
        let fresh_s = |configured, hinted: Option<Duration>| {
            let terms = terms(configured, 0, 0);
            (0..=200).take_while(|age_s| terms.state(hinted, seconds(*age_s)) == State::Fresh).count()
        };
        assert_eq!(fresh_s(None, None), 0);
        assert_eq!(fresh_s(Some(10), None), 10);
        assert_eq!(fresh_s(Some(10), Some(seconds(3))), 3);
        assert_eq!(fresh_s(Some(10), Some(seconds(30))), 10);
        assert_eq!(fresh_s(None, Some(seconds(30))), 30);
        assert_eq!(fresh_s(None, Some(seconds(1_000))), 100);
        assert_eq!(fresh_s(Some(0), Some(seconds(30))), 0);
    }

    #[test]
    fn what_nobody_could_be_given_is_not_kept() {
        assert!(!terms(None, 0, 0).keep(None));
        assert!(!terms(Some(0), 0, 0).keep(Some(seconds(9))));
        assert!(!terms(Some(9), 0, 0).keep(Some(seconds(0))));
        assert!(terms(Some(0), 0, 9).keep(None));
        assert!(terms(None, 0, 0).keep(Some(seconds(1))));
    }
}
