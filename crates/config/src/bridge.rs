//! Section `[bridge]`: plain HTTP for programs that speak no MCP. It listens where the gateway listens.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Plain HTTP for programs that speak no MCP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Bridge {
    /// Whether `/mcp/tools/call`, `/tools` and the other paths for plain HTTP are served. Default true.
    pub enabled: bool,
    /// Whether the paths under `/mcp/` can be used without `X-Session-ID`, so that no `POST /mcp/initialize` has to come
    /// first. Each such request stands for itself. Default false.
    pub sessionless: bool,
}

impl Default for Bridge {
    fn default() -> Self {
        Self { enabled: true, sessionless: false }
    }
}
