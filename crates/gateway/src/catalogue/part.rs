//! What the catalogue knows of one server: its lists as they were last read, why there are none, and when to ask again.

use std::time::{Duration, Instant, SystemTime};

use super::listing::{ListKind, Listing};

/// How soon a server that failed is asked again at the earliest.
const RETRY_FAILED: Duration = Duration::from_secs(10);
/// A list that a server does not allow to be cached is asked for again after this time, behind the scenes.
const FRESH_MIN: Duration = Duration::from_secs(1);

/// What is known of one server's lists.
#[derive(Debug)]
pub struct Part {
    lists: Option<[Listing; ListKind::COUNT]>,
    /// Why there are none, or none newer.
    pub failed: Option<String>,
    /// When the lists were read.
    pub read_at: Option<SystemTime>,
    /// When to ask again.
    pub fresh_until: Instant,
}

impl Part {
    /// One of the lists, if the server ever gave it.
    pub fn list(&self, kind: ListKind) -> Option<&Listing> {
        self.lists.as_ref().map(|lists| &lists[kind as usize])
    }

    /// Whether the server ever gave its lists.
    pub fn has_lists(&self) -> bool {
        self.lists.is_some()
    }

    /// What a server has just said; `ttl_ms` is for lists that do not say how long they hold.
    pub(super) fn read(lists: [Listing; ListKind::COUNT], ttl_ms: u64) -> Self {
        let ttl_ms = lists.iter().filter_map(|list| list.ttl_ms).min().unwrap_or(ttl_ms);
        let fresh_until = Instant::now() + Duration::from_millis(ttl_ms).max(FRESH_MIN);
        Self { lists: Some(lists), failed: None, read_at: Some(SystemTime::now()), fresh_until }
    }

    /// What is known of a server that could not be asked: what it, or its predecessor, said before, and the reason.
    pub(super) fn unread(known: Option<&Self>, reason: String) -> Self {
        Self {
            lists: known.and_then(|part| part.lists.clone()),
            failed: Some(reason),
            read_at: known.and_then(|part| part.read_at),
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
