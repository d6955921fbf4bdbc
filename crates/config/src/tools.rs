//! Section `[tools]`: how many tools a model sees, and how much of a result.
//! Names and descriptions of tools stand in the sections of their servers and bundles.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Glob;

/// How many tools a model sees, and how much of a result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Tools {
    /// Whether `/mcp` and bundles list three tools for searching in place of all tools; the tools that are not
    /// listed can still be called by name. Default `"auto"`.
    pub search: Search,
    /// How many tools an endpoint lists before `search = "auto"` replaces them. Default 100.
    #[schemars(range(min = 1, max = 100_000))]
    pub search_from: usize,
    /// Tools whose exposed name matches one of these globs stay listed beside the search. Default none.
    pub pinned: Vec<Glob>,
    /// Which of the gateway's own tools are listed at `/mcp`. All of them are always at
    /// `/servers/switchboard/mcp`. Default `"needed"`.
    pub own: Own,
    /// Bytes of text in one tool result of `/mcp` or a bundle; of a longer one the model sees the start, and the
    /// whole is kept for `switchboard_fetch_result`. 0 passes every result of a server as it is. Default 0.
    #[schemars(range(max = 1_073_741_824))]
    pub max_result_bytes: usize,
    /// Bytes of whole results that are kept for one caller; the oldest go first. Default 256 MiB.
    #[schemars(range(min = 1_048_576, max = 1_099_511_627_776_u64))]
    pub kept_bytes_max: usize,
    /// Whole results that are kept for one caller. Default 100.
    #[schemars(range(min = 1, max = 100_000))]
    pub kept_results_max: usize,
}

impl Default for Tools {
    fn default() -> Self {
        Self {
            search: Search::Auto,
            search_from: 100,
            pinned: Vec::new(),
            own: Own::Needed,
            max_result_bytes: 0,
            kept_bytes_max: 268_435_456,
            kept_results_max: 100,
        }
    }
}

/// Whether tools are searched for instead of listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Search {
    /// Where there are more than `search_from`.
    #[default]
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

/// Which of the gateway's own tools stand in the list with everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Own {
    /// Those without which something could not be reached: the search, and `fetch_result` where results are cut.
    #[default]
    Needed,
    /// All of them.
    All,
}
