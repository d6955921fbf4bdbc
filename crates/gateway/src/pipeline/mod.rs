//! The way of a call from its route to its server and back: the same steps in the same order, whatever the transport, the
//! era or the server. Each step is one file, and [`carry`] calls them. What the steps remember is [`Traffic`], which
//! outlives a change of the configuration.

pub mod breaker;
pub mod duplicates;
pub mod keyed;
mod retry;
pub mod wishes;

use std::sync::Arc;

use crate::{
    call::{Call, Exchange},
    gateway::Gateway,
    upstream::Upstream,
};

/// What the steps remember from one call to the next.
#[derive(Debug, Default)]
pub struct Traffic {
    /// The calls that were made under idempotency keys.
    keys: Arc<keyed::Keys>,
}

impl Traffic {
    /// Clears away what has expired.
    pub(crate) fn sweep(&self) {
        self.keys.sweep();
    }
}

/// Carries a call to its server.
pub async fn carry(gateway: &Gateway, upstream: &Arc<Upstream>, call: &Call) -> Exchange {
    if let Some(key) = keyed::key_of(call) {
        return Box::pin(keyed::send(&gateway.traffic.keys, upstream, call, key)).await;
    }
    duplicates::send(upstream, call).await
}
