//! A node for tests: answers each connection once, by a function, and keeps what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// The path of the endpoint.
    pub(crate) path: String,
    /// The head, in lower case, one header a line.
    pub(crate) head: String,
    /// The message.
    pub(crate) body: Value,
}

/// A node that answers with what a function says: the content type and the body.
pub(crate) struct FakeNode {
    /// Where it listens, without a path.
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl FakeNode {
    /// Starts on a free port; the node lives as long as the test.
    pub(crate) fn start(answer: impl Fn(&Request) -> (&'static str, String) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let request = read(&stream);
                let (kind, body) = answer(&request);
                seen.lock().unwrap().push(request);
                let head = format!("content-type: {kind}\r\ncontent-length: {}\r\nconnection: close", body.len());
                write!(stream, "HTTP/1.1 200 OK\r\n{head}\r\n\r\n{body}").unwrap();
            }
        });
        Self { url, requests }
    }

    /// What arrived so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

fn read(stream: &TcpStream) -> Request {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut head).unwrap() > 0, "the request ends in its head");
    }
    let path = head.split(' ').nth(1).unwrap().to_owned();
    let head = head.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    Request { path, head, body: serde_json::from_slice(&body).unwrap() }
}
