//! A legacy session over raw HTTP, as a client holds it: requests and their answers, and event streams read one event
//! at a time, so that a test can hang up between two of them.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::wire::{self, Answer, post};

/// One open session.
#[derive(Clone, Debug)]
pub struct Session {
    address: String,
    path: String,
    version: &'static str,
    id: String,
}

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

impl Session {
    /// Opens a session at `path` for a client that can do `capabilities`.
    ///
    /// # Panics
    ///
    /// When the gateway does not open one.
    pub fn open(address: &str, path: &str, version: &'static str, capabilities: &Value) -> Self {
        let client = json!({ "name": "legacy", "version": "1" });
        let params = json!({ "protocolVersion": version, "capabilities": capabilities, "clientInfo": client });
        let hello = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params }).to_string();
        let answer = wire::exchange(address, &post(address, path, &[], hello.as_bytes()));
        let id = answer.header("mcp-session-id").unwrap_or_else(|| panic!("no session: {}", answer.text()));
        let session = Self { address: address.to_owned(), path: path.to_owned(), version, id: id.to_owned() };
        let ready = session.post(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        assert_eq!(ready.status, 202, "{}", ready.text());
        session
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Posts a message and reads the whole answer.
    pub fn post(&self, message: &Value) -> Answer {
        wire::exchange(&self.address, &self.request(message))
    }

    /// Posts a message and reads the answer as events.
    pub fn stream(&self, message: &Value) -> Stream {
        Stream::open(&self.address, &self.request(message))
    }

    /// Opens the standing stream, or resumes the stream that said `last_event_id`.
    pub fn listen(&self, last_event_id: Option<&str>) -> Stream {
        let resumed = last_event_id.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
        let (path, address) = (&self.path, &self.address);
        let headers = self.headers().join("\r\n");
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n{headers}\r\n{resumed}\r\n"
        );
        Stream::open(address, request.as_bytes())
    }

    fn headers(&self) -> [String; 2] {
        [format!("Mcp-Session-Id: {}", self.id), format!("MCP-Protocol-Version: {}", self.version)]
    }

    fn request(&self, message: &Value) -> Vec<u8> {
        let headers = self.headers();
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        post(&self.address, &self.path, &headers, message.to_string().as_bytes())
    }
}

/// A `tools/call`.
pub fn call(id: i64, tool: &str, arguments: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": { "name": tool, "arguments": arguments } })
}

impl Stream {
    fn open(address: &str, request: &[u8]) -> Self {
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
        loop {
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
