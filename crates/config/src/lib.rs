//! Every option of Switchboard: type, unit, default, documentation and check.
//! Pure but for `source` and `files`, which look at files and the environment, and `store`, which writes files; it starts,
//! connects and logs nothing.
//!
//! ```
//! let loaded = config::parse("[servers.git]\ncomand = \"mcp-server-git\"", "switchboard.toml", &|_| None);
//! assert_eq!(loaded.problems[0].to_string(), "switchboard.toml:1:10: servers.git: neither `command` nor `url` is given");
//! assert_eq!(loaded.problems[1].hint.as_deref(), Some("did you mean `command`?"));
//! ```

// The words an operator writes, section by section.
mod api;
mod breaker;
mod bridge;
mod bundle;
mod cache;
mod config;
mod connection;
mod degraded;
pub mod env;
mod folders;
mod gateway;
mod grpc;
mod identity;
mod instance;
mod invalidation;
mod jobs;
mod limits;
mod log;
mod node;
mod pool;
mod principal;
mod queue;
mod retry;
mod server;
mod tool;
mod toolkits;
mod tools;
mod warming;
mod window;

// The values they are made of.
mod glob;
mod listen;
mod moment;
mod network;
mod secret;
mod token_hash;

// From a text to a checked value.
mod assignment;
mod checks;
mod confidential;
mod document;
mod error;
mod explain;
mod files;
mod layers;
mod load;
mod path;
mod problem;
mod references;
mod schema;
mod shape;
mod source;

// Changes, of the text and of what it means.
mod difference;
mod edit;
pub mod history;
pub mod plan;
pub mod store;
pub mod stored;

pub use api::{Auth, Operations, Rest, RestArgument, RestList, RestMethod, RestPlace, RestTool, RestType, Traits};
pub use breaker::Breaker;
pub use bridge::Bridge;
pub use bundle::{Bundle, Naming};
pub use cache::{AdviceUse, Cache};
pub use config::Config;
pub use connection::Connection;
pub use degraded::Degraded;
pub use difference::{Difference, differences};
pub use edit::Edit;
pub use error::Error;
pub use explain::{Explanation, Given};
pub use files::Files;
pub use folders::{Folders, SERVICE_RUNTIME, control_socket_beside};
pub use gateway::Gateway;
pub use glob::{Glob, GlobError};
pub use grpc::Grpc;
pub use history::History;
pub use instance::{Balance, Instance};
pub use invalidation::Invalidation;
pub use jobs::Jobs;
pub use layers::Origin;
pub use limits::Limits;
pub use listen::{Listen, ListenError};
pub use load::{DEFAULT, Loaded, load, parse, parse_with_stored};
pub use log::{Log, LogFormat};
pub use mcp::nearest;
pub use moment::{Moment, MomentError};
pub use network::{Network, NetworkError};
pub use node::Node;
pub use plan::{Plan, ServerChange, plan};
pub use pool::{Pool, ServerPool};
pub use principal::{ClassMax, LOCAL, Principal, burst_of};
pub use problem::{Problem, Severity};
pub use queue::Queue;
pub use retry::Retry;
pub use schema::schema;
pub use secret::Secret;
pub use server::{Era, FixedArguments, Mode, Sandbox, Server, Start, Transport};
pub use source::{Environment, Source};
pub use token_hash::{TokenHash, TokenHashError};
pub use tool::{Act, ToolRules, ToolSettings};
pub use toolkits::{PREFIX_ALIASES, PROJECTS_ROOT, TOOLKITS};
pub use tools::{Own, Search, Tools};
pub use warming::{Scheduled, Warming};
pub use window::Window;
