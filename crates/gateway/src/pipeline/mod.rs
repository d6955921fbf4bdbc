//! The way of a call from its route to its server and back: the same steps in the same order, whatever the transport, the
//! era or the server. Each step is one file, and [`carry`] calls them. What the steps remember is [`Traffic`], which
//! outlives a change of the configuration.

pub mod queue;
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
    /// The queues before the servers.
    pub queues: Arc<queue::Queues>,
}

/// Carries a call to its server.
pub async fn carry(gateway: &Gateway, upstream: &Arc<Upstream>, call: &Call) -> Exchange {
    queue::pass(gateway, upstream, call).await
}
