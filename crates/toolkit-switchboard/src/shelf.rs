//! The gateway's store of long results, as toolkits see it: they keep there, and clients read there by URI.

use gateway::Current;
use toolkit::{Caller, Keep, Kept, Resources, Running};

/// The store of the gateway that is in force.
pub struct Shelf(Current);

impl Shelf {
    /// The store of this gateway.
    pub fn new(gateway: &Current) -> Self {
        Self(gateway.clone())
    }
}

impl Keep for Shelf {
    fn keep(&self, principal: &str, text: &str) -> Option<Kept> {
        let gateway = self.0.now();
        gateway.results.keep(&gateway.tools, principal, text)
    }
}

impl Resources for Shelf {
    fn read<'a>(&'a self, uri: &'a str, caller: &'a Caller) -> Running<'a, Option<String>> {
        Box::pin(async move {
            let id = uri.strip_prefix("results/")?;
            self.0.now().results.read(&caller.principal, id).await
        })
    }
}
