//! HTTP+SSE (2024-11-05) over raw bytes, as a client holds it: messages go out by POST, and come in on one stream of events.

use serde_json::Value;

use crate::events::Stream;
use crate::wire::{self, Answer, post};

/// An open stream, and the address to post to. Dropping it hangs up.
#[derive(Debug)]
pub struct Sse {
    address: String,
    path: String,
    stream: Stream,
    messages: String,
    last_event_id: Option<String>,
}

impl Sse {
    /// Opens one at `path`.
    ///
    /// # Panics
    ///
    /// When the gateway opens none.
    pub fn open(address: &str, path: &str) -> Self {
        Self::resume(address, path, None)
    }

    /// Opens one more, with the last event that came on this one.
    ///
    /// # Panics
    ///
    /// When the gateway opens none.
    #[must_use]
    pub fn again(&self) -> Self {
        Self::resume(&self.address, &self.path, self.last_event_id.clone())
    }

    fn resume(address: &str, path: &str, last_event_id: Option<String>) -> Self {
        let last = last_event_id.as_ref().map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n{last}\r\n");
        let mut stream = Stream::open(address, request.as_bytes());
        assert_eq!(stream.status, 200);
        let messages = stream.next().expect("the stream says first where to post").data;
        Self { address: address.to_owned(), path: path.to_owned(), stream, messages, last_event_id }
    }

    /// Posts a message.
    pub fn say(&self, message: &Value) -> Answer {
        let bytes = post(&self.address, &self.messages, &[], message.to_string().as_bytes());
        wire::exchange(&self.address, &bytes)
    }

    /// The next message; nothing when the stream has ended.
    ///
    /// # Panics
    ///
    /// When it does not come in time, or is no JSON.
    pub fn message(&mut self) -> Option<Value> {
        loop {
            let event = self.stream.next()?;
            self.last_event_id = event.id.or(self.last_event_id.take());
            if !event.data.is_empty() {
                return Some(serde_json::from_str(&event.data).expect("an event carries a message"));
            }
        }
    }
}
