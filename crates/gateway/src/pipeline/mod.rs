//! The way of a call from its route to its server and back: the same steps in the same order, whatever the transport, the
//! era or the server. Each step is one file, and [`carry`] calls them. What the steps remember is [`Traffic`], which
//! outlives a change of the configuration.

mod cached;
pub mod queue;
pub mod wishes;

use std::sync::Arc;

use config::Config;

use self::queue::Queues;
use crate::{
    cache::Cache,
    call::{Call, Exchange},
    catalogue::Member,
    gateway::Gateway,
    upstream::Upstream,
};

/// What the steps remember from one call to the next.
#[derive(Debug)]
pub struct Traffic {
    /// The answers that are kept.
    pub cache: Cache,
    /// The queues before the servers.
    pub queues: Arc<Queues>,
}

impl Traffic {
    /// Nothing remembered yet.
    pub fn new(config: &Config, members: &[Member]) -> Self {
        let traffic = Self { cache: Cache::new(config.cache.memory_bytes), queues: Arc::default() };
        traffic.change(config, members);
        traffic
    }

    /// The configuration has changed, and these are its servers.
    pub fn change(&self, config: &Config, members: &[Member]) {
        self.cache.resize(config.cache.memory_bytes);
        self.queues.configure(&config.queue, members);
    }
}

/// Carries a call to its server, or finds its answer nearer.
pub async fn carry(gateway: &Gateway, upstream: &Arc<Upstream>, call: &Call) -> Exchange {
    match cached::step(gateway, upstream, call) {
        Some(step) => Box::pin(step.take(gateway, upstream, call)).await,
        None => fetch(gateway, upstream, call).await,
    }
}

/// Asks the server, when it is the call's turn.
async fn fetch(gateway: &Gateway, upstream: &Arc<Upstream>, call: &Call) -> Exchange {
    queue::pass(gateway, upstream, call).await
}
