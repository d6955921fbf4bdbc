//! Starts, feeds, watches and ends the processes behind stdio servers; nobody else in the program may start one.
//!
//! A child is a whole tree: whatever it forks ends with it, and all of it ends with us, even after `kill -9`
//! (see [`guard`]). This crate moves lines and counts failures; what a line means, and when a server is to be
//! started again, is decided above. What only runs to its end is [`run()`].
//!
//! ```no_run
//! # async fn example() -> Result<(), supervisor::Error> {
//! let command = supervisor::Command::new("my-server").arg("--stdio");
//! let (child, mut lines) = supervisor::spawn(&command, supervisor::Limits::default())?;
//! child.send(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#.into()).await?;
//! let answer = lines.next().await;
//! child.stop().await;
//! # Ok(())
//! # }
//! ```
#![expect(clippy::disallowed_methods, reason = "this is the one crate that may start processes")]

mod capabilities;
mod cgroup;
mod child;
mod command;
mod error;
mod exit;
mod heirloom;
mod journal;
mod lease;
mod limits;
mod lines;
mod outbox;
mod parcels;
mod run;
mod sandbox;
mod spawn;
mod stderr;
mod successor;
mod tree;
mod warden;

pub mod backoff;
pub mod garbage;
pub mod guard;

pub use capabilities::{Capabilities, capabilities};
pub use child::Child;
pub use command::Command;
pub use error::Error;
pub use exit::Exit;
pub use heirloom::{Descriptors, Heirloom};
pub use journal::{Entry, Journal};
pub use limits::Limits;
pub use lines::{Line, Lines, Oversized};
pub use parcels::Parcels;
pub use run::{Bounds, Captured, Finished, run};
pub use sandbox::{Profile, Sandbox, SandboxError};
pub use spawn::{spawn, spawn_with_journal};
pub use successor::{Predecessor, Successor};
