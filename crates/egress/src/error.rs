//! What can go wrong on the way out, and whether the server may have seen the request.

use std::error::Error as StdError;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use hyper_util::client::legacy;
use tokio_tungstenite::tungstenite;

use crate::{Rule, Target};

/// Whether a failed request may have reached its server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// No byte of it left this process: sending it again cannot execute it twice.
    No,
    /// Some or all of it left; the server may have acted on it.
    Maybe,
}

/// Why a connection or a request failed.
///
/// Cheap to clone, because connectors hand it through hyper, which lends errors but never gives them back.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The text does not name a place that can be reached.
    #[error("target {text:?} is not usable: {reason}")]
    Target {
        /// What was to be parsed.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A rule forbids the address that the host resolved to.
    #[error("address {address} of {host} is refused as {rule}")]
    Refused {
        /// The host as the target names it.
        host: String,
        /// The address it resolved to.
        address: IpAddr,
        /// The rule that forbids the address.
        rule: Rule,
    },
    /// The name could not be looked up.
    #[error("host {host} could not be resolved")]
    Resolve {
        /// The host that was looked up.
        host: String,
        /// What the resolver said.
        #[source]
        source: Arc<io::Error>,
    },
    /// The name exists but has no address.
    #[error("host {host} has no address")]
    NoAddress {
        /// The host that was looked up.
        host: String,
    },
    /// No address of the host accepted a connection.
    #[error("connection to {host} failed")]
    Connect {
        /// The host that was dialled.
        host: String,
        /// The failure of the last address tried.
        #[source]
        source: Arc<io::Error>,
    },
    /// The unix socket did not accept a connection.
    #[error("connection to socket {} failed", socket.display())]
    Socket {
        /// The path of the socket.
        socket: PathBuf,
        /// What the operating system said.
        #[source]
        source: Arc<io::Error>,
    },
    /// Lookup, connect and handshake together took longer than allowed.
    #[error("connection to {host} was not ready within {limit_ms} ms")]
    ConnectTimeout {
        /// The host or socket that was dialled.
        host: String,
        /// The limit that was reached, in milliseconds.
        limit_ms: u64,
    },
    /// The TLS handshake failed.
    #[error("tls handshake with {host} failed")]
    Tls {
        /// The host that was dialled.
        host: String,
        /// What the TLS library said.
        #[source]
        source: Arc<dyn StdError + Send + Sync>,
    },
    /// The certificates that decide whom to trust could not be read from this machine.
    #[error("the trusted certificates of this machine could not be loaded")]
    Trust {
        /// What the certificate store said.
        #[source]
        source: Arc<io::Error>,
    },
    /// Our own certificate or its key cannot be used.
    #[error("our own certificate and its key cannot be used")]
    Identity {
        /// What is wrong with them.
        #[source]
        source: Arc<io::Error>,
    },
    /// The exchange failed after a connection was there.
    #[error("http exchange with {target} failed")]
    Http {
        /// Where the request was going.
        target: String,
        /// Whether the request may have left.
        sent: Sent,
        /// What the HTTP client said.
        #[source]
        source: Arc<dyn StdError + Send + Sync>,
    },
    /// The server did not agree to speak WebSocket.
    #[error("websocket handshake with {target} failed")]
    WebSocket {
        /// Where the handshake was going.
        target: String,
        /// What the WebSocket library said.
        #[source]
        source: Arc<tungstenite::Error>,
    },
}

impl Error {
    /// Whether the request that failed may have reached its server.
    pub fn sent(&self) -> Sent {
        match self {
            Self::Http { sent, .. } => *sent,
            _ => Sent::No,
        }
    }

    /// What an exchange failed of on a connection that was there.
    pub(crate) fn from_http1(error: hyper::Error, sent: Sent, target: &Target) -> Self {
        Self::Http { target: target.to_string(), sent, source: Arc::new(error) }
    }

    /// Takes our own error back out of the pool's, or says what the exchange failed of.
    pub(crate) fn from_pool(error: legacy::Error, target: &Target) -> Self {
        if let Some(own) = find_cause::<Self>(&error) {
            return own.clone();
        }
        Self::Http { target: target.to_string(), sent: sent_before(&error), source: Arc::new(error) }
    }
}

/// A connection that was never made and a request that hyper handed back unwritten are the only proofs of `No`.
fn sent_before(error: &legacy::Error) -> Sent {
    let unwritten = find_cause::<hyper::Error>(error).is_some_and(hyper::Error::is_canceled);
    if error.is_connect() || unwritten { Sent::No } else { Sent::Maybe }
}

fn find_cause<Cause: StdError + 'static>(error: &legacy::Error) -> Option<&Cause> {
    std::iter::successors(error.source(), |cause| (*cause).source()).find_map(|cause| cause.downcast_ref())
}
