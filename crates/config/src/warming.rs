//! What is fetched before anybody asks for it: the ways of `cache.warm`, and the calls of `warm` in `[servers.NAME.tool.TOOL]`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A way in which an answer is there before anybody asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Warming {
    /// What is asked for often is fetched anew before its time is over.
    Ahead,
    /// What somebody usually asks next is fetched when they ask what comes before.
    Sequence,
}

/// A call that is made again and again, so that its answer is there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Scheduled {
    /// Its arguments. Default none.
    pub arguments: BTreeMap<String, serde_json::Value>,
    /// Seconds from one call to the next. Default 600.
    #[schemars(range(min = 10, max = 86_400))]
    pub every_s: u64,
    /// The principal for whom it is made. Default everybody, where `cache_shared` says that the answer is the same for all.
    pub principal: Option<String>,
}

impl Default for Scheduled {
    fn default() -> Self {
        Self { arguments: BTreeMap::new(), every_s: 600, principal: None }
    }
}
