//! When copies of lists are made and shown: a list is written down once its server has given it, and shown at a start until
//! the server has given it again.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use super::{
    Catalogue, Entry,
    copies::Copies,
    listing::{ListKind, Listing},
    lock,
    part::Part,
};

/// A copy on disk is made anew after this time even if nothing has changed, so that those of living servers stay good.
const COPY_AGAIN_AFTER: Duration = Duration::from_hours(24);

impl Catalogue {
    /// Keeps there what servers say that they have. What they said before is shown as that until they are asked.
    pub fn keep_in(&self, copies: Copies) {
        for entry in &self.entries {
            if entry.member.upstream.is_resident() || entry.part.load().is_some() {
                continue;
            }
            if let Some(copy) = copies.find(&entry.member) {
                let is_young = copy.read_at.elapsed().is_ok_and(|age| age < COPY_AGAIN_AFTER);
                *lock(&entry.copied) = is_young.then(Instant::now);
                entry.part.store(Some(Arc::new(Part::copied(copy))));
            }
        }
        let _ = self.copies.set(copies);
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// Whether the lists of a server are a copy from disk.
    pub fn shows_copy_of(&self, server: &str) -> bool {
        self.entry(server).is_some_and(|entry| entry.part.load().as_ref().is_some_and(|part| part.is_copy))
    }

    /// The servers whose lists are copies from disk, and how many copies were dropped because they could not be read.
    pub fn copied(&self) -> (Vec<Arc<str>>, u64) {
        let is_copy = |entry: &&Entry| entry.part.load().as_ref().is_some_and(|part| part.is_copy);
        let servers = self.entries.iter().filter(is_copy).map(|entry| entry.member.upstream.name.clone()).collect();
        (servers, self.copies.get().map_or(0, Copies::dropped))
    }

    /// Writes down what a server has just said, unless that stands there.
    pub(super) async fn copy(&self, entry: &Entry, old: Option<&Part>, part: Arc<Part>) {
        let (Some(lists), Some(read_at), false) = (part.heard(), part.read_at, entry.member.upstream.is_resident())
        else {
            return;
        };
        if self.copies.get().is_none() || part.failed.is_some() || !entry.is_to_be_copied(old, lists) {
            return;
        }
        let (copies, member, part) = (self.copies.clone(), entry.member.clone(), part.clone());
        let written = tokio::task::spawn_blocking(move || {
            if let (Some(copies), Some(lists)) = (copies.get(), part.heard()) {
                copies.keep(&member, lists, read_at);
            }
        });
        let _ = written.await;
    }

    /// Forgets what stands on disk of one server, or of all.
    pub(super) fn forget_copies(&self, server: Option<&str>) {
        let Some(copies) = self.copies.get() else { return };
        match server {
            Some(server) => copies.forget(server),
            None => copies.forget_all(),
        }
        for entry in
            self.entries.iter().filter(|entry| server.is_none_or(|server| *entry.member.upstream.name == *server))
        {
            *lock(&entry.copied) = None;
        }
    }
}

impl Entry {
    /// Whether these lists are not on disk yet, or not for much longer; they are from now on.
    fn is_to_be_copied(&self, old: Option<&Part>, lists: &[Listing; ListKind::COUNT]) -> bool {
        let mut copied = lock(&self.copied);
        let is_there = copied.is_some_and(|at| at.elapsed() < COPY_AGAIN_AFTER);
        if is_there && old.is_some_and(|old| old.has_said(lists)) {
            return false;
        }
        *copied = Some(Instant::now());
        true
    }
}
