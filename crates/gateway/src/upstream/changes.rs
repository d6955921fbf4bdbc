//! What a server says outside of any call: its lists changed, a resource changed, a task moved on; and that it is in
//! another state itself. Whoever is interested subscribes to one broadcast per server.

use bytes::Bytes;
use mcp::{Envelope, Method, Param};
use tokio::sync::broadcast;

/// How many changes may wait for a slow listener; it then learns that it missed some.
const BACKLOG: usize = 256;

/// Something that changed at a server.
#[derive(Clone, Debug)]
pub enum Change {
    /// A list: tools, prompts or resources.
    List(Method),
    /// One resource, by the server's own URI.
    Resource(String),
    /// A task; the raw `params`.
    Task(Bytes),
    /// The state of the server: it runs, is degraded, has ended.
    State,
}

/// The broadcast of one server.
#[derive(Debug)]
pub struct Changes(broadcast::Sender<Change>);

impl Default for Changes {
    fn default() -> Self {
        Self(broadcast::channel(BACKLOG).0)
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
            _ => return,
        };
        self.send(change);
    }

    /// Tells everybody who listens.
    pub fn send(&self, change: Change) {
        let _ = self.0.send(change);
    }

    /// Listens from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.0.subscribe()
    }
}
