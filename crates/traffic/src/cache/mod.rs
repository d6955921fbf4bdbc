//! The rules of answers that are kept: how long one is good, who may be given it, and what makes it void. Owns neither the
//! answers nor the clock: ages and the order of what happened come in as arguments.
//!
//! In reading order: `lifetime` (how old is too old), `demand` (what a caller wants of the cache), `ledger` (what was
//! declared void, and when), `declarations` (the same for many threads), `sequence` (what is usually asked next), `tally` (what it was all worth), `tuning` (times that follow that).

mod declarations;
mod demand;
mod ledger;
mod lifetime;
mod sequence;
mod tally;
mod tuning;

pub use declarations::Declarations;
pub use demand::{Demand, UnknownDemand, Verdict};
pub use ledger::{Followed, Ledger, Moment};
pub use lifetime::{State, Terms};
pub use sequence::Sequences;
pub use tally::{Advice, Tally};
pub use tuning::Tuning;
