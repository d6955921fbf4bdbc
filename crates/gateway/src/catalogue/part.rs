//! What the catalogue knows of one server: its lists as they were last read, by this node or by one before it, why there are
//! none, and when to ask again.

use std::time::{Duration, Instant, SystemTime};

use super::{
    copies::Copy,
    listing::{ListKind, Listing},
};

/// How soon a server that failed is asked again at the earliest.
const RETRY_FAILED: Duration = Duration::from_secs(5);
/// A list that a server does not allow to be cached is asked for again after this time, behind the scenes.
const FRESH_MIN: Duration = Duration::from_secs(1);

/// What is known of one server's lists.
#[derive(Debug)]
pub struct Part {
    lists: Option<[Listing; ListKind::COUNT]>,
    /// Why there are none, or none newer.
    pub failed: Option<String>,
    /// Whether they are a copy from disk: the server has not been heard since the node started.
    pub is_copy: bool,
    /// When the lists were read.
    pub read_at: Option<SystemTime>,
    /// When they were asked for.
    pub asked_at: Instant,
    /// When to ask again.
    pub fresh_until: Instant,
}

impl Part {
    /// One of the lists, if the server ever gave it.
    pub fn list(&self, kind: ListKind) -> Option<&Listing> {
        self.lists.as_ref().map(|lists| &lists[kind as usize])
    }

    /// Whether there are any, however old.
    pub(super) fn has_lists(&self) -> bool {
        self.lists.is_some()
    }

    /// All of them, if the server has given them to this node.
    pub(super) fn heard(&self) -> Option<&[Listing; ListKind::COUNT]> {
        self.lists.as_ref().filter(|_| !self.is_copy)
    }

    /// Whether the server gave just these lists before.
    pub(super) fn has_said(&self, lists: &[Listing; ListKind::COUNT]) -> bool {
        self.lists.as_ref() == Some(lists)
    }

    /// What a server has just said; `ttl` is for lists that do not say how long they hold.
    pub(super) fn read(lists: [Listing; ListKind::COUNT], asked_at: Instant, ttl: Duration) -> Self {
        let ttl = lists.iter().filter_map(|list| list.ttl_ms).min().map_or(ttl, Duration::from_millis);
        let fresh_until = Instant::now() + ttl.max(FRESH_MIN);
        let read_at = Some(SystemTime::now());
        Self { lists: Some(lists), failed: None, is_copy: false, read_at, asked_at, fresh_until }
    }

    /// What a server said to a node before this one. It is to be asked as soon as anybody looks.
    pub(super) fn copied(copy: Copy) -> Self {
        let reason = "it has not been heard since the start: this is what it said before";
        let now = Instant::now();
        Self {
            lists: Some(copy.lists),
            failed: Some(reason.to_owned()),
            is_copy: true,
            read_at: Some(copy.read_at),
            asked_at: now,
            fresh_until: now,
        }
    }

    /// What is known of a server that could not be asked: what it, or its predecessor, said before, and the reason.
    pub(super) fn unread(known: Option<&Self>, asked_at: Instant, reason: String) -> Self {
        Self {
            lists: known.and_then(|part| part.lists.clone()),
            failed: Some(reason),
            is_copy: known.is_some_and(|part| part.is_copy),
            read_at: known.and_then(|part| part.read_at),
            asked_at,
            fresh_until: Instant::now() + RETRY_FAILED,
        }
    }

    /// Whether clients see another list than before.
    pub(super) fn differs(&self, old: Option<&Self>, kind: ListKind) -> bool {
        let raw = |part: &Self| {
            part.list(kind).map(|list| list.items.iter().map(|item| item.raw.clone()).collect::<Vec<_>>())
        };
        old.map(raw) != Some(raw(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_has_failed_is_asked_again_after_a_pause_and_shows_what_it_said_before() {
        let lists = || <[Listing; ListKind::COUNT]>::default();
        let (asked_at, reason) = (Instant::now(), "it is away".to_owned());
        let known = Part::read(lists(), asked_at, Duration::from_mins(1));
        let failed = Part::unread(Some(&known), asked_at, reason.clone());
        assert!(failed.fresh_until >= asked_at + RETRY_FAILED && failed.fresh_until < known.fresh_until);
        assert_eq!((failed.failed, failed.lists), (Some(reason), Some(lists())));
    }
}
