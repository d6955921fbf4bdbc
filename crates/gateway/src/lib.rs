//! The data plane: any MCP client, over any transport and in either protocol era, to any number of MCP servers.
//!
//! A request enters at an edge (`edge`), which learns whose it is (`identities`), is routed by the catalogue (`catalogue`)
//! and leaves by the other edge (`upstream`). Between the two edges a call has no era ([`call`]). What this crate does not
//! do: it starts no process and opens no connection itself, and it keeps nothing on disk but jobs
//! (`store`), the keys of its seals, lists of servers and long results.
//!
//! In reading order: [`gateway`] (the parts put together), [`current`] (how it changes), [`principal`] with [`sight`] and [`held`],
//! [`identities`] with [`wrong_tokens`], [`call`], [`events`], [`failure`], [`intake`], [`alarm`], [`catalogue`], [`route`], [`manner`] with [`list_form`], [`pipeline`],
//! [`cache`], [`upstream`], [`residents`], [`shape`] and [`results`], [`parked`], `even` and [`jobs`], `unasked` and [`batch`], [`session`], [`reach`], [`streams`], [`edge`],
//! [`leaving`] (its way out) and [`handover`] (what is said on it), [`vitals`] (whether it moves).

// the way of a call is one future, step within step: deeper than the compiler follows of itself
#![recursion_limit = "256"]

pub mod alarm;
pub mod answered_by;
pub mod batch;
pub mod cache;
pub mod call;
pub mod catalogue;
pub mod current;
pub mod edge;
mod even;
pub mod events;
pub mod failure;
pub mod gateway;
pub mod handover;
pub mod held;
pub mod identities;
pub mod intake;
pub mod jobs;
pub mod key_file;
pub mod leaving;
pub mod list_form;
pub mod manner;
pub mod parked;
pub mod pipeline;
pub mod places;
pub mod principal;
pub mod reach;
pub mod redirect;
pub mod residents;
pub mod results;
pub mod route;
pub mod seals;
pub mod session;
pub mod shape;
pub mod sight;
pub mod streams;
mod unasked;
pub mod upstream;
pub mod vitals;
pub mod wrong_tokens;

pub use current::Current;
pub use gateway::Gateway;
pub use residents::{Nobody, RESIDENT_QUEUE, Resident, Residents};
pub use toolkit::moment;
