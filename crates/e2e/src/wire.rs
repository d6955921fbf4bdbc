//! Raw HTTP over a socket: a request exactly as the test wrote it, and the answer as it came. It understands just
//! enough of HTTP/1.1 to know where an answer ends.

#![expect(clippy::disallowed_methods, reason = "bad bytes are only sent by a client of our own")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long an answer may take.
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// The protocol version that modern requests name.
pub const MODERN: &str = "2026-07-28";

/// One HTTP answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The status; 0 when the connection was closed without an answer.
    pub status: u16,
    /// The header lines, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, chunks joined.
    pub body: Vec<u8>,
}

impl Answer {
    /// The value of header `name`, given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The JSON-RPC message of the body: the body itself, or the last `data:` of an event stream.
    pub fn message(&self) -> String {
        let text = self.text();
        if self.header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream")) {
            let data = text.lines().rev().find_map(|line| line.strip_prefix("data:"));
            return data.unwrap_or_default().trim_start().to_owned();
        }
        text
    }

    /// Whether the message is an error, of the protocol or of the tool.
    pub fn is_error(&self) -> bool {
        let message = serde_json::from_str::<serde_json::Value>(&self.message());
        message.is_ok_and(|message| message.get("error").is_some() || message["result"]["isError"] == true)
    }

    /// The JSON-RPC error code of the message.
    pub fn code(&self) -> Option<i64> {
        let message: serde_json::Value = serde_json::from_str(&self.message()).ok()?;
        message["error"]["code"].as_i64()
    }
}

/// Sends `bytes` to `address` and reads one answer. A connection that is closed without one gives status 0.
///
/// # Panics
///
/// When the server cannot be reached, or neither answers nor closes in time.
pub fn exchange(address: &str, bytes: &[u8]) -> Answer {
    let mut connection = connect(address);
    send(&mut connection, bytes);
    read_answer(&mut BufReader::new(connection))
}

/// As [`exchange`], with a server that may be gone, or go before it has answered whole.
pub fn attempt(address: &str, bytes: &[u8]) -> Option<Answer> {
    let mut connection = TcpStream::connect(address).ok()?;
    connection.set_read_timeout(Some(ANSWER_WITHIN)).ok()?;
    send(&mut connection, bytes);
    let answer = read_answer(&mut BufReader::new(connection));
    serde_json::from_str::<serde_json::Value>(&answer.message()).is_ok().then_some(answer)
}

/// A new connection to `address`.
///
/// # Panics
///
/// When the server cannot be reached.
pub fn connect(address: &str) -> TcpStream {
    let connection = TcpStream::connect(address).expect("the server accepts connections");
    connection.set_read_timeout(Some(ANSWER_WITHIN)).expect("a timeout can be set");
    connection
}

/// Sends as much as the server takes: one that refuses early may close before it has read everything.
pub fn send(connection: &mut TcpStream, bytes: &[u8]) {
    let _ = connection.write_all(bytes);
}

/// Reads one answer.
///
/// # Panics
///
/// When the server neither answers nor closes in time.
pub fn read_answer(connection: &mut impl BufRead) -> Answer {
    let mut answer = Answer::default();
    let Some(status) = line(connection).and_then(|line| line.split(' ').nth(1)?.parse().ok()) else {
        return answer;
    };
    answer.status = status;
    while let Some(header) = line(connection).filter(|header| !header.is_empty()) {
        if let Some((name, value)) = header.split_once(':') {
            answer.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    answer.body = read_body(&answer, connection);
    answer
}

fn read_body(answer: &Answer, connection: &mut impl BufRead) -> Vec<u8> {
    if answer.header("transfer-encoding") == Some("chunked") {
        return read_chunks(connection);
    }
    match answer.header("content-length").and_then(|length| length.parse().ok()) {
        Some(length) => read_exactly(connection, length),
        None if answer.status == 204 || answer.status == 202 => Vec::new(),
        None => read_to_end(connection),
    }
}

fn read_chunks(connection: &mut impl BufRead) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(size) = line(connection).and_then(|line| usize::from_str_radix(line.trim(), 16).ok()) {
        body.extend(read_exactly(connection, size));
        line(connection);
        if size == 0 {
            break;
        }
    }
    body
}

fn read_exactly(connection: &mut impl BufRead, length: usize) -> Vec<u8> {
    let mut body = Vec::new();
    let read = connection.take(length as u64).read_to_end(&mut body);
    check(read.map(drop));
    body
}

fn read_to_end(connection: &mut impl BufRead) -> Vec<u8> {
    let mut body = Vec::new();
    check(connection.read_to_end(&mut body).map(drop));
    body
}

/// One line without its end; nothing when the connection is closed.
fn line(connection: &mut impl BufRead) -> Option<String> {
    let mut bytes = Vec::new();
    check(connection.read_until(b'\n', &mut bytes).map(drop));
    let text = String::from_utf8_lossy(&bytes);
    (!bytes.is_empty()).then(|| text.trim_end_matches(['\r', '\n']).to_owned())
}

/// A closed connection is an end; silence is a failure.
fn check(read: std::io::Result<()>) {
    use std::io::ErrorKind::{TimedOut, WouldBlock};
    if let Err(error) = read {
        assert!(!matches!(error.kind(), TimedOut | WouldBlock), "the server neither answered nor closed");
    }
}

/// A POST of `body` with the headers every MCP request has, and `extra` lines such as `Mcp-Method: ping`.
pub fn post(address: &str, path: &str, extra: &[&str], body: &[u8]) -> Vec<u8> {
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\nContent-Length: {}\r\n",
        body.len()
    );
    for line in extra {
        request.push_str(line);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    [request.as_bytes(), body].concat()
}

/// A modern request's body: `id` and `arguments` exactly as given, the envelope of the version added.
pub fn modern_call(id: &str, tool: &str, arguments: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"{tool}","arguments":{arguments},"_meta":{META}}}}}"#
    )
}

/// The `_meta` that every modern request carries.
pub const META: &str =
    r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;

/// The headers that mirror a modern `tools/call`.
pub fn modern_call_headers(tool: &str) -> Vec<String> {
    vec![format!("MCP-Protocol-Version: {MODERN}"), "Mcp-Method: tools/call".to_owned(), format!("Mcp-Name: {tool}")]
}

/// Calls `tool` at `path` as a modern client does; `id` and `arguments` go as they are.
///
/// # Panics
///
/// When the server cannot be reached, or neither answers nor closes in time.
pub fn call(address: &str, path: &str, id: &str, tool: &str, arguments: &str) -> Answer {
    let headers = modern_call_headers(tool);
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    exchange(address, &post(address, path, &headers, modern_call(id, tool, arguments).as_bytes()))
}

/// Asks for the list of tools at `path` as a modern client does.
///
/// # Panics
///
/// When the server cannot be reached, or neither answers nor closes in time.
pub fn list_tools(address: &str, path: &str) -> Answer {
    let headers = ["MCP-Protocol-Version: 2026-07-28", "Mcp-Method: tools/list"];
    let body = format!(r#"{{"jsonrpc":"2.0","id":"list","method":"tools/list","params":{{"_meta":{META}}}}}"#);
    exchange(address, &post(address, path, &headers, body.as_bytes()))
}
