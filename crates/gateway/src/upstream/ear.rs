//! How a server is asked to tell of changes, for as long as somebody wants to hear of them: one `subscriptions/listen` at
//! a modern server, one `resources/subscribe` for each resource at a legacy one. What closes by itself is opened again,
//! and so is what was lost with a connection; then everybody is told to look, since something may have been missed.

use std::{sync::Arc, time::Duration};

use mcp::{Era, Method, message};

use super::{
    Connection, Upstream, changes::Change, http::EventStream, listening::Listen, modern_http::own_params, pool::Key,
};
use crate::{call::Caller, failure::Failure, upstream::changes::Changes};

/// How long a server may take to acknowledge that it will tell us.
const ACKNOWLEDGE: Duration = Duration::from_secs(2);
/// How long to wait before an ear that closed by itself is opened again; twice as long each time it fails.
const REOPEN_FIRST: Duration = Duration::from_secs(1);
/// The longest of these pauses.
const REOPEN_MAX: Duration = Duration::from_mins(1);

/// A listen request that was sent.
enum Hearing {
    /// Its answer is a stream of its own.
    Stream(EventStream),
    /// What it brings comes with all else on the link.
    Request(Listen),
}

impl Hearing {
    /// Waits until the server has acknowledged it; one that takes too long for that is heard all the same.
    async fn acknowledged(&mut self, changes: &Changes) -> Result<(), Failure> {
        let acknowledged = async {
            match self {
                Self::Stream(stream) => stream.next().await.map(|first| {
                    first.is_some_and(|first| {
                        changes.notify(&first);
                        true
                    })
                }),
                Self::Request(listen) => Ok(listen.acknowledged().await),
            }
        };
        match tokio::time::timeout(ACKNOWLEDGE, acknowledged).await {
            Ok(Ok(false)) => Err(Failure::Unavailable("it does not tell of changes".to_owned())),
            Ok(Err(failure)) => Err(failure),
            Ok(Ok(true)) | Err(_) => Ok(()),
        }
    }

    /// Tells of all that is heard, until the server closes it or the connection is gone.
    async fn follow(self, changes: &Changes) {
        match self {
            Self::Stream(mut stream) => {
                while let Ok(Some(notification)) = stream.next().await {
                    changes.notify(&notification);
                }
            }
            Self::Request(mut listen) => listen.ended().await,
        }
    }
}

impl Upstream {
    pub(super) fn is_modern(&self) -> bool {
        self.peer().is_some_and(|peer| peer.era == Era::Modern)
    }

    /// Opens the ears that were open at the server which this one replaces, and tells of what may have been missed.
    pub(crate) async fn renew_ears(self: Arc<Self>) {
        let Some(caller) = self.watch.anybody() else { return };
        self.watch.close_ear();
        let mut callers = vec![caller];
        callers.extend(self.watch.resources().into_iter().map(|(_, caller)| caller));
        for caller in callers {
            // a connection that is opened brings back what is wished for on it
            if let Err(failure) = self.connection(&caller).await {
                tracing::warn!(server = &*self.name, %failure, "its changes are not heard of for now");
                self.tell_of_resources();
            }
        }
        self.open_ear().await;
    }

    /// Tells everybody who wants to hear of a resource that it may have changed: the server was replaced, or is gone.
    pub(crate) fn tell_of_resources(&self) {
        for (uri, _) in self.watch.resources() {
            self.changes.send(Change::Resource(uri));
        }
    }

    /// A connection was opened: what was wished for on the one before it is wished for again.
    pub(super) fn hear_again(self: &Arc<Self>, key: Key) {
        if self.watch.anybody().is_none() {
            return;
        }
        let upstream = self.clone();
        tokio::spawn(async move {
            if upstream.is_modern() {
                upstream.open_ear().await;
            } else {
                upstream.subscribe_again(&key).await;
            }
        });
    }

    /// Subscribes to the resources that are wished for on this connection to a legacy server.
    async fn subscribe_again(self: &Arc<Self>, key: &Key) {
        for (uri, caller) in self.watch.resources() {
            if self.key(&caller) != *key {
                continue;
            }
            match self.subscribe(&caller, &uri).await {
                Ok(()) => self.changes.send(Change::Resource(uri)),
                Err(failure) => {
                    tracing::warn!(server = &*self.name, uri, %failure, "its changes are not heard of");
                }
            }
        }
    }

    /// Somebody waits for news of a server that is not connected: a new connection brings the news again.
    pub(super) fn keep_hearing(self: &Arc<Self>) {
        if self.watch.has_wishes() && !self.is_connected() && !self.is_left() {
            for (_, caller) in self.watch.resources() {
                let upstream = self.clone();
                tokio::spawn(async move { upstream.connection(&caller).await });
            }
        }
    }

    /// Whether two callers share a connection.
    pub(super) fn share(&self, one: &Caller, other: &Caller) -> bool {
        self.key(one) == self.key(other)
    }

    /// Asks a legacy server to tell of one resource.
    pub(super) async fn subscribe(self: &Arc<Self>, caller: &Caller, uri: &str) -> Result<(), Failure> {
        self.ask(caller, Method::ResourcesSubscribe, &uri_member(uri), ACKNOWLEDGE).await.map(drop)
    }

    /// Asks a legacy server to tell of a resource no more.
    pub(super) async fn unsubscribe(self: &Arc<Self>, caller: &Caller, uri: &str) -> Result<(), Failure> {
        self.ask(caller, Method::ResourcesUnsubscribe, &uri_member(uri), ACKNOWLEDGE).await.map(drop)
    }

    /// Opens a listen request for all that is wanted now, then closes the one before it.
    pub(super) async fn listen(self: &Arc<Self>, caller: &Caller) -> Result<(), Failure> {
        let _turn = self.watch.opening.lock().await;
        self.listen_in_turn(caller).await
    }

    async fn listen_in_turn(self: &Arc<Self>, caller: &Caller) -> Result<(), Failure> {
        let params = own_params(&self.watch.filter());
        let mut hearing = match self.connection(caller).await? {
            Connection::Door(door) => Hearing::Stream(door.listen(&params).await?),
            Connection::Link(link) => Hearing::Request(link.listen(&params).await?),
            Connection::Session(_) => return Ok(()),
        };
        hearing.acknowledged(&self.changes).await?;
        let changes = self.changes.clone();
        let upstream = Arc::downgrade(self);
        let is_remote = self.http.is_some();
        let task = tokio::spawn(async move {
            hearing.follow(&changes).await;
            // a process that is stopped while nobody uses it is not started again for its lists alone
            if let Some(upstream) = upstream.upgrade().filter(|upstream| is_remote || upstream.watch.has_wishes()) {
                reopen(upstream);
            }
        });
        self.watch.replace_ear(self, task.abort_handle());
        Ok(())
    }

    /// Opens the ear at this modern server, now or later, unless it is open; tells of what may have been missed.
    async fn open_ear(self: &Arc<Self>) {
        if self.is_modern()
            && let Err(failure) = self.hear().await
        {
            tracing::warn!(server = &*self.name, %failure, "its changes are not heard of for now");
            self.tell_of_resources();
            reopen(self.clone());
        }
    }

    async fn hear(self: &Arc<Self>) -> Result<(), Failure> {
        let _turn = self.watch.opening.lock().await;
        let Some(caller) = self.watch.anybody().filter(|_| !self.watch.hears(self)) else { return Ok(()) };
        self.listen_in_turn(&caller).await?;
        self.tell_of_resources();
        Ok(())
    }
}

/// Opens an ear that closed by itself again, with growing pauses, for as long as somebody listens and no other server has
/// taken the place.
fn reopen(upstream: Arc<Upstream>) {
    tokio::spawn(async move {
        let mut wait = REOPEN_FIRST;
        let has_the_name = || upstream.watch.upstream().is_some_and(|now| Arc::ptr_eq(&now, &upstream));
        loop {
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(REOPEN_MAX);
            if upstream.watch.anybody().is_none() || !has_the_name() || upstream.hear().await.is_ok() {
                return;
            }
        }
    });
}

fn uri_member(uri: &str) -> String {
    format!(r#""uri":{}"#, String::from_utf8_lossy(&message::json_string(uri)))
}
