//! A modern server over HTTP that introduces itself well, lists what a test gives it, and answers calls of tools with bytes
//! that the test has written: for everything that can be wrong with an answer.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use serde_json::{Value, json};

/// What it says of itself.
fn introduction() -> Value {
    json!({
        "resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": { "tools": {} },
        "ttlMs": 0, "cacheScope": "private",
    })
}

/// A server on a loopback port. It lives as long as the test's process.
#[derive(Debug)]
pub struct Scripted {
    url: String,
    is_down: Arc<AtomicBool>,
    is_hung: Arc<AtomicBool>,
    lists: Arc<AtomicBool>,
    introductions: Arc<AtomicUsize>,
}

impl Scripted {
    /// Lists `list` and answers each call with what `answer` makes of the raw id of its request.
    ///
    /// # Panics
    ///
    /// When no loopback port is free.
    pub fn start(list: Value, answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::reading(list, move |request| answer(&request["id"].to_string()))
    }

    /// Lists `list` and answers each call with what `answer` makes of its request.
    ///
    /// # Panics
    ///
    /// When no loopback port is free.
    pub fn reading(list: Value, answer: impl Fn(&Value) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::writing(list, move |request, connection| drop(connection.write_all(&answer(request))))
    }

    /// Lists `list` and has `answer` write what comes of each call, at its own pace.
    ///
    /// # Panics
    ///
    /// When no loopback port is free.
    pub fn writing(list: Value, answer: impl Fn(&Value, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a loopback port is free");
        let address = listener.local_addr().expect("a bound listener has an address");
        let script = Arc::new((list, answer));
        let (is_down, is_hung) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let lists = Arc::new(AtomicBool::new(true));
        let (down, hung, may_list) = (is_down.clone(), is_hung.clone(), lists.clone());
        let introductions = Arc::new(AtomicUsize::new(0));
        let counted = introductions.clone();
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let (script, down, hung) = (script.clone(), down.clone(), hung.clone());
                let (may_list, counted) = (may_list.clone(), counted.clone());
                thread::spawn(move || {
                    while hung.load(Ordering::SeqCst) {
                        thread::park();
                    }
                    let list = may_list.load(Ordering::SeqCst).then_some(&script.0);
                    serve(connection, (list, &counted), &script.1, &down);
                });
            }
        });
        Self { url: format!("http://{address}/mcp"), is_down, is_hung, lists, introductions }
    }

    /// From now on it takes connections and answers nothing, for good.
    pub fn hang(&self) {
        self.is_hung.store(true, Ordering::SeqCst);
    }

    /// Whether it closes every connection without an answer from now on.
    pub fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }

    /// It does not answer any more when it is asked for its list, but it answers calls.
    pub fn stop_listing(&self) {
        self.lists.store(false, Ordering::SeqCst);
    }

    /// How often it was asked to introduce itself, which is also how one asks whether it lives.
    pub fn introductions(&self) -> usize {
        self.introductions.load(Ordering::SeqCst)
    }

    /// Where it answers.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The configuration of it as the server `name`.
    pub fn configured(&self, name: &str) -> String {
        format!("[servers.{name}]\nurl = {:?}\nera = \"modern\"\n", self.url)
    }
}

/// The list of one tool without arguments.
pub fn one_tool(name: &str) -> Value {
    let tool = json!({ "name": name, "inputSchema": { "type": "object" } });
    json!({ "resultType": "complete", "tools": [tool], "ttlMs": 0, "cacheScope": "private" })
}

/// Answers one request; the connection ends with the answer.
fn serve(
    connection: TcpStream,
    (list, introductions): (Option<&Value>, &AtomicUsize),
    answer: &impl Fn(&Value, &mut TcpStream),
    is_down: &AtomicBool,
) {
    let mut reader = BufReader::new(connection);
    let Some(request) = read_request(&mut reader) else { return };
    if is_down.load(Ordering::SeqCst) {
        return;
    }
    let id = request["id"].to_string();
    let mut connection = reader.into_inner();
    let _ = match (request["method"].as_str(), list) {
        (Some("server/discover"), _) => {
            introductions.fetch_add(1, Ordering::SeqCst);
            connection.write_all(&as_json(&id, &introduction()))
        }
        (Some("tools/list"), Some(list)) => connection.write_all(&as_json(&id, list)),
        (Some("tools/list"), None) => Ok(()),
        _ => {
            answer(&request, &mut connection);
            Ok(())
        }
    };
}

fn read_request(reader: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some((_, value)) = line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length")) {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

/// A good answer with this result.
pub fn as_json(id: &str, result: &Value) -> Vec<u8> {
    let body = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#);
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
        .into_bytes()
}
