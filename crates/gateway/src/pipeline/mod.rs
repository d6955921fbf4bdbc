//! The way of a call from its route to its server and back: the same steps in the same order, whatever the transport, the
//! era or the server. Each step is one file, and [`carry`] calls them. What the steps remember is [`Traffic`], which
//! outlives a change of the configuration.

mod cached;
pub mod wishes;

use std::sync::Arc;

use config::Config;

use crate::{
    cache::Cache,
    call::{Call, Exchange},
    gateway::Gateway,
    upstream::Upstream,
};

/// What the steps remember from one call to the next.
#[derive(Debug)]
pub struct Traffic {
    /// The answers that are kept.
    pub cache: Cache,
}

impl Traffic {
    /// Nothing remembered yet.
    pub fn new(config: &Config) -> Self {
        Self { cache: Cache::new(config.cache.memory_bytes) }
    }

    /// The configuration has changed.
    pub fn change(&self, config: &Config) {
        self.cache.resize(config.cache.memory_bytes);
    }
}

/// Carries a call to its server, or finds its answer nearer.
pub async fn carry(gateway: &Gateway, upstream: &Arc<Upstream>, call: &Call) -> Exchange {
    match cached::step(gateway, upstream, call) {
        Some(step) => Box::pin(step.take(gateway, upstream, call)).await,
        None => fetch(gateway, upstream, call).await,
    }
}

/// Asks the server.
async fn fetch(_gateway: &Gateway, upstream: &Arc<Upstream>, call: &Call) -> Exchange {
    upstream.call(call).await
}
