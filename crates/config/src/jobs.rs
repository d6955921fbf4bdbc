//! Section `[jobs]`: calls that are finished without their callers, how often they are tried, and how long they are kept.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Calls that are finished without their callers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Jobs {
    /// Whether jobs outlive the process: they are kept in the state folder, and a job is accepted only when it is on the
    /// disk. Otherwise they are kept in memory. Default true.
    pub durable: bool,
    /// Bytes of everything that is kept; with no room left, no job is accepted. Default 1 GiB.
    #[schemars(range(min = 1_048_576, max = 1_099_511_627_776_u64))]
    pub store_bytes_max: u64,
    /// Bytes of the request that a job is made of. Default 1 MiB.
    #[schemars(range(min = 1_024, max = 67_108_864))]
    pub request_bytes_max: usize,
    /// Jobs that run at one time. Default 16.
    #[schemars(range(min = 1, max = 10_000))]
    pub running_max: usize,
    /// Jobs of one principal that are not finished. Default 1,000.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub per_principal_max: u32,
    /// How often a job is tried before it has failed; an act is tried again only if it was never sent. Default 5.
    #[schemars(range(min = 1, max = 100))]
    pub attempts_max: u32,
    /// Milliseconds before the second attempt, at most; each further wait may be twice as long. Default 1 s.
    #[schemars(range(min = 10, max = 3_600_000))]
    pub backoff_ms: u64,
    /// Milliseconds before any attempt, at most. Default 5 min.
    #[schemars(range(min = 10, max = 86_400_000))]
    pub backoff_ms_max: u64,
    /// Hours that a job is kept after its end, with its answer. Default 24.
    #[schemars(range(min = 1, max = 8_760))]
    pub kept_h: u64,
}

impl Default for Jobs {
    fn default() -> Self {
        Self {
            durable: true,
            store_bytes_max: 1_073_741_824,
            request_bytes_max: 1_048_576,
            running_max: 16,
            per_principal_max: 1_000,
            attempts_max: 5,
            backoff_ms: 1_000,
            backoff_ms_max: 300_000,
            kept_h: 24,
        }
    }
}
