//! What must outlive the process: jobs, and calls under keys, in one SQLite file. Whoever is told that something is kept is told after the commit
//! has reached the disk. This is the only crate that knows SQL; it decides nothing about them but what may follow what.
//!
//! In reading order: [`job`] and [`key`] (the words), [`store`] (what can be done), `jobs` and `keys` (the statements), `writer`
//! (one thread, many changes in one commit), `open` and `schema` (the file), [`runs`] (which processes are alive), [`error`].

pub mod error;
pub mod job;
mod jobs;
pub mod key;
mod keys;
mod numbers;
mod open;
pub mod runs;
mod schema;
pub mod store;
mod writer;

pub use error::Error;
pub use job::{Attempt, Claimed, Ended, Filter, Job, JobId, NewJob, Outcome, State};
pub use key::{KeyAnswer, KeyBounds, KeyEnd, KeyName, KeyState};
pub use store::{Cancelled, Replayed, Settings, Store};
