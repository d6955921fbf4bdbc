//! Section `[cache]`: how much is kept of answers and lists. Which tools' answers are kept, and for how long, stands with the tools.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Secret, Warming};

/// The answers and lists that are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Cache {
    /// Bytes that all kept answers may take in memory; 0 keeps none. Default 64 MiB.
    #[schemars(range(max = 68_719_476_736_u64))]
    pub memory_bytes: u64,
    /// Bytes of one answer that is kept; a larger one is passed on and forgotten. Default 1 MiB.
    #[schemars(range(max = 1_073_741_824))]
    pub answer_bytes_max: usize,
    /// Seconds for which a list of tools, prompts or resources counts as fresh where its server does not say. Default 600.
    #[schemars(range(max = 86_400))]
    pub list_ttl_s: u64,
    /// Seconds for which a server is believed that says how long a resource is fresh, and a toolkit that says how long an
    /// answer is good; 0 believes nobody. Default 600.
    #[schemars(range(max = 604_800))]
    pub hint_s_max: u64,
    /// Answers that are fetched in a minute before anybody asks for them, so that nobody waits. Default 0: none are.
    #[schemars(range(max = 60_000))]
    pub warm_per_minute: u32,
    /// Which answers these are, beside those that `warm` of a tool names: `ahead`, those that are asked for often, before their
    /// time is over; `sequence`, what somebody usually asks next. Default `["ahead"]`.
    pub warm: Vec<Warming>,
    /// What becomes of the advice that follows from what the node counts: `off`, it is given when it is asked for; `auto`, the
    /// node follows it by itself, tool by tool, in memory, for tools with `cache_s`. Default `"off"`.
    pub advise: AdviceUse,
    /// Seconds up to which `advise = "auto"` lengthens the time of an answer; a longer one of a tool stays. Default 3600.
    #[schemars(range(min = 1, max = 604_800))]
    pub advise_ttl_s_max: u64,
    /// A Redis or Valkey with which several nodes share what they keep: `redis://USER:PASSWORD@HOST:PORT/DATABASE`,
    /// `rediss://` over TLS, or `unix:///PATH?db=NUMBER`. Never shown. Default none: each node keeps its own.
    pub redis_url: Option<Secret>,
    /// What all names there begin with. Nodes with the same prefix take each other's answers, and principals of the same
    /// name for the same. Default `"switchboard"`.
    pub redis_prefix: String,
    /// A text of at least 32 characters that all nodes have and nobody else: it seals what is written there. Never shown.
    /// Default none: the keys in the folder of state, which nodes of one machine share.
    pub redis_key: Option<Secret>,
}

/// What becomes of the advice that follows from what the node counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AdviceUse {
    /// It is given when it is asked for.
    #[default]
    Off,
    /// The node follows it by itself.
    Auto,
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            memory_bytes: 64 * 1024 * 1024,
            answer_bytes_max: 1024 * 1024,
            list_ttl_s: 600,
            hint_s_max: 600,
            warm_per_minute: 0,
            warm: vec![Warming::Ahead],
            advise: AdviceUse::Off,
            advise_ttl_s_max: 3_600,
            redis_url: None,
            redis_prefix: "switchboard".to_owned(),
            redis_key: None,
        }
    }
}
