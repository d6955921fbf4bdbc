//! How a tool is declared and served. One file declares one tool: typed arguments and result, marks, a function; the frame
//! gives everything that tools have in common, and an MCP server of both eras around them.
//!
//! What it does not do: it knows no transport and no gateway, starts nothing and keeps nothing on disk.
//!
//! ```
//! use toolkit::{Call, Failure, Marks, Tool, Toolkit};
//!
//! /// `add`: sums numbers.
//! struct Add;
//!
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! struct Input {
//!     /// What to sum.
//!     numbers: Vec<i64>,
//! }
//!
//! #[derive(serde::Serialize, schemars::JsonSchema)]
//! struct Output {
//!     sum: i64,
//! }
//!
//! impl Tool for Add {
//!     type Input = Input;
//!     type Output = Output;
//!     const NAME: &'static str = "add";
//!     const ABOUT: &'static str = "Sums numbers.";
//!     const MARKS: Marks = Marks::reads().idempotent();
//!
//!     async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
//!         Ok(Output { sum: input.numbers.iter().sum() })
//!     }
//! }
//!
//! let toolkit = Toolkit::new("arithmetic", "1.0").tool(Add);
//! assert_eq!(toolkit.declarations().next().map(|tool| tool.marks.letters()), Some("R I".to_owned()));
//! ```
//!
//! In reading order: [`tool`] (what one writes), [`marks`], [`declaration`], [`shared`] and [`arguments`] (what comes in),
//! [`connection`] (which outside system is meant), [`call`], [`failure`], [`output`] (what goes out) with [`cut`], [`keep`],
//! [`redact`] and [`commands`] (learning mode), [`toolkit`], and [`serve()`]. [`moment`] writes times, [`mod@reference`] the pages about a toolkit.

pub mod arguments;
pub mod call;
pub mod commands;
mod confirm;
pub mod connection;
pub mod cut;
pub mod declaration;
pub mod failure;
mod formats;
pub mod keep;
pub mod marks;
pub mod moment;
pub mod output;
mod perform;
pub mod redact;
pub mod reference;
mod repeats;
mod serve;
pub mod shared;
pub mod tool;
pub mod toolkit;

pub use arguments::Arguments;
pub use call::{Call, Caller};
pub use connection::{Connection, Connections};
pub use declaration::Declaration;
pub use failure::{Code, Failure};
pub use keep::{Keep, Kept};
pub use marks::Marks;
pub use output::Output;
pub use redact::Secrets;
pub use serve::{serve, serve_lines};
pub use shared::Shared;
pub use tool::{Running, Served, Tool};
pub use toolkit::{Resources, Toolkit};
