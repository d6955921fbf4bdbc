//! The control API of a running node as a typed client. The words of the API are here too, so that the node's side
//! (`control`) and this side cannot drift apart. It talks over the node's control socket and never repeats a request.
//!
//! ```no_run
//! # async fn example() -> Result<(), client::Error> {
//! let node = client::Client::of_node("http://127.0.0.1:3100/mcp")?;
//! for server in node.servers().await? {
//!     println!("{} is {}", server.name, server.state);
//! }
//! # Ok(())
//! # }
//! ```

mod api;
mod cache;
mod client;
mod error;
mod faults;
mod jobs;
mod query;
mod queue;
mod socket;

pub use api::{
    Applied, Breaker, Check, Copies, Detour, Health, InstanceReport, LogLine, Logs, NodeStatus, Past, PastText,
    Problem, Processes, Restarted, Server, ServerReport, State, Step,
};
pub use cache::{CacheCounts, CacheStatus, CachedAnswer, CachedTool, Cleared, ListCopies, SharedCache, SharedState};
pub use client::Client;
pub use error::Error;
pub use faults::{FaultRule, NewFault};
pub use jobs::{Attempt, Job, JobReport, Jobs, Purged};
pub use queue::{CallState, Calls, QueuedCall, UnknownState};
pub use socket::socket_of;
