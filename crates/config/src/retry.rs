//! Section `[retry]`: how often a call that got no answer is sent once more. What may not be sent twice never is, whatever
//! stands here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How often a call that got no answer is sent once more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Retry {
    /// How often a call is sent at most; 1 never sends one again. Default 3.
    #[schemars(range(min = 1, max = 10))]
    pub attempts: u32,
    /// Milliseconds before the second attempt at most, by chance less; twice as many before each further one. Default 100.
    #[schemars(range(min = 1, max = 60_000))]
    pub wait_ms: u64,
    /// Milliseconds before any attempt at most; a server that wants to be left alone for longer is. Default 5 s.
    #[schemars(range(min = 1, max = 300_000))]
    pub wait_ms_max: u64,
    /// Calls of a hundred to one server that may be sent once more. Default 20.
    #[schemars(range(min = 0, max = 100))]
    pub budget_percent: u32,
}

impl Default for Retry {
    fn default() -> Self {
        Self { attempts: 3, wait_ms: 100, wait_ms_max: 5_000, budget_percent: 20 }
    }
}
