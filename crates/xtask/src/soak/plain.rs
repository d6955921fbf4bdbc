//! Callers that open a connection for one request: plain HTTP, and jobs that nobody waits for.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Between two requests of one caller.
const PAUSE: Duration = Duration::from_millis(50);
/// The longest that an answer is waited for.
const ANSWER_MAX: Duration = Duration::from_secs(30);

const PLAIN: &str = r#"{"message":"hello"}"#;
const JOB: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"message":"hello"},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"extensions":{"io.modelcontextprotocol/tasks":{}}},"dev.switchboard/async":true}}}"#;
const JOB_HEADERS: &str = "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: echo\r\n";

/// Callers of a gateway, until they are ended.
pub(super) struct Plain {
    is_over: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
    callers: Vec<JoinHandle<Option<String>>>,
}

impl Plain {
    /// One caller of plain HTTP, and one that leaves jobs.
    pub(super) fn begin(address: &str) -> Self {
        let (is_over, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let requests = [("/tools/bench_echo", "", PLAIN, "hello"), ("/servers/bench/mcp", JOB_HEADERS, JOB, "taskId")];
        let callers = requests.map(|(path, headers, body, expected)| {
            let request = format!(
                "POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\n\
                 Accept: application/json, text/event-stream\r\n{headers}Content-Length: {}\r\n\r\n{body}",
                body.len()
            );
            let (address, is_over, answered) = (address.to_owned(), is_over.clone(), answered.clone());
            std::thread::spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    match ask(&address, &request) {
                        Ok(answer) if answer.starts_with("HTTP/1.1 200") && answer.contains(expected) => {
                            answered.fetch_add(1, Ordering::Relaxed);
                        }
                        Ok(answer) => return Some(answer),
                        Err(error) => return Some(error.to_string()),
                    }
                    std::thread::sleep(PAUSE);
                }
                None
            })
        });
        Self { is_over, answered, callers: callers.into() }
    }

    /// How many were answered, and what the first failure of each was.
    pub(super) fn end(self) -> (u64, Vec<String>) {
        self.is_over.store(true, Ordering::Relaxed);
        let panicked = |_| Some("a caller panicked".to_owned());
        let failures = self.callers.into_iter().filter_map(|caller| caller.join().unwrap_or_else(panicked)).collect();
        (self.answered.load(Ordering::Relaxed), failures)
    }
}

#[expect(clippy::disallowed_methods, reason = "the answer of our own gateway, asked from outside")]
fn ask(address: &str, request: &str) -> io::Result<String> {
    let mut connection = TcpStream::connect(address)?;
    connection.set_read_timeout(Some(ANSWER_MAX))?;
    connection.write_all(request.as_bytes())?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    Ok(answer)
}
