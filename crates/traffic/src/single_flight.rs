//! Calls that ask the same thing at the same time: the first is made, the others wait for its answer. It knows neither what
//! is asked nor how one waits; a `Key` says what is the same, a `Waiter` is told.

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::Hash,
};

/// So many wait for one answer; whoever comes then asks for himself.
const WAITERS_MAX: usize = 1_000;
/// So many calls are known at one time; whoever comes then asks for himself.
const FLIGHTS_MAX: usize = 10_000;

/// The part that a call plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// It is the first: it is made, and its end is told with [`Flights::landed`].
    Leads,
    /// It waits for the end of the first.
    Follows,
    /// It is made, and nobody waits for it.
    Alone,
}

/// The calls under way that others may share.
#[derive(Debug)]
pub struct Flights<Key, Waiter> {
    waiting: HashMap<Key, Vec<Waiter>>,
}

impl<Key: Eq + Hash, Waiter> Default for Flights<Key, Waiter> {
    fn default() -> Self {
        Self { waiting: HashMap::new() }
    }
}

impl<Key: Eq + Hash, Waiter> Flights<Key, Waiter> {
    /// A call for `key` comes. If it follows, the waiter that `waiter` makes is told of the end.
    pub fn join(&mut self, key: Key, waiter: impl FnOnce() -> Waiter) -> Part {
        let is_full = self.waiting.len() >= FLIGHTS_MAX;
        match self.waiting.entry(key) {
            Entry::Occupied(waiting) if waiting.get().len() >= WAITERS_MAX => Part::Alone,
            Entry::Occupied(mut waiting) => {
                waiting.get_mut().push(waiter());
                Part::Follows
            }
            Entry::Vacant(_) if is_full => Part::Alone,
            Entry::Vacant(place) => {
                place.insert(Vec::new());
                Part::Leads
            }
        }
    }

    /// The call that led has ended, or is given up: these waited for it. Whoever comes now is the first again.
    pub fn landed(&mut self, key: &Key) -> Vec<Waiter> {
        self.waiting.remove(key).unwrap_or_default()
    }

    /// How many calls lead.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether no call leads.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_leads_and_the_others_are_told() {
        let mut flights = Flights::default();
        assert_eq!(flights.join("read a", || 1), Part::Leads);
        assert_eq!(flights.join("read a", || 2), Part::Follows);
        assert_eq!(flights.join("read b", || 3), Part::Leads);
        assert_eq!(flights.join("read a", || 4), Part::Follows);
        assert_eq!(flights.landed(&"read a"), [2, 4]);
        assert_eq!(flights.landed(&"read a"), []);
        assert_eq!(flights.join("read a", || 5), Part::Leads);
        assert_eq!(flights.len(), 2);
    }

    #[test]
    fn whoever_finds_no_room_asks_for_himself() {
        let mut flights = Flights::default();
        assert_eq!(flights.join(0, || 0), Part::Leads);
        for number in 0..WAITERS_MAX {
            assert_eq!(flights.join(0, || number), Part::Follows);
        }
        assert_eq!(flights.join(0, || 0), Part::Alone);
        assert_eq!(flights.landed(&0).len(), WAITERS_MAX);
        for number in 0..FLIGHTS_MAX {
            assert_eq!(flights.join(number, || 0), Part::Leads);
        }
        assert_eq!(flights.join(FLIGHTS_MAX, || 0), Part::Alone);
    }
}
