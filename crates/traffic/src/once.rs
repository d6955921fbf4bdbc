//! Calls under a key that their caller chose, so that they can be sent again without being done again: the first is made,
//! others under its key wait for its answer or get the one that is kept. An owner sees only keys of its own.
//!
//! What is short of room is never made up for by doing a thing twice: an answer may be forgotten, that there was one is
//! not; and where there is no room for another key, its call is refused.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    sync::Arc,
    time::{Duration, Instant},
};

/// How much is kept, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// How long an answer is kept after it was given.
    pub kept: Duration,
    /// Keys of one owner.
    pub keys_per_owner: usize,
    /// Keys of all.
    pub keys: usize,
    /// Bytes of the kept answers of one owner.
    pub bytes_per_owner: usize,
    /// Bytes of all kept answers.
    pub bytes: usize,
    /// Bytes of one answer: of a larger one only the fact is kept.
    pub answer_bytes: usize,
    /// Calls that wait for the answer of one.
    pub waiters: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            kept: Duration::from_hours(24),
            keys_per_owner: 20_000,
            keys: 200_000,
            bytes_per_owner: 16 << 20,
            bytes: 64 << 20,
            answer_bytes: 1 << 20,
            waiters: 1_000,
        }
    }
}

/// What is to be done with a call under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begin<Answer> {
    /// It is the first: it is made, and its end is told with [`Once::finished`].
    First,
    /// The first is under way; the waiter is told of its end.
    Waits,
    /// The first was answered like this.
    Kept(Answer),
    /// The first was answered, and the answer is no longer there.
    Forgotten,
    /// The key was used for something else.
    Conflict,
    /// There is no room for another key, or for another that waits.
    Full,
}

/// A call under a key.
#[derive(Debug)]
enum Entry<Answer, Waiter> {
    Running { digest: [u8; 32], waiters: Vec<Waiter> },
    Finished { digest: [u8; 32], answer: Option<(Answer, usize)> },
}

/// The keys of one owner.
#[derive(Debug)]
struct Own<Key, Answer, Waiter> {
    entries: HashMap<Key, Entry<Answer, Waiter>>,
    /// Those that have finished, the oldest first, and of how many of them the answers are forgotten.
    finished: VecDeque<(Instant, Key)>,
    forgotten: usize,
    bytes: usize,
}

/// All calls under keys.
#[derive(Debug)]
pub struct Once<Key, Answer, Waiter> {
    bounds: Bounds,
    owners: HashMap<Arc<str>, Own<Key, Answer, Waiter>>,
    keys: usize,
    bytes: usize,
}

impl<Key: Clone + Eq + Hash, Answer: Clone, Waiter> Once<Key, Answer, Waiter> {
    /// Nothing is known yet.
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, owners: HashMap::new(), keys: 0, bytes: 0 }
    }

    /// A call of `owner` comes under `key`; `digest` says what it is. If it waits, the waiter that `waiter` makes is told.
    pub fn begin(
        &mut self,
        owner: &Arc<str>,
        key: &Key,
        digest: [u8; 32],
        now: Instant,
        waiter: impl FnOnce() -> Waiter,
    ) -> Begin<Answer> {
        self.expire(owner, now);
        let own = self.owners.entry(owner.clone()).or_default();
        let own_keys = own.entries.len();
        let Some(known) = own.entries.get_mut(key) else {
            if self.keys >= self.bounds.keys || own_keys >= self.bounds.keys_per_owner {
                return Begin::Full;
            }
            own.entries.insert(key.clone(), Entry::Running { digest, waiters: Vec::new() });
            self.keys += 1;
            return Begin::First;
        };
        match known {
            Entry::Running { digest: other, .. } | Entry::Finished { digest: other, .. } if *other != digest => {
                Begin::Conflict
            }
            Entry::Running { waiters, .. } if waiters.len() >= self.bounds.waiters => Begin::Full,
            Entry::Running { waiters, .. } => {
                waiters.push(waiter());
                Begin::Waits
            }
            Entry::Finished { answer: Some((answer, _)), .. } => Begin::Kept(answer.clone()),
            Entry::Finished { answer: None, .. } => Begin::Forgotten,
        }
    }

    /// The first call under `key` has ended: with an answer of so many bytes, or without having done anything, so that the
    /// next one is the first again. These waited for it.
    pub fn finished(
        &mut self,
        owner: &Arc<str>,
        key: &Key,
        answer: Option<(Answer, usize)>,
        now: Instant,
    ) -> Vec<Waiter> {
        let Some(own) = self.owners.get_mut(owner) else { return Vec::new() };
        let Some(Entry::Running { digest, waiters }) = own.entries.get_mut(key) else { return Vec::new() };
        let (digest, waiters) = (*digest, std::mem::take(waiters));
        let Some((answer, bytes)) = answer else {
            own.entries.remove(key);
            self.keys -= 1;
            return waiters;
        };
        let room = self.bounds.bytes_per_owner;
        let others = self.bytes - own.bytes;
        let is_kept = bytes <= self.bounds.answer_bytes && own.make_room(bytes, room.min(self.bounds.bytes - others));
        own.entries.insert(key.clone(), Entry::Finished { digest, answer: is_kept.then_some((answer, bytes)) });
        own.finished.push_back((now, key.clone()));
        own.bytes += if is_kept { bytes } else { 0 };
        self.bytes = others + own.bytes;
        waiters
    }

    /// Forgets what is older than it is kept, of all owners.
    pub fn sweep(&mut self, now: Instant) {
        let owners: Vec<Arc<str>> = self.owners.keys().cloned().collect();
        for owner in owners {
            self.expire(&owner, now);
        }
        self.owners.retain(|_, own| !own.entries.is_empty());
    }

    /// How many keys are known.
    pub fn keys(&self) -> usize {
        self.keys
    }

    /// The bytes of all kept answers.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn expire(&mut self, owner: &Arc<str>, now: Instant) {
        let Some(own) = self.owners.get_mut(owner) else { return };
        let before = (own.entries.len(), own.bytes);
        while own.finished.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) >= self.bounds.kept) {
            own.drop_oldest();
        }
        self.keys -= before.0 - own.entries.len();
        self.bytes -= before.1 - own.bytes;
    }
}

impl<Key, Answer, Waiter> Default for Own<Key, Answer, Waiter> {
    fn default() -> Self {
        Self { entries: HashMap::new(), finished: VecDeque::new(), forgotten: 0, bytes: 0 }
    }
}

impl<Key: Eq + Hash, Answer, Waiter> Own<Key, Answer, Waiter> {
    /// Forgets answers, the oldest first, until so many bytes more fit into `room`.
    fn make_room(&mut self, bytes: usize, room: usize) -> bool {
        if bytes > room {
            return false;
        }
        while self.bytes + bytes > room {
            let Some((_, key)) = self.finished.get(self.forgotten) else { return false };
            if let Some(Entry::Finished { answer, .. }) = self.entries.get_mut(key) {
                self.bytes -= answer.take().map_or(0, |(_, bytes)| bytes);
            }
            self.forgotten += 1;
        }
        true
    }

    fn drop_oldest(&mut self) {
        let Some((_, key)) = self.finished.pop_front() else { return };
        self.forgotten = self.forgotten.saturating_sub(1);
        if let Some(Entry::Finished { answer: Some((_, bytes)), .. }) = self.entries.remove(&key) {
            self.bytes -= bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Kept = Once<&'static str, &'static str, u32>;

    const DIGEST: [u8; 32] = [1; 32];
    const OTHER: [u8; 32] = [2; 32];

    fn once(bounds: Bounds) -> (Kept, Arc<str>, Instant) {
        (Once::new(bounds), "ada".into(), Instant::now())
    }

    #[test]
    fn the_first_is_made_others_wait_and_later_ones_get_its_answer() {
        let (mut once, ada, now) = once(Bounds::default());
        assert_eq!(once.begin(&ada, &"k", DIGEST, now, || 1), Begin::First);
        assert_eq!(once.begin(&ada, &"k", DIGEST, now, || 2), Begin::Waits);
        assert_eq!(once.begin(&ada, &"k", OTHER, now, || 3), Begin::Conflict);
        assert_eq!(once.finished(&ada, &"k", Some(("done", 4)), now), [2]);
        assert_eq!(once.begin(&ada, &"k", DIGEST, now, || 4), Begin::Kept("done"));
        assert_eq!(once.begin(&ada, &"k", OTHER, now, || 5), Begin::Conflict);
    }

    #[test]
    fn a_key_is_its_owners_alone() {
        let (mut once, ada, now) = once(Bounds::default());
        once.begin(&ada, &"k", DIGEST, now, || 1);
        assert_eq!(once.begin(&"bob".into(), &"k", OTHER, now, || 2), Begin::First);
    }

    #[test]
    fn a_call_that_did_nothing_leaves_its_key_free() {
        let (mut once, ada, now) = once(Bounds::default());
        once.begin(&ada, &"k", DIGEST, now, || 1);
        once.begin(&ada, &"k", DIGEST, now, || 2);
        assert_eq!(once.finished(&ada, &"k", None, now), [2]);
        assert_eq!(once.begin(&ada, &"k", OTHER, now, || 3), Begin::First);
        assert_eq!(once.keys(), 1);
    }

    #[test]
    fn an_answer_is_kept_for_a_day_and_a_call_under_way_for_as_long_as_it_takes() {
        let (mut once, ada, now) = once(Bounds::default());
        once.begin(&ada, &"slow", DIGEST, now, || 1);
        once.begin(&ada, &"k", DIGEST, now, || 2);
        once.finished(&ada, &"k", Some(("done", 4)), now);
        let day = now + Duration::from_hours(24);
        let within = now + Duration::from_hours(23);
        assert_eq!(once.begin(&ada, &"k", DIGEST, within, || 3), Begin::Kept("done"));
        once.sweep(day);
        assert_eq!((once.keys(), once.bytes()), (1, 0));
        assert_eq!(once.begin(&ada, &"k", DIGEST, day, || 4), Begin::First);
        assert_eq!(once.begin(&ada, &"slow", DIGEST, day, || 5), Begin::Waits);
    }

    #[test]
    fn without_room_an_answer_is_forgotten_but_not_that_there_was_one() {
        let (mut once, ada, now) = once(Bounds { bytes_per_owner: 10, answer_bytes: 8, ..Bounds::default() });
        for (key, bytes) in [("a", 6), ("b", 4), ("c", 5), ("d", 9)] {
            once.begin(&ada, &key, DIGEST, now, || 0);
            once.finished(&ada, &key, Some((key, bytes)), now);
        }
        let mut again = |key| once.begin(&ada, &key, DIGEST, now, || 0);
        assert_eq!(again("a"), Begin::Forgotten, "the oldest went");
        assert_eq!(again("b"), Begin::Kept("b"));
        assert_eq!(again("c"), Begin::Kept("c"));
        assert_eq!(again("d"), Begin::Forgotten, "larger than any answer that is kept");
        assert_eq!(once.bytes(), 9);
    }

    #[test]
    fn without_room_for_a_key_its_call_is_refused() {
        let (mut once, ada, now) = once(Bounds { keys_per_owner: 1, keys: 2, waiters: 1, ..Bounds::default() });
        assert_eq!(once.begin(&ada, &"a", DIGEST, now, || 0), Begin::First);
        assert_eq!(once.begin(&ada, &"b", DIGEST, now, || 0), Begin::Full);
        assert_eq!(once.begin(&ada, &"a", DIGEST, now, || 0), Begin::Waits);
        assert_eq!(once.begin(&ada, &"a", DIGEST, now, || 0), Begin::Full);
        assert_eq!(once.begin(&"bob".into(), &"a", DIGEST, now, || 0), Begin::First);
        assert_eq!(once.begin(&"eve".into(), &"a", DIGEST, now, || 0), Begin::Full);
    }
}
