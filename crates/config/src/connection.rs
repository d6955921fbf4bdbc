//! Sections `[servers.NAME.connections.NAME]`: the outside systems that a toolkit may reach. Calls choose one by its name.
//! What a valid one is stands in `checks/server.rs`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Secret;

/// One outside system that a toolkit may reach. The connection `default` is that of calls that name none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Connection {
    /// Where it answers; the toolkit's page says which schemes it knows.
    pub url: String,
    /// Who the toolkit is there. Default nobody.
    pub user: Option<String>,
    /// The password or token that proves it. `${env:NAME}` is replaced by the gateway's own variable `NAME`; the value is
    /// never shown. Default none.
    pub secret: Option<Secret>,
    /// The file with the authorities that its certificate may be from. Default those that the program trusts.
    pub ca: Option<String>,
    /// The file with the certificate of the toolkit itself. Default none.
    pub certificate: Option<String>,
    /// The file with the key of that certificate. Default none.
    pub key: Option<String>,
}
