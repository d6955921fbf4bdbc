//! Everything the tests and the benchmark hold in their hands: fixture servers, faults on the wire, load.
//! A library and a few small programs; nothing here is part of the shipped binary.

pub mod faults;
pub mod load;
pub mod process;
