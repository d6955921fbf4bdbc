//! A number of places that queues which know nothing of each other share: those of the node, and those of a principal.
//! Taking and giving back is one atomic step each; who waits for a place is for the queues to remember.

use std::sync::Arc;

use crate::sync::atomic::{AtomicU32, Ordering};

/// So many places and no more.
#[derive(Debug)]
pub struct Bound {
    max: AtomicU32,
    taken: AtomicU32,
}

impl Bound {
    /// `max` places, all free.
    pub const fn of(max: u32) -> Self {
        Self { max: AtomicU32::new(max), taken: AtomicU32::new(0) }
    }

    /// Takes a place, if one is free.
    pub fn take(&self) -> bool {
        let max = self.max.load(Ordering::Relaxed);
        let taken = |taken: u32| (taken < max).then_some(taken + 1);
        self.taken.fetch_update(Ordering::SeqCst, Ordering::SeqCst, taken).is_ok()
    }

    /// Takes a place that nobody may refuse: of work that had one, and goes on.
    pub fn take_anyway(&self) {
        self.taken.fetch_add(1, Ordering::SeqCst);
    }

    /// Gives a place back.
    pub fn give(&self) {
        let before = self.taken.fetch_sub(1, Ordering::SeqCst);
        debug_assert!(before > 0, "a place is given back that nobody took");
    }

    /// Whether no place is free.
    pub fn is_full(&self) -> bool {
        self.taken.load(Ordering::SeqCst) >= self.max.load(Ordering::Relaxed)
    }

    /// How many places are taken.
    pub fn taken(&self) -> u32 {
        self.taken.load(Ordering::SeqCst)
    }

    /// How many places there are.
    pub fn max(&self) -> u32 {
        self.max.load(Ordering::Relaxed)
    }

    /// Changes how many there are. Who has a place keeps it.
    pub fn set_max(&self, max: u32) {
        self.max.store(max, Ordering::Relaxed);
    }
}

/// What one principal may hold in all queues of the node together.
#[derive(Debug)]
pub struct Share {
    /// The name of the principal.
    pub principal: Arc<str>,
    /// Its calls that run.
    pub running: Bound,
    /// Its calls that wait.
    pub waiting: Bound,
}

impl Share {
    /// The share of a principal that has nothing under way.
    pub fn new(principal: Arc<str>, running_max: u32, waiting_max: u32) -> Arc<Self> {
        Arc::new(Self { principal, running: Bound::of(running_max), waiting: Bound::of(waiting_max) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_places_are_taken_than_there_are() {
        let bound = Bound::of(2);
        assert!(bound.take() && !bound.is_full() && bound.take());
        assert!(bound.is_full() && !bound.take());
        bound.take_anyway();
        bound.give();
        assert!(!bound.take(), "two are still taken");
        bound.give();
        assert!(bound.take());
    }

    #[test]
    fn who_has_a_place_keeps_it_when_there_are_fewer() {
        let bound = Bound::of(2);
        assert!(bound.take() && bound.take());
        bound.set_max(1);
        bound.give();
        assert!(bound.is_full() && bound.taken() == 1);
    }
}
