//! The control plane of one node: it puts configurations in force while the node runs, keeps those of the past, and
//! answers the control API on a unix socket that only the node's own user can use. It makes no gateway and opens no
//! connection; the words of the API are in the crate `client`.
//!
//! In reading order: [`configuration`] (what is in force and how it changes), `refused` (why it does not), `folders` (who
//! writes the files), [`watch`] (files that changed), [`log`] (its section put in force), [`socket`] (who may talk),
//! `routes`, and a file for each group of them.

mod cache;
pub mod configuration;
mod faults;
mod folders;
mod jobs;
pub mod log;
mod logs;
mod past;
mod queue;
mod refused;
mod reply;
mod restart;
mod routes;
mod servers;
pub mod socket;
mod status;
pub mod watch;

pub use configuration::{Cause, Configuration, Held};
pub use refused::Refused;
pub use restart::{Restarts, Wish};
pub use routes::Api;
