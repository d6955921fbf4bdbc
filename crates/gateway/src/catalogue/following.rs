//! What servers say of themselves, taken in: lists that changed, states that changed; and told to the clients that see
//! them, once things have settled.

use std::{
    sync::{Arc, Weak, atomic::Ordering},
    time::Duration,
};

use mcp::Method;
use supervisor::backoff::State;
use tokio::sync::broadcast;

use super::{Catalogue, Page, endpoint::Endpoint, lock, notice::Notice};
use crate::upstream::changes::Change;

/// Lists that changed.
#[derive(Clone, Debug)]
pub struct ListChange {
    /// The notification that says so.
    pub method: Method,
    /// The server that has them, if it is only one.
    pub(super) server: Option<Arc<str>>,
    /// The endpoints that show them.
    pub(super) endpoints: Arc<[Endpoint]>,
}

impl ListChange {
    /// Whether this endpoint shows one of them.
    pub fn concerns(&self, endpoint: &Endpoint) -> bool {
        self.endpoints.contains(endpoint)
    }
}

/// Takes in what a server says of its lists, and passes it on once things have settled.
pub(super) async fn follow(catalogue: Weak<Catalogue>, index: usize) {
    let Some(mut changes) =
        catalogue.upgrade().map(|catalogue| catalogue.entries[index].member.upstream.changes.subscribe())
    else {
        return;
    };
    loop {
        let first = match changes.recv().await {
            Ok(Change::List(method)) => Some(method),
            Ok(Change::State) => {
                if let Some(alive) = catalogue.upgrade() {
                    alive.take_state(index);
                }
                None
            }
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => None,
            Err(broadcast::error::RecvError::Closed) => return,
        };
        let (Some(first), Some(alive)) = (first, catalogue.upgrade()) else { continue };
        let mut methods = vec![first];
        tokio::time::sleep(Duration::from_millis(alive.limits.debounce_ms)).await;
        while let Ok(change) = changes.try_recv() {
            if let Change::List(method) = change
                && !methods.contains(&method)
            {
                methods.push(method);
            }
        }
        alive.announce(index, methods).await;
    }
}

impl Catalogue {
    /// Tells of a change of one server's list, at the endpoints that show this server.
    pub(super) fn tell(&self, index: usize, method: Method) {
        let shows = |page: &Page| page.members.contains(&index);
        let endpoints = self.pages.iter().filter(|(_, page)| shows(page)).map(|(endpoint, _)| endpoint.clone());
        let server = Some(self.entries[index].member.upstream.name.clone());
        let _ = self.changed.send(ListChange { method, server, endpoints: endpoints.collect() });
    }

    /// A server is in another state: the lists tell of it from now on. One that runs again is asked for the lists that
    /// it could not give.
    fn take_state(self: &Arc<Self>, index: usize) {
        let entry = &self.entries[index];
        let Some(part) = entry.part.load_full() else { return };
        let notice = Notice::of(&entry.member.upstream.status(), &part);
        let mut told = lock(&entry.told);
        if *told != notice {
            *told = notice;
            self.generation.fetch_add(1, Ordering::AcqRel);
        }
        let runs = matches!(entry.member.upstream.status().state, State::Running);
        if runs && part.failed.is_some() {
            self.refresh_soon(index);
        }
    }

    /// The server said itself what changed: clients hear exactly that, whatever we find.
    async fn announce(self: &Arc<Self>, index: usize, methods: Vec<Method>) {
        let entry = &self.entries[index];
        if entry.part.load().is_some() {
            let mut quiet = self.changed.subscribe();
            self.refresh(index).await;
            let mut told = Vec::new();
            while let Ok(change) = quiet.try_recv() {
                if change.server.as_ref() == Some(&entry.member.upstream.name) {
                    told.push(change.method);
                }
            }
            for method in methods.into_iter().filter(|method| !told.contains(method)) {
                self.tell(index, method);
            }
            return;
        }
        for method in methods {
            self.tell(index, method);
        }
    }
}
