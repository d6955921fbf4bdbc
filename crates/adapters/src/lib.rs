//! REST, GraphQL and gRPC APIs as MCP servers: their operations become tools, and calls become requests.
//!
//! Owns the reading of API descriptions, the safe building of requests from arguments, and the turning of answers
//! into results. Opens no connection itself (that is `egress`) and speaks no MCP itself (that is `toolkit`). Nothing
//! is repeated, no redirect is followed, and no description decides where credentials are sent.

// What all kinds share: tools, names, arguments, results.
mod arguments;
mod failure;
mod names;
mod outcome;
mod tool;

// The way to an API.
mod credentials;
mod http;
mod source;

// The kinds of APIs.
mod graphql;
mod grpc;
mod openapi;
mod rest;

mod api;
mod error;
#[cfg(fuzzing)]
pub mod fuzzing;

pub use api::toolkit;
pub use error::Error;
pub use failure::Failure;
