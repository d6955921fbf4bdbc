//! The way of a call from its route to its server and back: the same steps in the same order, whatever the transport, the
//! era or the server. Each step is one file, and [`carry`] calls them. What the steps remember is [`Traffic`], which
//! outlives a change of the configuration.

pub mod wishes;

use std::sync::Arc;

use crate::{
    call::{Call, Exchange},
    gateway::Gateway,
    upstream::Upstream,
};

/// What the steps remember from one call to the next.
#[derive(Debug, Default)]
pub struct Traffic {}

/// Carries a call to its server.
pub async fn carry(_gateway: &Gateway, upstream: &Arc<Upstream>, call: &Call) -> Exchange {
    upstream.call(call).await
}
