//! Everything the tests and the benchmark hold in their hands; nothing here is part of the shipped binary.
//!
//! - [`fixture`]: a complete MCP server of both eras, the independent witness the gateway is measured against.
//! - [`faults`]: a proxy that cuts, delays and corrupts what passes.
//! - [`load`]: a load generator that checks every answer.
//! - [`process`]: what a process costs, read from outside.
//! - [`tools`]: a client of a toolkit in the same process, in a folder of its own.
//! - [`lab`]: a client of a toolkit in a machine of its own.
//!
//! It never depends on the crates it tests.

pub mod faults;
pub mod fixture;
pub mod lab;
pub mod load;
pub mod process;
pub mod tools;
