//! The tools as a client sees them: each once good and several times bad, all with hostile arguments, and the table of what
//! they are.

mod bad;
mod catalogue;
mod client;
mod git;
mod good;
mod performance;
