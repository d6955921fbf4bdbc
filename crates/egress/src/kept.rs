//! Connections to HTTP/1.1 servers that are kept for the next request.
//!
//! Owns who waits where and for how long. How a connection is made is the dialer's business, and what is said on it
//! the exchange's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::SendRequest;

/// The way into one connection.
pub(crate) type Sender = SendRequest<Full<Bytes>>;

/// All connections that wait for a request, by the origin of their server.
pub(crate) struct Kept {
    hosts: Mutex<HashMap<Arc<str>, Arc<Host>>>,
    bounds: Bounds,
}

#[derive(Clone, Copy)]
struct Bounds {
    per_host_max: usize,
    idle: Duration,
}

/// The connections to one server.
pub(crate) struct Host {
    waiting: Mutex<Waiting>,
    bounds: Bounds,
}

#[derive(Default)]
struct Waiting {
    /// The latest is used first, so that those that are not needed grow old.
    connections: Vec<Connection>,
    /// Whether a task looks after the old ones.
    is_swept: bool,
}

struct Connection {
    sender: Sender,
    since: Instant,
}

impl Kept {
    /// Keeps at most `per_host_max` connections to each server, none for longer than `idle`.
    pub(crate) fn new(per_host_max: usize, idle: Duration) -> Self {
        Self { hosts: Mutex::default(), bounds: Bounds { per_host_max, idle } }
    }

    /// The connections to one server. When a new server is met, those that nobody holds or waits at are forgotten.
    pub(crate) fn host(&self, origin: &Arc<str>) -> Arc<Host> {
        let mut hosts = lock(&self.hosts);
        if let Some(host) = hosts.get(origin) {
            return host.clone();
        }
        hosts.retain(|_, host| Arc::strong_count(host) > 1 || !lock(&host.waiting).connections.is_empty());
        let host = Arc::new(Host { waiting: Mutex::default(), bounds: self.bounds });
        hosts.insert(origin.clone(), host.clone());
        host
    }
}

impl Host {
    /// A connection that is good for a request, as far as can be known.
    pub(crate) fn take(&self) -> Option<Sender> {
        let mut waiting = lock(&self.waiting);
        std::iter::from_fn(|| waiting.connections.pop())
            .map(|connection| connection.sender)
            .find(|sender| sender.is_ready() && !sender.is_closed())
    }

    /// Takes a connection back once its answer has been read to the end; one that closes instead is let go.
    pub(crate) fn give_back(self: &Arc<Self>, mut sender: Sender) {
        if sender.is_closed() {
            return;
        }
        if sender.is_ready() {
            return self.keep(sender);
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let host = self.clone();
            runtime.spawn(async move {
                if sender.ready().await.is_ok() {
                    host.keep(sender);
                }
            });
        }
    }

    fn keep(self: &Arc<Self>, sender: Sender) {
        let mut waiting = lock(&self.waiting);
        if waiting.connections.len() < self.bounds.per_host_max {
            waiting.connections.push(Connection { sender, since: Instant::now() });
            waiting.is_swept = waiting.is_swept || self.sweep_later();
        }
    }

    /// Closes what has waited too long, for as long as anything waits; false where no task can be started any more.
    fn sweep_later(self: &Arc<Self>) -> bool {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return false };
        let (host, idle) = (Arc::downgrade(self), self.bounds.idle);
        runtime.spawn(async move {
            loop {
                tokio::time::sleep(idle).await;
                if !host.upgrade().is_some_and(|host| host.sweep()) {
                    return;
                }
            }
        });
        true
    }

    /// Whether anything still waits.
    fn sweep(&self) -> bool {
        let mut waiting = lock(&self.waiting);
        waiting.connections.retain(|connection| connection.since.elapsed() < self.bounds.idle);
        waiting.is_swept = !waiting.connections.is_empty();
        waiting.is_swept
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
