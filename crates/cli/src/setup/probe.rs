//! One question to something on this machine: a GET that is documented to change nothing, answered soon and with JSON,
//! or not at all. Only sockets and loopback addresses are asked.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use egress::{Client, Options, Rules, Target};
use http_body_util::{BodyExt, Full, Limited};
use serde_json::Value;

/// How long an answer may take: what is there and well answers in a few milliseconds.
const ANSWER_WITHIN: Duration = Duration::from_millis(800);

/// The largest answer that is read, in bytes: a list of a thousand models is smaller.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// What stands at `path` of the HTTP server at `address`.
pub(super) async fn address(address: SocketAddr, path: &str) -> Option<Value> {
    debug_assert!(address.ip().is_loopback(), "only this machine is asked");
    ask(&Target::parse(&format!("http://{address}{path}")).ok()?).await
}

/// What stands at `path` of the HTTP server behind `socket`.
pub(super) async fn socket(socket: &Path, path: &str) -> Option<Value> {
    ask(&Target::unix(socket, path).ok()?).await
}

async fn ask(target: &Target) -> Option<Value> {
    let rules = Rules { allow_loopback: true, allow_private: false };
    let client = Client::new(Options { rules, ..Options::default() });
    let asking = async {
        let answer = client.send(http::Request::new(Full::new(Bytes::new())), target).await.ok()?;
        let answer = Some(answer).filter(|answer| answer.status().is_success())?;
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await.ok()?;
        serde_json::from_slice(&body.to_bytes()).ok()
    };
    tokio::time::timeout(ANSWER_WITHIN, asking).await.ok().flatten()
}
