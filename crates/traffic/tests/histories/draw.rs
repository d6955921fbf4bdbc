//! What happens in a history, drawn from plain numbers: these cost next to nothing to make, so that a million histories
//! take a minute, and a smaller one stands for less, so that a history that breaks a rule is made short and plain.

use std::{fmt::Debug, ops::Range};

use proptest::{collection::vec, prelude::*};

/// A number from which one thing after the other is drawn. Zero draws the first and the least of everything.
pub(crate) struct Draw(u64);

impl Draw {
    /// One of the numbers below.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let drawn = self.0 % end as u64;
        self.0 /= end as u64;
        drawn as usize
    }

    /// The place of one of so many choices, each as often as its weight says.
    pub(crate) fn weighted(&mut self, weights: &[usize]) -> usize {
        let mut left = self.below(weights.iter().sum());
        let is_over = |weight: &usize| {
            let is_drawn = left < *weight;
            left = left.saturating_sub(*weight);
            is_drawn
        };
        weights.iter().position(is_over).expect("it is below the sum of all")
    }

    /// All that has not been drawn yet.
    pub(crate) fn rest(&mut self) -> u64 {
        std::mem::take(&mut self.0)
    }
}

/// Histories of so many things that happen.
pub(crate) fn history<T: Clone + Debug>(
    length: Range<usize>,
    happens: impl Fn(&mut Draw) -> T,
) -> impl Strategy<Value = Vec<T>> {
    vec(any::<u64>(), length)
        .prop_map(move |numbers| numbers.into_iter().map(|number| happens(&mut Draw(number))).collect())
}
