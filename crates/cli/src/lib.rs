//! The command line: what can be typed, and the verbs that talk to a running node.
//! `serve` and `stdio` are only read here; the crate `switchboard` runs them.
//!
//! ```
//! use clap::Parser;
//!
//! let typed = cli::Cli::parse_from(["switchboard", "serve", "--listen", "127.0.0.1:0"]);
//! assert!(matches!(typed.verb, cli::Verb::Serve(serve) if serve.listen.len() == 1));
//! ```

mod args;
mod arguments;
mod error;
mod exit;
mod node;
mod node_client;
mod settings;
mod terminal;
mod verbs;

pub use args::{Cli, Verb};
pub use error::Error;
pub use exit::Exit;
pub use node::Node;
pub use settings::Settings;
pub use terminal::Terminal;
pub use verbs::call::Call;
pub use verbs::config::{ConfigVerb, Show};
pub use verbs::serve::Serve;
pub use verbs::stdio::Stdio;
pub use verbs::tools::Tools;
