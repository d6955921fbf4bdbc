//! A legacy session over raw HTTP, as a client holds it: requests, answers and streams.

use std::net::TcpStream;

use serde_json::{Value, json};

use crate::events::Stream;
use crate::people::Token;
use crate::wire::{self, Answer, post};

/// One open session.
#[derive(Clone, Debug)]
pub struct Session {
    address: String,
    path: String,
    version: &'static str,
    id: String,
    /// The header that shows whose it is, if any does.
    proof: Option<String>,
}

impl Session {
    /// Opens a session at `path` for a client that can do `capabilities`.
    ///
    /// # Panics
    ///
    /// When the gateway does not open one.
    pub fn open(address: &str, path: &str, version: &'static str, capabilities: &Value) -> Self {
        Self::opened(address, path, version, None, capabilities)
    }

    /// Opens a session for whoever has this token.
    ///
    /// # Panics
    ///
    /// When the gateway does not open one.
    pub fn open_as(token: Token, address: &str, path: &str, capabilities: &Value) -> Self {
        Self::opened(address, path, "2025-11-25", Some(token.header()), capabilities)
    }

    fn opened(address: &str, path: &str, version: &'static str, proof: Option<String>, capabilities: &Value) -> Self {
        let answer = Self::greet(address, path, version, proof.as_deref(), capabilities);
        let id = answer.header("mcp-session-id").unwrap_or_else(|| panic!("no session: {}", answer.text()));
        let session = Self { address: address.to_owned(), path: path.to_owned(), version, id: id.to_owned(), proof };
        let ready = session.post(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        assert_eq!(ready.status, 202, "{}", ready.text());
        session
    }

    /// The answer to the handshake of a client that can do `capabilities`.
    pub fn handshake(address: &str, path: &str, version: &str, capabilities: &Value) -> Answer {
        Self::greet(address, path, version, None, capabilities)
    }

    fn greet(address: &str, path: &str, version: &str, proof: Option<&str>, capabilities: &Value) -> Answer {
        let client = json!({ "name": "legacy", "version": "1" });
        let params = json!({ "protocolVersion": version, "capabilities": capabilities, "clientInfo": client });
        let hello = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params }).to_string();
        wire::exchange(address, &post(address, path, proof.as_slice(), hello.as_bytes()))
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

    /// Posts a message and does not wait for the answer; dropping the connection hangs up.
    pub fn begin(&self, message: &Value) -> TcpStream {
        let mut connection = wire::connect(&self.address);
        wire::send(&mut connection, &self.request(message));
        connection
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

    fn headers(&self) -> Vec<String> {
        let own = [format!("Mcp-Session-Id: {}", self.id), format!("MCP-Protocol-Version: {}", self.version)];
        own.into_iter().chain(self.proof.clone()).collect()
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
