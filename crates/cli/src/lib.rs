//! The command line: what can be typed, what each verb does, and how it is shown.
//!
//! A verb finds something out or changes something and gives back one typed value; [`Terminal`] shows it to people or to
//! programs. What only a whole node can do, such as `serve`, is done by the [`Program`] around it.
//!
//! ```
//! use clap::Parser;
//!
//! let typed = cli::Cli::parse_from(["switchboard", "serve", "--listen", "127.0.0.1:0"]);
//! assert!(matches!(typed.verb, cli::Verb::Serve(serve) if serve.listen.len() == 1));
//! ```
//!
//! In reading order: `cli` and `options` (what holds for every verb), `verbs` (one file each), `run`, `context`; then
//! what verbs share: `mcp_client` (any MCP server), `arguments`, `form` and `questions` (what a schema wants), and the way
//! out: `report`, `text`, `terminal`, `error`, `exit`, `usage`.

mod arguments;
mod change;
mod cli;
mod clients;
mod completion;
mod context;
mod control;
mod doctor;
mod door;
mod error;
mod exit;
mod form;
mod in_force;
mod interactive;
mod interrupt;
mod listing;
mod mcp_client;
mod options;
mod programs;
mod questions;
mod report;
mod run;
mod section;
mod settings;
mod setup;
mod taken;
mod terminal;
mod text;
mod trial;
mod usage;
mod verbs;

pub use cli::Cli;
pub use completion::complete;
pub use context::{Context, Program, Running};
pub use error::Error;
pub use exit::{EXITS, Exit};
pub use options::Options;
pub use programs::own_name;
pub use report::Report;
pub use run::run;
pub use settings::Settings;
pub use setup::in_short as found_here;
pub use terminal::{Terminal, Word};
pub use text::{Text, Tone};
pub use verbs::{BuiltIn, Serve, Stdio, Toolkit, Verb};
