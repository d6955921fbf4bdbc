//! Whether a call that got no answer is sent once more, and when. A call that may have had an effect is not; and all that
//! is sent once more is a bounded part of all that is sent, so that a server in trouble is not drowned.

use std::time::Duration;

use crate::Act;

/// So many calls may be sent once more without any having earned it: a server that is hardly used has no percent.
const RESERVE: u32 = 10;

/// When calls are sent once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How often a call is sent at most.
    pub attempts: u32,
    /// The longest wait before the second attempt; it doubles with each.
    pub wait: Duration,
    /// The longest wait at all.
    pub wait_max: Duration,
    /// How many of a hundred calls may be sent once more.
    pub budget_percent: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self { attempts: 3, wait: Duration::from_millis(100), wait_max: Duration::from_secs(5), budget_percent: 20 }
    }
}

/// What is known of a call that got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// It never reached the server.
    NeverSent,
    /// The server turned it away unread, and perhaps said how long to stay away.
    TurnedAway(Option<Duration>),
    /// It was sent, and nobody knows what came of it.
    Lost,
}

/// One call, as far as it matters whether it is sent once more.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// The number of the attempt that failed, from 1.
    pub number: u32,
    /// What the call does to the world.
    pub act: Act,
    /// What is known of the attempt.
    pub loss: Loss,
    /// How long the caller still waits.
    pub left: Duration,
}

impl Rules {
    /// How long to wait before the call is sent once more; `None` if it is not. The wait is any time up to the bound of its
    /// attempt, so that those who failed together do not come back together.
    pub fn next(&self, attempt: &Attempt, budget: &mut Budget, random: u64) -> Option<Duration> {
        let is_safe = attempt.loss != Loss::Lost || attempt.act.may_repeat();
        if !is_safe || attempt.number >= self.attempts {
            return None;
        }
        let wait = match attempt.loss {
            Loss::TurnedAway(Some(after)) if after > self.wait_max => return None,
            Loss::TurnedAway(Some(after)) => after + self.wait(attempt.number, random),
            _ => self.wait(attempt.number, random),
        };
        (wait < attempt.left && budget.spend()).then_some(wait)
    }

    fn wait(&self, number: u32, random: u64) -> Duration {
        let doubled = self.wait.saturating_mul(2_u32.saturating_pow(number.saturating_sub(1)));
        doubled.min(self.wait_max).mul_f64(random as f64 / u64::MAX as f64)
    }
}

/// What calls have earned for those that are sent once more, in hundredths of a call.
#[derive(Clone, Debug)]
pub struct Budget(u32);

impl Default for Budget {
    fn default() -> Self {
        Self(RESERVE * 100)
    }
}

impl Budget {
    /// A call is sent for the first time.
    pub fn earn(&mut self, rules: &Rules) {
        self.0 = (self.0 + rules.budget_percent).min(RESERVE * 100);
    }

    /// Takes what one more sending costs; false where nothing is left for it.
    pub fn spend(&mut self) -> bool {
        let Some(rest) = self.0.checked_sub(100) else { return false };
        self.0 = rest;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_mins(1);

    fn next(number: u32, act: Act, loss: Loss, left: Duration, random: u64) -> Option<u128> {
        let attempt = Attempt { number, act, loss, left };
        Rules::default().next(&attempt, &mut Budget::default(), random).map(|wait| wait.as_millis())
    }

    #[test]
    fn an_act_that_was_sent_is_never_sent_again() {
        let check = |act, loss, expected: bool| {
            assert_eq!(next(1, act, loss, LONG, u64::MAX).is_some(), expected, "{act:?} {loss:?}");
        };
        check(Act::Acts, Loss::Lost, false);
        check(Act::Acts, Loss::NeverSent, true);
        check(Act::Acts, Loss::TurnedAway(None), true);
        check(Act::Repeatable, Loss::Lost, true);
        check(Act::Reads, Loss::Lost, true);
    }

    #[test]
    fn waits_double_and_chance_shortens_them() {
        let check = |number, random, expected| {
            assert_eq!(next(number, Act::Reads, Loss::Lost, LONG, random), expected, "{number}");
        };
        check(1, u64::MAX, Some(100));
        check(2, u64::MAX, Some(200));
        check(2, 0, Some(0));
        check(3, 0, None);
        let patient = Rules { attempts: 100, ..Rules::default() };
        assert_eq!(patient.wait(50, u64::MAX), Duration::from_secs(5));
    }

    #[test]
    fn a_server_that_says_when_to_come_is_obeyed_or_left_alone() {
        let away = |seconds| Loss::TurnedAway(Some(Duration::from_secs(seconds)));
        assert_eq!(next(1, Act::Acts, away(2), LONG, 0), Some(2_000));
        assert_eq!(next(1, Act::Acts, away(2), LONG, u64::MAX), Some(2_100));
        assert_eq!(next(1, Act::Acts, away(6), LONG, 0), None, "longer than anybody waits here");
    }

    #[test]
    fn nothing_is_sent_after_the_caller_has_gone() {
        assert_eq!(next(1, Act::Reads, Loss::Lost, Duration::from_millis(100), u64::MAX), None);
        assert_eq!(next(1, Act::Reads, Loss::Lost, Duration::from_millis(101), u64::MAX), Some(100));
    }

    #[test]
    fn of_a_hundred_calls_that_fail_twenty_and_the_reserve_are_sent_once_more() {
        let (rules, mut budget) = (Rules::default(), Budget::default());
        let attempt = Attempt { number: 1, act: Act::Reads, loss: Loss::Lost, left: LONG };
        let mut repeated = 0;
        for _ in 0..100 {
            budget.earn(&rules);
            repeated += u32::from(rules.next(&attempt, &mut budget, 0).is_some());
        }
        assert!((20..=20 + RESERVE).contains(&repeated), "{repeated}");
    }
}
