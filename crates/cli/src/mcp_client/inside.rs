//! The way through a gateway within this process: it starts or connects one server, whatever its transport and era, and
//! this client speaks to it in the modern one. Messages go over a bounded channel instead of a socket.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use config::{Config, Limits, Server};
use gateway::Gateway;
use gateway::catalogue::Endpoint;
use gateway::edge::duplex::Duplex;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::Context;

/// What the one server is called in the configuration of its gateway.
pub(super) const NAME: &str = "server";

/// Messages that wait to be read; the gateway waits when there are more.
const WAITING_MAX: usize = 64;

/// A server as it introduced itself.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Peer {
    /// The revision of the protocol that was agreed on.
    protocol: String,
    name: Option<String>,
    version: Option<String>,
}

impl fmt::Display for Peer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [self.name.as_deref(), self.version.as_deref()].into_iter().flatten();
        let words: Vec<&str> = words.chain(["over protocol", &self.protocol]).collect();
        out.write_str(&words.join(" "))
    }
}

/// A gateway of one server.
pub(super) struct Inside {
    gateway: Gateway,
    duplex: Arc<Duplex>,
    messages: mpsc::Receiver<Bytes>,
}

impl Inside {
    pub(super) fn open(server: Server, timeout_s: u64, context: &Context<'_>) -> Self {
        let wait_ms = timeout_s.saturating_mul(1_000);
        // The operator has said how long to wait, and that holds for each step.
        let limits = Limits {
            list_ms_max: wait_ms,
            handshake_ms_max: wait_ms,
            call_ms_max: wait_ms,
            list_page_items: 0,
            ..Limits::default()
        };
        let servers = BTreeMap::from([(NAME.to_owned(), Server { enabled: true, ..server })]);
        let gateway = context.program.gateway(&Config { limits, servers, ..Config::default() });
        let (out, messages) = mpsc::channel(WAITING_MAX);
        let duplex = Duplex::new(&gateway, gateway.identities.parent(), Endpoint::Server(NAME.to_owned()), out);
        Self { gateway, duplex, messages }
    }

    pub(super) async fn send(&mut self, message: Bytes) -> &mut Self {
        self.duplex.receive(message).await;
        self
    }

    /// The next message, or none after the last.
    pub(super) async fn next(&mut self) -> Option<Value> {
        let message = self.messages.recv().await?;
        Some(serde_json::from_slice(&message).unwrap_or_default())
    }

    /// What the server said of itself in its handshake.
    pub(super) fn peer(&self) -> Option<Peer> {
        let endpoint = Endpoint::Server(NAME.to_owned());
        let peer = self.gateway.catalogue.members(&endpoint).next()?.peer()?;
        let info: Value = serde_json::from_slice(&peer.info).unwrap_or_default();
        let said = |member: &str| info[member].as_str().map(str::to_owned);
        Some(Peer { protocol: peer.version.clone(), name: said("name"), version: said("version") })
    }

    /// Ends the server.
    pub(super) async fn close(self) {
        self.duplex.close();
        self.gateway.stop().await;
    }
}
