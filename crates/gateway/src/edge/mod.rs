//! The client edge: what comes in over any transport is read as a message of its era, answered by the gateway itself or
//! routed, and answered in the words of that era.
//!
//! In reading order: `about` (what an endpoint says of itself), `modern` and `legacy` (the two eras), `running` with
//! `unbroken` (a call of a legacy session), `tasks` (core tasks of legacy ones), `jobs` with `core` (calls that are finished
//! without their callers), `listen` (changes for modern clients), `http` with `door`, `head`, `told` and `body` (Streamable HTTP),
//! `coding` (compressed bodies), `bridge` (plain HTTP), `duplex` (stdio, sockets) with `sse` (HTTP+SSE), `grpc`, `serve` with
//! `framing`, `passage`, `head_timer` and `tls` (listeners).

pub mod about;
pub mod body;
pub mod bridge;
mod coding;
pub mod door;
pub mod duplex;
pub mod framing;
pub mod grpc;
mod head;
mod head_timer;
pub mod http;
mod jobs;
pub mod legacy;
pub mod listen;
pub mod lists;
pub mod modern;
mod newcomers;
pub mod passage;
mod running;
pub mod serve;
pub mod sse;
mod tasks;
pub mod tls;
mod told;
mod unbroken;
mod unstalled;

use bytes::Bytes;
use mcp::{Envelope, code};
use tokio::sync::mpsc;

/// Messages that may wait for a client on one stream.
pub const STREAM_QUEUE: usize = 64;

/// What is said to one incoming message.
#[derive(Debug)]
pub enum Reply {
    /// Accepted; there is nothing to say.
    Accepted,
    /// One message, and the HTTP status that goes with it.
    One(Bytes, u16),
    /// Messages over time; the last one is the answer. When the receiver is dropped, nobody listens any more.
    Many(mpsc::Receiver<Bytes>),
}

impl Reply {
    /// A successful answer.
    pub fn result(id: &[u8], result: &[u8]) -> Self {
        Self::One(mcp::message::result(id, result), 200)
    }

    /// An error answer.
    pub fn error(id: Option<&[u8]>, code: i32, text: &str, modern: bool) -> Self {
        Self::One(mcp::message::error(id, code, text, None), code::http_status(code, modern))
    }

    /// The same reply with another HTTP status.
    pub fn with_status(self, status: u16) -> Self {
        match self {
            Self::One(bytes, _) => Self::One(bytes, status),
            other => other,
        }
    }

    /// An answer that may be an error.
    pub fn answer(bytes: Bytes, error_code: Option<i64>, modern: bool) -> Self {
        let status =
            error_code.and_then(|code| i32::try_from(code).ok()).map_or(200, |code| code::http_status(code, modern));
        Self::One(bytes, status)
    }
}

/// The id of a message as a token; notifications have none.
pub fn id_of(message: &Envelope) -> &[u8] {
    message.id().unwrap_or(b"null")
}
