//! Calls of the same kind that come within a moment of each other and can be sent as one: who opens a gathering, who joins it,
//! and when it is complete. It knows neither what is gathered nor how long a moment is.

use std::{collections::HashMap, hash::Hash};

/// So many calls are gathered at most, whatever a server says it takes: what comes together waits for the slowest of them.
pub const GATHERED_MAX: usize = 32;
/// So many gatherings are open at one time; whoever comes then goes alone.
const OPEN_MAX: usize = 1_000;

/// What comes of a call that may be gathered.
#[derive(Debug, PartialEq, Eq)]
pub enum Joined<Member> {
    /// It has opened a gathering: after a moment somebody has to [`Gatherings::close`] it by this number.
    Opened(u64),
    /// It waits with the others.
    Waits,
    /// It completes its gathering, which is closed now.
    Completes(Vec<Member>),
    /// There is no room for another gathering.
    Alone,
}

/// The gatherings that are open.
#[derive(Debug)]
pub struct Gatherings<Key, Member> {
    open: HashMap<Key, (u64, Vec<Member>)>,
    newest: u64,
}

impl<Key, Member> Default for Gatherings<Key, Member> {
    fn default() -> Self {
        Self { open: HashMap::new(), newest: 0 }
    }
}

impl<Key: Eq + Hash, Member> Gatherings<Key, Member> {
    /// A call comes that goes with others under `key`, up to `most` of them together. If it stays, it is what `member` makes.
    pub fn join(&mut self, key: Key, most: usize, member: impl FnOnce() -> Member) -> Joined<Member> {
        let Some((_, members)) = self.open.get_mut(&key) else {
            if self.open.len() >= OPEN_MAX {
                return Joined::Alone;
            }
            self.newest += 1;
            self.open.insert(key, (self.newest, vec![member()]));
            return Joined::Opened(self.newest);
        };
        members.push(member());
        if members.len() < most.min(GATHERED_MAX) {
            return Joined::Waits;
        }
        Joined::Completes(self.open.remove(&key).map(|(_, members)| members).unwrap_or_default())
    }

    /// The moment of a gathering is over: these have come. Nobody, if it was completed before.
    pub fn close(&mut self, key: &Key, number: u64) -> Vec<Member> {
        if self.open.get(key).is_none_or(|(open, _)| *open != number) {
            return Vec::new();
        }
        self.open.remove(key).map(|(_, members)| members).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_within_the_moment_goes_together() {
        let mut gatherings = Gatherings::default();
        assert_eq!(gatherings.join("a", 9, || 1), Joined::Opened(1));
        assert_eq!(gatherings.join("b", 9, || 2), Joined::Opened(2));
        assert_eq!(gatherings.join("a", 9, || 3), Joined::Waits);
        assert_eq!(gatherings.close(&"a", 1), [1, 3]);
        assert_eq!(gatherings.close(&"a", 1), [0; 0]);
        assert_eq!(gatherings.join("a", 9, || 4), Joined::Opened(3));
    }

    #[test]
    fn a_complete_gathering_does_not_wait_and_its_moment_closes_no_other() {
        let mut gatherings = Gatherings::default();
        assert_eq!(gatherings.join("a", 2, || 1), Joined::Opened(1));
        assert_eq!(gatherings.join("a", 2, || 2), Joined::Completes(vec![1, 2]));
        assert_eq!(gatherings.join("a", 2, || 3), Joined::Opened(2));
        assert_eq!(gatherings.close(&"a", 1), [0; 0], "that was the one before");
        assert_eq!(gatherings.close(&"a", 2), [3]);
    }

    #[test]
    fn bounds_hold_whatever_a_server_says() {
        let mut gatherings = Gatherings::default();
        assert_eq!(gatherings.join(0, usize::MAX, || 0), Joined::Opened(1));
        for _ in 2..GATHERED_MAX {
            assert_eq!(gatherings.join(0, usize::MAX, || 0), Joined::Waits);
        }
        assert_eq!(gatherings.join(0, usize::MAX, || 0), Joined::Completes(vec![0; GATHERED_MAX]));
        for key in 0..OPEN_MAX {
            assert!(matches!(gatherings.join(key, 2, || 0), Joined::Opened(_)));
        }
        assert_eq!(gatherings.join(OPEN_MAX, 2, || 0), Joined::Alone);
    }
}
