//! What several nodes share: the only crate that speaks to Redis or Valkey.
//!
//! Owns two connections, one that is asked and one that listens, and the little of RESP 2 that they need. Nothing that the
//! other side does is an error for whoever asks: no answer in time is no answer. What is kept there and what it means is the
//! affair of the crate above.
//!
//! In reading order: [`Address`] (where it is), [`Command`] and [`Reply`] (what is said), [`Link`] (who says it), `listen`
//! (what is heard), `greeting` (how a connection begins), `pace` (when the next one is tried).

mod address;
mod command;
mod error;
mod greeting;
mod link;
mod listen;
mod pace;
mod reply;

pub use address::Address;
pub use command::Command;
pub use error::Error;
pub use link::{Event, Link, State};
pub use reply::Reply;
