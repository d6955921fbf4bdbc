//! The words of the control API about kept answers.

use serde::{Deserialize, Serialize};

/// The answers that are kept. `GET /cache`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CacheStatus {
    /// Bytes in memory, what it costs to keep them included.
    pub memory_bytes: u64,
    /// Bytes that there is room for.
    pub memory_bytes_max: u64,
    /// Answers in memory.
    pub answers: u64,
    /// The counts of all tools together.
    #[serde(flatten)]
    pub total: CacheCounts,
    /// Each tool of which answers are or were kept, the most useful first.
    pub tools: Vec<CachedTool>,
    /// The answers that were given most often.
    pub top: Vec<CachedAnswer>,
    /// The lists of servers.
    pub lists: ListCopies,
    /// What several nodes keep together; nothing where each keeps its own.
    pub shared: Option<SharedCache>,
}

/// What is on disk of the lists of servers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListCopies {
    /// The servers that have not been heard since the start: what they said before is shown.
    pub stale: Vec<String>,
    /// Copies that could not be read and were dropped.
    pub dropped: u64,
}

/// What several nodes keep together at a Redis or Valkey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedCache {
    /// How the connection is.
    pub state: SharedState,
    /// Answers found there and given.
    pub found: u64,
    /// Answers written there.
    pub written: u64,
    /// Answers and messages there that could not be read: changed, foreign, or sealed with other keys.
    pub unreadable: u64,
    /// How often another node has said that answers are void.
    pub heard: u64,
    /// Questions that had no answer in time.
    pub unanswered: u64,
}

/// How the connection to what several nodes share is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SharedState {
    /// It answers.
    Up,
    /// Its last answer came too late.
    Slow,
    /// There is none.
    Down,
}

/// What keeping answers was worth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CacheCounts {
    /// Calls that a kept answer was given to.
    pub hits: u64,
    /// Those of them whose answer was past its time.
    pub stale: u64,
    /// Calls that had to be made.
    pub misses: u64,
    /// Hits in a hundred calls; nothing before the first call.
    pub hit_percent: Option<f64>,
    /// How long the calls would have taken that were not made.
    pub saved_ms: u64,
    /// Answers that were fetched before anybody asked.
    #[serde(default)]
    pub warmed: u64,
    /// Those of them that were then asked for.
    #[serde(default)]
    pub warmed_used: u64,
    /// Those of them that have gone without anybody asking.
    #[serde(default)]
    pub warmed_wasted: u64,
}

/// One tool of which answers are or were kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CachedTool {
    /// The name of its server.
    pub server: String,
    /// Its own name; `resources/read` for all resources.
    pub tool: String,
    /// Answers in memory.
    pub answers: u64,
    /// Their bytes.
    pub memory_bytes: u64,
    /// The age of the oldest.
    pub oldest_ms: u64,
    /// Its counts.
    #[serde(flatten)]
    pub counts: CacheCounts,
    /// The seconds for which its answers are kept, where the node has changed them by itself.
    #[serde(default)]
    pub tuned_cache_s: Option<u64>,
    /// What its counts say about its settings; of a time that the node has changed, why it did.
    pub advice: Option<String>,
    /// The `cache_s` of the tool that follows from that, where it has one that is not right.
    pub advised_cache_s: Option<u64>,
}

/// One of the answers that were given most often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CachedAnswer {
    /// The start of a digest of its server, tool, arguments and principal.
    pub key: String,
    /// The name of its server.
    pub server: String,
    /// The tool.
    pub tool: String,
    /// How often it was given.
    pub hits: u64,
    /// Its bytes.
    pub memory_bytes: u64,
    /// How old it is.
    pub age_ms: u64,
}

/// Kept answers were dropped. `POST /cache/clear`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cleared {
    /// How many answers.
    pub answers: u64,
}
