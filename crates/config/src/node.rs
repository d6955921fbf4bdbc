//! Section `[node]`: where this node stands among others.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where this node stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Node {
    /// The region; instances of servers in it are preferred. Default none.
    pub region: String,
    /// The zone in the region. Default none.
    pub zone: String,
}
