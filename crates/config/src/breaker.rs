//! Section `[breaker]`: when calls are held back from a server that fails, and when it is tried again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When calls are held back from a server that fails, and when it is tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Breaker {
    /// Failures in a row after which calls are held back. Default 5.
    #[schemars(range(min = 1, max = 1_000))]
    pub failures: u32,
    /// Seconds over which failures are counted that are not in a row. Default 30.
    #[schemars(range(min = 1, max = 3_600))]
    pub window_s: u64,
    /// Calls within `window_s` below which their share of failures says nothing. Default 20.
    #[schemars(range(min = 1, max = 100_000))]
    pub window_calls: u32,
    /// Failures of a hundred calls within `window_s` from which on calls are held back. Default 50.
    #[schemars(range(min = 1, max = 100))]
    pub window_percent: u32,
    /// Seconds that calls are held back at first, before the server is tried again; twice as long after each try that
    /// fails. Default 30.
    #[schemars(range(min = 1, max = 3_600))]
    pub open_s: u64,
    /// Seconds that calls are held back at most before the next try. Default 300.
    #[schemars(range(min = 1, max = 86_400))]
    pub open_s_max: u64,
    /// Tries in a row that have to end well before all calls pass again. Default 3.
    #[schemars(range(min = 1, max = 100))]
    pub successes: u32,
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            failures: 5,
            window_s: 30,
            window_calls: 20,
            window_percent: 50,
            open_s: 30,
            open_s_max: 300,
            successes: 3,
        }
    }
}
