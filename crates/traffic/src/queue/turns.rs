//! Whose turn it is among the classes: each has as many turns in a cycle as it weighs, the most urgent first. A class that
//! can start something while it has turns left is passed over by nobody, so each one advances in every cycle.

use crate::Class;

/// The turns that each class has in one cycle, the most urgent class first.
pub type Weights = [u32; 5];

/// The weights where nothing else is said.
pub const WEIGHTS: Weights = [16, 8, 4, 2, 1];

/// The turns that are left in this cycle.
#[derive(Clone, Debug)]
pub(super) struct Turns {
    weights: Weights,
    left: Weights,
}

impl Turns {
    /// A fresh cycle. A class without weight has one turn: nobody waits for ever.
    pub(super) fn new(weights: Weights) -> Self {
        let weights = weights.map(|weight| weight.max(1));
        Self { weights, left: weights }
    }

    /// The classes in the order in which they may start something: those with turns left before those without.
    pub(super) fn order(&self) -> [Class; 5] {
        let mut order = Class::ALL;
        order.sort_by_key(|class| (self.left[at(*class)] == 0, at(*class)));
        order
    }

    /// A class has started something. If it had no turn left, all others had nothing to start: a new cycle begins.
    pub(super) fn took(&mut self, class: Class) {
        if self.left[at(class)] == 0 {
            self.left = self.weights;
        }
        self.left[at(class)] -= 1;
    }
}

/// Where a class stands in an array that begins with the most urgent.
pub(super) fn at(class: Class) -> usize {
    Class::Critical as usize - class as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which classes start something in `turns` turns when all of `busy` always could.
    fn play(busy: &[Class], turns: usize) -> Vec<Class> {
        let mut state = Turns::new(WEIGHTS);
        let mut one = || {
            let class = state.order().into_iter().find(|class| busy.contains(class)).unwrap();
            state.took(class);
            class
        };
        (0..turns).map(|_| one()).collect()
    }

    #[test]
    fn in_one_cycle_each_class_has_the_turns_that_it_weighs() {
        let started = play(&Class::ALL, 31);
        for (class, weight) in Class::ALL.into_iter().zip(WEIGHTS) {
            assert_eq!(started.iter().filter(|started| **started == class).count(), weight as usize, "{class}");
        }
        assert_eq!(started[0], Class::Critical);
    }

    #[test]
    fn classes_with_nothing_to_start_cost_the_others_nothing() {
        let started = play(&[Class::High, Class::Bulk], 18);
        assert_eq!(started.iter().filter(|class| **class == Class::Bulk).count(), 2);
        assert_eq!(play(&[Class::Bulk], 3), [Class::Bulk; 3]);
    }

    #[test]
    fn a_class_without_weight_still_has_a_turn() {
        let mut turns = Turns::new([1, 0, 0, 0, 0]);
        turns.took(Class::Critical);
        assert_eq!(turns.order()[0], Class::High);
    }
}
