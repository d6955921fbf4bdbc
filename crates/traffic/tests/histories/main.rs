//! Random histories of the machines beside models that remember everything and count anew each time: whatever happens, and
//! however the clock jumps, the two agree. `PROPTEST_CASES` says how many histories of each are played; `cargo xtask
//! histories` plays a million.

mod adaptive;
mod balance;
mod batch;
mod breaker;
mod draw;
mod ledger;
mod once;
mod pool;
mod queue;
mod rate;
mod sequence;
