//! Bytes on the wire: input of every wrong kind meets the answer that the reference names and disturbs nobody, and
//! what is right passes the gateway byte for byte.

mod bounds;
mod cancel;
mod fidelity;
mod gateway;
mod http;
mod messages;
mod questions;
mod sessions;
