//! Sections `[principals.NAME]`: who may call, by which token, from where, how often and what.
//! Who a request is of is decided by the gateway.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Glob, Moment, Network, TokenHash};

/// How many may come at once where only so many in a minute are configured: those of ten seconds.
pub fn burst_of(calls_per_minute: u32) -> u32 {
    (calls_per_minute / 6).max(1)
}

/// The name of whoever calls from this machine without a token.
pub const LOCAL: &str = "local";

/// Somebody who may call. With one of them, nobody calls without a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Principal {
    /// What the token hashes to, as `switchboard principal add` writes it. The token itself is shown once and kept
    /// nowhere. There is no default.
    pub token_hash: Option<TokenHash>,
    /// The networks from which the token is good, such as `10.0.0.0/8`; over HTTP a token can be read on its way.
    /// Default `["127.0.0.0/8", "::1/128"]`: this machine, to which every unix socket belongs.
    pub networks: Vec<Network>,
    /// The moment in UTC at which the token ends, such as `2027-01-31T12:00:00Z`. Default none: it does not.
    pub expires: Option<Moment>,
    /// The most urgent class that its calls may have; one that asks for more gets this. Default `"MEDIUM"`.
    pub class_max: ClassMax,
    /// Calls of it in a minute at most. Default none: any number.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub calls_per_minute: Option<u32>,
    /// Calls of it at once at most, where there is `calls_per_minute`. Default a sixth of that, and at least 1.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub burst: Option<u32>,
    /// The servers that it may see, by name; the gateway's own tools are those of `switchboard`. Default none, which means
    /// every server.
    pub servers: Vec<String>,
    /// The tools that it may see: globs over exposed names, which begin with the server's prefix. Default none, which means
    /// every tool.
    pub tools: Vec<Glob>,
}

/// The most urgent class of a principal. `CRITICAL` is for the node itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum ClassMax {
    /// What a person waits for.
    High,
    /// What says nothing of itself.
    #[default]
    Medium,
    /// What can wait.
    Low,
    /// What nobody waits for.
    Bulk,
}

impl Default for Principal {
    fn default() -> Self {
        Self {
            token_hash: None,
            networks: Network::loopback(),
            expires: None,
            class_max: ClassMax::default(),
            calls_per_minute: None,
            burst: None,
            servers: Vec::new(),
            tools: Vec::new(),
        }
    }
}
