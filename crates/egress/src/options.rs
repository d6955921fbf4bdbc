//! What a caller may choose about outgoing connections: times, pool sizes, name, rules.

use std::fmt;

use crate::Rules;

/// The settings of one [`Client`](crate::Client).
#[derive(Clone)]
pub struct Options {
    /// Milliseconds for name lookup, connect and TLS handshake together.
    pub connect_ms_max: u64,
    /// Idle connections kept open to one host.
    pub connections_per_host_max: usize,
    /// Milliseconds after which an idle connection is closed.
    pub idle_ms: u64,
    /// Bytes of one incoming WebSocket message.
    pub message_bytes_max: usize,
    /// The `User-Agent` of requests that bring none; left out when it is not a valid header value.
    pub user_agent: String,
    /// Certificate authorities in PEM, trusted beside those of the machine.
    pub authorities_pem: String,
    /// Our own certificate with its chain and its key, in PEM, for servers that ask who we are; none if empty.
    pub identity_pem: String,
    /// Which addresses may be reached.
    pub rules: Rules,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connect_ms_max: 5_000,
            connections_per_host_max: 64,
            idle_ms: 60_000,
            message_bytes_max: 16 * 1024 * 1024,
            user_agent: concat!("switchboard/", env!("CARGO_PKG_VERSION")).to_owned(),
            authorities_pem: String::new(),
            identity_pem: String::new(),
            rules: Rules::FROM_THE_WIRE,
        }
    }
}

impl fmt::Debug for Options {
    /// Without the key.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Options").field("rules", &self.rules).finish_non_exhaustive()
    }
}
