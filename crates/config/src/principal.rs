//! Sections `[principals.NAME]`: who may call, by which token and from where.
//! Who a request is of is decided by the gateway.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Moment, Network, TokenHash};

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
        Self { token_hash: None, networks: Network::loopback(), expires: None, class_max: ClassMax::default() }
    }
}
