//! How calls wait, run, repeat, fail and finish, as state machines: what happens goes in, with the time at which it
//! happens, and what is to be done comes out. No clock, no task, no randomness of their own, so that a history of years
//! is played through in a test within a second. What acts on them is the pipeline of the gateway.

mod act;
pub mod adaptive;
pub mod balance;
pub mod cache;
mod class;
pub mod lane;
pub mod pool;
pub mod queue;
mod rate;
mod sync;
mod tempo;

pub mod batch;
pub mod breaker;
pub mod gather;
pub mod hedge;
pub mod once;
pub mod retry;
pub mod single_flight;

pub use act::Act;
pub use class::{Class, UnknownClass};
pub use rate::{Meter, Rate, TooOften};
pub use tempo::{Silences, Tempo};
