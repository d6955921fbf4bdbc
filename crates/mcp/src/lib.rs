//! MCP messages of both eras: bytes in, messages out.

pub mod cursor;
pub mod header;
pub mod lines;
mod members;
pub mod mirrors;
pub mod pack;
pub mod seal;
pub mod session;
pub mod sse;
pub mod state;
pub mod task;
