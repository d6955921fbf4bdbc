//! An answer that comes as events, read one event at a time, so that a test can hang up between two of them.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::time::Instant;

use serde_json::Value;

use crate::wire;

/// One event of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Its id, if it has one.
    pub id: Option<String>,
    /// The time to wait before coming back, if it says one.
    pub retry_ms: Option<u64>,
    /// What it says.
    pub data: String,
}

/// An answer that comes as events. Dropping it hangs up.
#[derive(Debug)]
pub struct Stream {
    /// The status of the answer.
    pub status: u16,
    connection: BufReader<TcpStream>,
    unread: String,
}

impl Stream {
    /// Sends a request and reads the head of the answer.
    ///
    /// # Panics
    ///
    /// When the gateway cannot be reached or does not answer in time.
    pub fn open(address: &str, request: &[u8]) -> Self {
        let mut connection = wire::connect(address);
        wire::send(&mut connection, request);
        let mut stream = Self { status: 0, connection: BufReader::new(connection), unread: String::new() };
        stream.status = stream.line().split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        while !stream.line().is_empty() {}
        stream
    }

    /// The next event, comments left out; nothing when the stream has ended.
    ///
    /// # Panics
    ///
    /// When nothing comes in time.
    #[expect(clippy::should_implement_trait, reason = "a stream that one hangs up on is not iterated to its end")]
    pub fn next(&mut self) -> Option<Event> {
        let until = Instant::now() + wire::ANSWER_WITHIN;
        loop {
            assert!(Instant::now() < until, "an event comes in time, not only signs of life");
            while let Some((event, rest)) = self.unread.split_once("\n\n") {
                let event = read(event);
                self.unread = rest.to_owned();
                if event.is_some() {
                    return event;
                }
            }
            let chunk = self.chunk()?;
            self.unread.push_str(&chunk);
        }
    }

    /// The next event that carries a message, as JSON.
    ///
    /// # Panics
    ///
    /// When the stream ends before, or carries no JSON.
    pub fn message(&mut self) -> Value {
        loop {
            let event = self.next().expect("the stream goes on");
            if !event.data.is_empty() {
                return serde_json::from_str(&event.data).expect("an event carries a message");
            }
        }
    }

    fn chunk(&mut self) -> Option<String> {
        let size = usize::from_str_radix(&self.line(), 16).ok().filter(|size| *size > 0)?;
        let mut chunk = vec![0; size];
        self.connection.read_exact(&mut chunk).expect("a chunk is whole");
        self.line();
        Some(String::from_utf8_lossy(&chunk).into_owned())
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.connection.read_line(&mut line).expect("the gateway answers in time");
        line.trim_end().to_owned()
    }
}

fn read(block: &str) -> Option<Event> {
    let mut event = Event::default();
    let mut says_something = false;
    for line in block.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        says_something |= !field.is_empty();
        match field {
            "id" => event.id = Some(value.to_owned()),
            "retry" => event.retry_ms = value.parse().ok(),
            "data" => event.data.push_str(value),
            _ => {}
        }
    }
    says_something.then_some(event)
}
