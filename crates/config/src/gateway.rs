//! Section `[gateway]`: the door itself, where it listens and how it introduces itself.
//! Its numbers live in `[limits]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Listen;

/// Where the gateway listens and what it says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Gateway {
    /// Addresses to listen on: `IP:PORT` (port 0 picks a free one) or `unix:/path/to/socket`. Only loopback
    /// addresses are accepted while there are no principals. Default `["127.0.0.1:3100"]`.
    pub listen: Vec<Listen>,
    /// Whether callers on this machine need no token although there are principals. Whatever a proxy on this
    /// machine passes on comes from this machine too. Default `false`.
    pub anonymous_local: bool,
    /// Values of the `Host` header accepted besides loopback names, as `host` or `host:port`; anything else
    /// is refused, which stops DNS rebinding. Default none.
    pub allowed_hosts: Vec<String>,
    /// Values of the `Origin` header accepted besides loopback origins, as `scheme://host[:port]`; requests
    /// without `Origin` do not come from a web page and pass. Default none.
    pub allowed_origins: Vec<String>,
    /// The name this gateway gives itself to clients and servers. Default `"switchboard"`.
    pub name: String,
    /// Text for the model, sent with the handshake or `server/discover`. Default none.
    pub instructions: Option<String>,
    /// Whether legacy clients may call without a session; servers then cannot ask them questions. Default
    /// `false`.
    pub legacy_stateless: bool,
}

impl Default for Gateway {
    fn default() -> Self {
        Self {
            listen: vec![Listen::Tcp(([127, 0, 0, 1], 3100).into())],
            anonymous_local: false,
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            name: "switchboard".to_owned(),
            instructions: None,
            legacy_stateless: false,
        }
    }
}
