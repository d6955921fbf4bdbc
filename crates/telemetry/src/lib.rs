//! What the program says of itself while it runs: log lines on stderr, whose filter and shape may change meanwhile, and the
//! newest of them in a journal that can be read later. Secrets stand in neither. stdout belongs to data.
//!
//! In reading order: [`log`] (the log of the process), [`journal`] (its newest lines), [`mask`] (what is hidden in both),
//! `shape` (how a line looks), `outlet` (how it leaves the process).

pub mod journal;
pub mod log;
pub mod mask;
mod outlet;
mod shape;

pub use journal::{Journal, Line};
pub use log::Log;
pub use mask::Mask;
pub use shape::Shape;
pub use tracing::Level;
