//! When a call that only reads is worth a second copy: when it takes longer than nearly all before it. Copies are paid for
//! from the same budget as calls that are sent once more.

use std::{collections::VecDeque, time::Duration};

/// Times that are remembered, the newest.
const TIMES_MAX: usize = 128;

/// Times from which on it is known what is usual.
const TIMES_MIN: usize = 20;

/// Calls of a hundred that are quicker than one that is worth a copy.
const PERCENT: usize = 95;

/// How long the latest calls of one tool took.
#[derive(Clone, Debug, Default)]
pub struct Times(VecDeque<Duration>);

impl Times {
    /// A call took so long.
    pub fn note(&mut self, took: Duration) {
        if self.0.len() == TIMES_MAX {
            self.0.pop_front();
        }
        self.0.push_back(took);
    }

    /// After how long a copy of a call is sent; nothing while too little is known.
    pub fn patience(&self) -> Option<Duration> {
        if self.0.len() < TIMES_MIN {
            return None;
        }
        let mut times: Vec<Duration> = self.0.iter().copied().collect();
        let at = (times.len() * PERCENT).div_ceil(100) - 1;
        Some(*times.select_nth_unstable(at).1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(times: impl Iterator<Item = u64>) -> Times {
        let mut all = Times::default();
        times.for_each(|ms| all.note(Duration::from_millis(ms)));
        all
    }

    #[test]
    fn nothing_is_usual_before_enough_is_known() {
        assert_eq!(of(1..20).patience(), None);
        assert_eq!(of(1..=20).patience(), Some(Duration::from_millis(19)));
    }

    #[test]
    fn nineteen_of_twenty_calls_are_quicker_than_one_that_is_worth_a_copy() {
        assert_eq!(of((1..=100).rev()).patience(), Some(Duration::from_millis(95)));
    }

    #[test]
    fn what_is_long_ago_is_forgotten() {
        assert_eq!(
            of((0..500).map(|_| 1_000).chain((0..TIMES_MAX as u64).map(|_| 7))).patience(),
            Some(Duration::from_millis(7))
        );
    }
}
