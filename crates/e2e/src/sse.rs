//! HTTP+SSE (2024-11-05) over raw bytes, as a client holds it: messages go out by POST, and come in on one stream of events.

use serde_json::Value;

use crate::events::Stream;
use crate::wire::{self, Answer, post};

/// An open stream, and the address to post to. Dropping it hangs up.
#[derive(Debug)]
pub struct Sse {
    address: String,
    /// What comes in.
    pub stream: Stream,
    /// Where messages go.
    pub messages: String,
}

impl Sse {
    /// Opens one at `path`.
    ///
    /// # Panics
    ///
    /// When the gateway opens none.
    pub fn open(address: &str, path: &str) -> Self {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n\r\n");
        let mut stream = Stream::open(address, request.as_bytes());
        assert_eq!(stream.status, 200);
        let messages = stream.next().expect("the stream says first where to post").data;
        Self { address: address.to_owned(), stream, messages }
    }

    /// Posts a message.
    pub fn say(&self, message: &Value) -> Answer {
        wire::exchange(&self.address, &post(&self.address, &self.messages, &[], message.to_string().as_bytes()))
    }
}
