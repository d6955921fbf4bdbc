//! What several tests need: clients under each rule set, and a server that is scripted line by line.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use egress::{Client, Options, Resolve, Rules, Target};
use futures_util::future::BoxFuture;
use http::Request;
use http_body_util::Full;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

/// A client that may reach this machine.
pub(crate) fn local_client() -> Client {
    Client::new(local_options())
}

pub(crate) fn local_options() -> Options {
    Options { rules: Rules::CONFIGURED, ..Options::default() }
}

pub(crate) fn post(body: &'static str) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::from(body));
    *request.method_mut() = http::Method::POST;
    request
}

/// A listener on a free port, and the target that leads to it.
pub(crate) async fn listen() -> (TcpListener, Target) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    let target = target_of(&listener, "http", "127.0.0.1");
    (listener, target)
}

/// The same listener under another scheme and host.
pub(crate) fn target_of(listener: &TcpListener, scheme: &str, host: &str) -> Target {
    let port = listener.local_addr().expect("a bound listener has an address").port();
    Target::parse(&format!("{scheme}://{host}:{port}/mcp")).expect("the parts make a url")
}

/// Reads one request with its body; `None` when the peer closed instead.
pub(crate) async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut text = String::new();
    loop {
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().expect("a length is a number")) {
                return Some(text);
            }
        }
        let mut chunk = [0; 4096];
        let count = stream.read(&mut chunk).await.expect("the client does not reset");
        if count == 0 {
            return None;
        }
        text.push_str(std::str::from_utf8(&chunk[..count]).expect("requests in these tests are text"));
    }
}

/// Writes an answer with the given status line, further headers and body.
pub(crate) async fn answer(stream: &mut (impl AsyncWrite + Unpin), status: &str, headers: &str, body: &str) {
    let text = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(text.as_bytes()).await.expect("the client reads its answer");
}

/// A resolver that gives a different answer to each question, and counts them.
#[derive(Clone)]
pub(crate) struct FlippingResolver {
    answers: Arc<Vec<Vec<IpAddr>>>,
    asked: Arc<AtomicUsize>,
}

impl FlippingResolver {
    pub(crate) fn new(answers: &[&[&str]]) -> Self {
        let parse = |address: &&str| address.parse().expect("the test writes addresses");
        let answers = answers.iter().map(|answer| answer.iter().map(parse).collect()).collect();
        Self { answers: Arc::new(answers), asked: Arc::default() }
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Resolve for FlippingResolver {
    fn resolve(&self, _: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let turn = self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = self.answers.get(turn).cloned().ok_or_else(|| io::Error::other("asked too often"));
        Box::pin(std::future::ready(answer))
    }
}
