//! What was declared void, in the order in which it happened. An answer is good if nothing that concerns it was declared
//! void since its fetching *began*: so one that was already on its way when the world changed is never kept. What a
//! declaration concerns is the affair of whoever keeps the ledger.

use std::collections::VecDeque;

/// Declarations that are told apart. When an older one has to make room, everything that was fetched before it is void:
/// too much is forgotten then, never too little.
const DECLARATIONS_MAX: usize = 256;

/// A point in the order of declarations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub u64);

/// What a ledger that follows another has learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Followed {
    /// The declaration after those that are known.
    Next,
    /// A later one: some before it were missed.
    Missed,
    /// Nothing that was not known.
    Known,
}

/// The declarations of one server.
#[derive(Debug)]
pub struct Ledger<D> {
    newest: u64,
    /// What was fetched before this is void, whatever it is.
    everything: u64,
    declared: VecDeque<(u64, D)>,
    declarations_max: usize,
}

impl<D> Default for Ledger<D> {
    fn default() -> Self {
        Self::with_room(DECLARATIONS_MAX)
    }
}

impl<D> Ledger<D> {
    /// A ledger that tells so many declarations apart, at least one.
    pub fn with_room(declarations: usize) -> Self {
        let declarations_max = declarations.max(1);
        Self { newest: 0, everything: 0, declared: VecDeque::new(), declarations_max }
    }
}

impl<D: PartialEq> Ledger<D> {
    /// Now. Noted when the fetching of an answer begins.
    pub fn now(&self) -> Moment {
        Moment(self.newest)
    }

    /// Declares everything void that was fetched until now.
    pub fn declare_all(&mut self) {
        self.declare_all_as(self.newest + 1);
    }

    /// Declares void what a declaration concerns, as far as it was fetched until now.
    pub fn declare(&mut self, declaration: D) {
        self.declare_as(self.newest + 1, declaration);
    }

    /// Follows the ledger of others, which has declared this under this number; without a declaration, everything. Where
    /// numbers between are missing everything is void, and that is said.
    pub fn follow(&mut self, number: u64, declaration: Option<D>) -> Followed {
        if number <= self.newest {
            return Followed::Known;
        }
        let is_next = number == self.newest + 1;
        match declaration {
            Some(declaration) if is_next => self.declare_as(number, declaration),
            _ => self.declare_all_as(number),
        }
        if is_next { Followed::Next } else { Followed::Missed }
    }

    fn declare_all_as(&mut self, number: u64) {
        self.newest = number;
        self.everything = number;
        self.declared.clear();
    }

    fn declare_as(&mut self, number: u64, declaration: D) {
        self.newest = number;
        self.declared.retain(|(_, other)| *other != declaration);
        if self.declared.len() == self.declarations_max
            && let Some((number, _)) = self.declared.pop_front()
        {
            self.everything = number;
        }
        self.declared.push_back((self.newest, declaration));
    }

    /// Whether an answer whose fetching began then is good; `concerns` says whether a declaration concerns it.
    pub fn is_good(&self, since: Moment, concerns: impl Fn(&D) -> bool) -> bool {
        let later = self.declared.iter().rev().take_while(|(number, _)| *number > since.0);
        since.0 >= self.everything && !later.map(|(_, declaration)| declaration).any(concerns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_that_follows_another_knows_what_it_has_heard_and_trusts_nothing_after_a_gap() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.follow(1_000, Some("a")), Followed::Missed);
        let since = ledger.now();
        assert_eq!(since, Moment(1_000));
        assert_eq!(ledger.follow(1_001, Some("b")), Followed::Next);
        assert_eq!(ledger.follow(1_001, Some("c")), Followed::Known);
        assert!(ledger.is_good(since, |other| *other == "c"));
        assert!(!ledger.is_good(since, |other| *other == "b"));
        assert_eq!(ledger.follow(1_003, Some("d")), Followed::Missed);
        assert!(!ledger.is_good(since, |other| *other == "c"), "1002 may have been about anything");
        let since = ledger.now();
        assert_eq!(ledger.follow(1_004, None), Followed::Next);
        assert!(!ledger.is_good(since, |_| false));
    }

    #[test]
    fn the_oldest_declaration_makes_room_and_takes_what_was_before_it_along() {
        let mut ledger = Ledger::default();
        let before = ledger.now();
        ledger.declare(0);
        let between = ledger.now();
        for declaration in 1..=DECLARATIONS_MAX {
            ledger.declare(declaration);
        }
        assert!(!ledger.is_good(before, |_| false));
        assert!(ledger.is_good(between, |_| false));
        assert!(!ledger.is_good(between, |declaration| *declaration == 1));
    }
}
