//! What a server says outside of any call: its lists changed, a resource changed, a task moved on; and that it is in
//! another state itself. Whoever is interested subscribes to one broadcast per server.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use mcp::{Envelope, Method, Param};
use tokio::sync::broadcast;

use crate::cache::{Drawer, Void};

/// How many changes may wait for a slow listener; it then learns that it missed some.
const BACKLOG: usize = 256;

/// Something that changed at a server.
#[derive(Clone, Debug)]
pub enum Change {
    /// A list: tools, prompts or resources.
    List(Method),
    /// One resource, by the server's own URI.
    Resource(String),
    /// A task of a modern server; the raw `params`.
    Task(Bytes),
    /// A core task of a legacy server; the notification as it came.
    CoreTask(Envelope),
    /// The state of the server: it runs, is degraded, has ended.
    State,
}

/// The broadcast of one server.
#[derive(Debug)]
pub struct Changes {
    told: broadcast::Sender<Change>,
    /// The answers of this server that are kept: a change makes some of them void before anybody hears of it.
    drawer: OnceLock<Arc<Drawer>>,
}

impl Default for Changes {
    fn default() -> Self {
        Self { told: broadcast::channel(BACKLOG).0, drawer: OnceLock::new() }
    }
}

impl Changes {
    /// Tells everybody who listens what a notification says, if it says that something changed.
    pub fn notify(&self, notification: &Envelope) {
        let change = match Method::parse(notification.method()) {
            method @ (Method::ToolsChanged | Method::PromptsChanged | Method::ResourcesChanged) => Change::List(method),
            Method::ResourceUpdated => match notification.param_text(Param::Uri) {
                Some(uri) => Change::Resource(uri.to_owned()),
                None => return,
            },
            Method::TaskStatus => Change::Task(Bytes::copy_from_slice(notification.params().unwrap_or(b"{}"))),
            Method::TaskStatusLegacy => Change::CoreTask(notification.clone()),
            _ => return,
        };
        self.send(change);
    }

    /// Tells everybody who listens.
    pub fn send(&self, change: Change) {
        if let (Change::Resource(uri), Some(drawer)) = (&change, self.drawer.get()) {
            drawer.declare(Void::Resource(uri.as_str().into()));
        }
        let _ = self.told.send(change);
    }

    /// The drawer with the kept answers of this server, made if there is none.
    pub fn drawer(&self, make: impl FnOnce() -> Arc<Drawer>) -> &Arc<Drawer> {
        self.drawer.get_or_init(make)
    }

    /// How often answers of this server were declared void. Who asks after that does not want what was asked before.
    pub fn declared(&self) -> u64 {
        self.drawer.get().map_or(0, |drawer| drawer.now().0)
    }

    /// The server is replaced by another: nothing that it said counts any more.
    pub fn begin_anew(&self) {
        if let Some(drawer) = self.drawer.get() {
            drawer.declare_all();
        }
    }

    /// Listens from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.told.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::About;

    #[test]
    fn a_changed_resource_is_void_before_anybody_hears_of_it() {
        let changes = Changes::default();
        let mut heard = changes.subscribe();
        let drawer = changes.drawer(|| Arc::new(Drawer::new(0, "a".into(), None, Arc::default()))).clone();
        let (since, about) = (drawer.now(), About::Resource("lamp://hall".into()));
        assert!(drawer.is_good(since, &about));
        changes.send(Change::Resource("lamp://hall".to_owned()));
        assert!(heard.try_recv().is_ok());
        assert!(!drawer.is_good(since, &about));
        assert_eq!(changes.declared(), 1);
    }
}
