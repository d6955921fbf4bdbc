//! Section `[node]`: where this node stands among others.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Network;

/// Where this node stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Node {
    /// The region; instances of servers in it are preferred. Default none.
    pub region: String,
    /// The zone in the region. Default none.
    pub zone: String,
    /// The networks from which callers of a region come, or of a zone in it: `eu` or `eu/a`. What a caller says of itself
    /// goes over it. Default none.
    pub networks: BTreeMap<String, Vec<Network>>,
}
