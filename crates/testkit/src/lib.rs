//! Test support beside the floors: things that only tests and benchmarks may use.
//!
//! - [`fixture`]: a complete MCP server of both eras, the independent witness the gateway is measured against.
//!
//! It never depends on the crates it tests.

pub mod fixture;
