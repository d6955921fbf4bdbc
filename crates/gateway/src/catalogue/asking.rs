//! Asking servers for their lists: the first time in parallel with a deadline for each, later behind the scenes.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use futures_util::stream::{FuturesUnordered, StreamExt};
use mcp::Method;

use super::{
    Catalogue, Page,
    listing::{ListKind, Listing, fetch},
    part::Part,
};
use crate::{failure::Failure, upstream::Upstream};

/// The last one in so many servers is not waited for until its deadline: among many servers some are always dead, while
/// in a small set each one matters.
const STRAGGLERS_ONE_IN: usize = 10;
/// How long a first list waits for the last few of many servers at least; and at least twice as long as for the others,
/// so that a busy machine does not make stragglers of them.
const STRAGGLERS_WAIT: Duration = Duration::from_millis(750);

impl Catalogue {
    /// Asks servers for the first time, each no longer than its deadline, and the last few of many shorter still. Who has
    /// not answered by then is named; the asking itself goes on.
    pub(super) async fn first_listings(self: &Arc<Self>, unknown: &[usize]) {
        let began = tokio::time::Instant::now();
        let limit = Duration::from_millis(self.limits.list_ms_max);
        let mut asking: FuturesUnordered<_> = unknown
            .iter()
            .map(|index| {
                let (catalogue, index) = (self.clone(), *index);
                tokio::time::timeout(limit, tokio::spawn(async move { catalogue.ask_first(index).await }))
            })
            .collect();
        while asking.len() > unknown.len() / STRAGGLERS_ONE_IN {
            asking.next().await;
        }
        let rest = async { while asking.next().await.is_some() {} };
        let wait = STRAGGLERS_WAIT.max(2 * began.elapsed());
        let _ = tokio::time::timeout_at(began + wait, rest).await;
        for index in unknown {
            let entry = &self.entries[*index];
            if entry.part.load().is_none() {
                let failed = format!("no answer within {} ms", began.elapsed().as_millis());
                entry.part.store(Some(Arc::new(Part::unread(None, began.into_std(), failed))));
                self.generation.fetch_add(1, Ordering::AcqRel);
            }
        }
    }

    /// Asks the servers of a page again whose lists are out of date, but for those that are being asked.
    pub(super) fn refresh_stale(self: &Arc<Self>, page: &Page) {
        let now = Instant::now();
        for index in page.members.iter().copied() {
            let entry = &self.entries[index];
            let is_due = entry.part.load().as_ref().is_none_or(|part| part.fresh_until < now);
            if is_due && entry.refreshing.try_lock().is_ok() {
                self.refresh_soon(index);
            }
        }
    }

    /// Asks a server behind the scenes for its lists as far as they are known, or all servers, and forgets their copies on
    /// disk.
    pub fn ask_anew(self: &Arc<Self>, server: Option<&str>) {
        self.forget_copies(server);
        for (index, entry) in self.entries.iter().enumerate() {
            let is_meant = server.is_none_or(|server| *entry.member.upstream.name == *server);
            if is_meant && entry.part.load().is_some() {
                self.refresh_soon(index);
            }
        }
    }

    /// Reads all lists of a server behind the scenes, unless that is about to happen anyway.
    pub(super) fn refresh_soon(self: &Arc<Self>, index: usize) {
        if !self.entries[index].queued.swap(true, Ordering::AcqRel) {
            let catalogue = self.clone();
            tokio::spawn(async move { catalogue.refresh(index).await });
        }
    }

    /// Reads all lists of a server, unless somebody else has while this waited.
    async fn ask_first(self: &Arc<Self>, index: usize) {
        let entry = &self.entries[index];
        let _one = entry.refreshing.lock().await;
        if entry.part.load().is_none() {
            self.ask(index).await;
        }
    }

    /// Reads all lists of a server anew, unless somebody else has begun to since.
    pub(super) async fn refresh(self: &Arc<Self>, index: usize) {
        let (entry, wanted_at) = (&self.entries[index], Instant::now());
        let _one = entry.refreshing.lock().await;
        entry.queued.store(false, Ordering::Release);
        if entry.part.load().as_ref().is_none_or(|part| part.asked_at < wanted_at) {
            self.ask(index).await;
        }
    }

    /// Asks a server for its lists, and tells clients what differs.
    async fn ask(self: &Arc<Self>, index: usize) {
        let (entry, asked_at) = (&self.entries[index], Instant::now());
        let old = entry.part.load_full();
        let part = match self.fetch_all(&entry.member.upstream).await {
            Ok(lists) => Part::read(lists, asked_at, self.list_ttl),
            Err(failure) => {
                tracing::warn!(server = &*entry.member.upstream.name, %failure, "its lists cannot be read");
                Part::unread(old.as_deref(), asked_at, failure.reason())
            }
        };
        let mut differing: Vec<Method> =
            ListKind::ALL.into_iter().filter(|kind| part.differs(old.as_deref(), *kind)).map(change_of).collect();
        differing.dedup();
        let part = Arc::new(part);
        entry.part.store(Some(part.clone()));
        self.generation.fetch_add(1, Ordering::AcqRel);
        if old.is_some() {
            for method in differing {
                self.tell(index, method);
            }
        }
        self.copy(entry, old.as_deref(), part).await;
    }

    async fn fetch_all(&self, upstream: &Arc<Upstream>) -> Result<[Listing; ListKind::COUNT], Failure> {
        let fetch = |kind| fetch(upstream, &self.own, kind, &self.limits);
        upstream.introduce(&self.own).await?;
        let (tools, prompts, resources, templates, skills) = tokio::join!(
            fetch(ListKind::Tools),
            fetch(ListKind::Prompts),
            fetch(ListKind::Resources),
            fetch(ListKind::Templates),
            fetch(ListKind::Skills)
        );
        Ok([tools?, prompts?, resources?, templates?, skills?])
    }
}

/// The notification for a change of a list.
fn change_of(kind: ListKind) -> Method {
    match kind {
        ListKind::Tools => Method::ToolsChanged,
        ListKind::Prompts => Method::PromptsChanged,
        ListKind::Resources | ListKind::Templates | ListKind::Skills => Method::ResourcesChanged,
    }
}
