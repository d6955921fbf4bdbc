//! The way of a call from its route to its server and back: the same steps in the same order, whatever the transport, the
//! era or the server. Each step is one file, and [`carry`] calls them. What the steps remember is [`Traffic`], which
//! outlives a change of the configuration.

pub mod breaker;
mod cached;
pub mod combined;
pub mod detours;
pub mod duplicates;
mod fallback;
pub mod faults;
pub mod hedge;
pub mod keyed;
pub mod limit;
pub mod queue;
mod retry;
pub mod told;
pub(crate) mod warming;
pub mod wishes;

use std::sync::Arc;

use config::Config;

use self::{detours::Detours, faults::Faults, queue::Queues};
use crate::{
    batch,
    cache::{Cache, Contexts},
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
    /// The calls that were made under idempotency keys.
    keys: Arc<keyed::Keys>,
    /// The tools that are answered by somebody else.
    pub detours: Arc<Detours>,
    /// The faults that are made on purpose.
    pub faults: Arc<Faults>,
}

impl Traffic {
    /// Nothing remembered yet; these servers have their places in `queues`, and meet `faults`.
    pub fn new(config: &Config, members: &[Member], queues: Arc<Queues>, faults: Arc<Faults>) -> Self {
        let traffic = Self {
            cache: Cache::new(config.cache.memory_bytes),
            queues,
            keys: Arc::default(),
            detours: Arc::default(),
            faults,
        };
        traffic.change(config, members);
        traffic
    }

    /// The configuration has changed, and these are its servers.
    pub fn change(&self, config: &Config, members: &[Member]) {
        self.cache.resize(config.cache.memory_bytes);
        self.cache.know(Contexts::of(config));
        self.queues.configure(&config.queue, members);
    }

    /// Clears away what has expired.
    pub(crate) fn sweep(&self) {
        self.keys.sweep();
        self.cache.sweep();
        self.faults.sweep();
    }
}

/// Carries a call to its server, or finds its answer nearer.
pub async fn carry(gateway: &Gateway, upstream: &Arc<Upstream>, call: &Call) -> Exchange {
    if batch::is_meant(upstream, call) {
        return batch::carry(gateway, call);
    }
    let exchange = match limit::count(gateway, upstream, call) {
        Err(failure) => Exchange::Done(Err(failure)),
        Ok(()) => fallback::or_degraded(gateway, upstream, call, seek(gateway, upstream, call).await),
    };
    if let Exchange::Done(Err(failure)) = &exchange {
        call.wishes.told.note_refusal(failure.retry_after());
    }
    exchange
}

/// Finds an answer among those that are kept, or asks.
async fn seek(gateway: &Gateway, upstream: &Arc<Upstream>, call: &Call) -> Exchange {
    match cached::step(gateway, upstream, call) {
        Some(step) => Box::pin(step.take(gateway, upstream, call)).await,
        None => fetch(gateway, upstream, call).await,
    }
}

/// Asks the server, unless somebody has asked it the same.
async fn fetch(gateway: &Gateway, upstream: &Arc<Upstream>, call: &Call) -> Exchange {
    match keyed::key_of(call) {
        Some(key) => Box::pin(keyed::send(gateway, upstream, call, key)).await,
        None => fallback::send(gateway, upstream, call).await,
    }
}
