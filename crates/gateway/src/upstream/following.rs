//! The servers whose processes come from the node before this one. Until all that come are here, nobody starts another of
//! them: a server that holds a lock or a device must not run twice.

use std::{collections::BTreeSet, sync::Arc};

use tokio::sync::watch;

/// What is awaited of the node before; nothing at a node that follows none. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Following(Option<Arc<Awaited>>);

#[derive(Debug)]
struct Awaited {
    servers: BTreeSet<String>,
    all_here: watch::Sender<bool>,
}

impl Following {
    /// The processes of these servers are awaited.
    pub fn of(servers: BTreeSet<String>) -> Self {
        let all_here = watch::Sender::new(servers.is_empty());
        Self(Some(Arc::new(Awaited { servers, all_here })))
    }

    /// Their names.
    pub fn servers(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(|awaited| awaited.servers.iter().map(String::as_str))
    }

    /// Nothing more comes: those that are missing are started here.
    pub fn is_over(&self) {
        if let Some(awaited) = &self.0 {
            awaited.all_here.send_replace(true);
        }
    }

    /// The same for one server; `None` if it may be started at any time.
    pub(super) fn of_server(&self, name: &str) -> Option<Self> {
        let awaits = self.0.as_ref().is_some_and(|awaited| awaited.servers.contains(name));
        awaits.then(|| self.clone())
    }

    /// Whether something may come yet.
    pub(super) fn awaits(&self) -> bool {
        self.0.as_ref().is_some_and(|awaited| !*awaited.all_here.borrow())
    }

    /// Waits until nothing more comes.
    pub async fn over(&self) {
        if let Some(awaited) = &self.0 {
            // it cannot fail: the sender is ours
            let _ = awaited.all_here.subscribe().wait_for(|here| *here).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn only_what_is_awaited_is_waited_for_and_only_until_all_are_here() {
        let following = Following::of(["lamp".to_owned()].into());
        assert!(following.of_server("door").is_none());
        let lamp = following.of_server("lamp").unwrap();
        assert!(lamp.over().now_or_never().is_none() && lamp.awaits());
        following.is_over();
        assert!(lamp.over().now_or_never().is_some() && !lamp.awaits());
        assert!(Following::default().of_server("lamp").is_none());
    }
}
