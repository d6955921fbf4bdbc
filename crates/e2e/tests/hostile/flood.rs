//! Answers that are larger than anything: what fits under the limit passes whole, the rest is cut off where the limit is, and
//! the node never holds more than that.

use std::fmt::Write as _;
use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use e2e::Node;
use e2e::scripted::{Scripted, one_tool};
use e2e::wire;
use serde_json::Value;
use testkit::process;

const PATH: &str = "/servers/flood/mcp";
/// The most that a node takes of one answer here.
const LIMIT_BYTES: u64 = 32 << 20;
/// What may be on its way when the node stops to read: buffers of sockets.
const ON_ITS_WAY_BYTES: u64 = 16 << 20;
/// What an answer may cost in memory: itself, once more while a buffer grows, and what a client has not taken yet.
const COPIES_MAX: u64 = 4;

const ITEM: &str = r#"{"type":"text","text":"a"}"#;

/// Writes a result of `count` items as a body without a length, as long as somebody reads.
fn write_items(connection: &mut TcpStream, id: &str, count: u64, written: &AtomicU64) -> std::io::Result<()> {
    let mut piece = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n".to_owned();
    let _ = write!(piece, r#"{{"jsonrpc":"2.0","id":{id},"result":{{"resultType":"complete","content":["#);
    for number in 0..count {
        piece.push_str(ITEM);
        piece.push_str(if number + 1 < count { "," } else { "]}}" });
        if piece.len() >= 64 << 10 || number + 1 == count {
            connection.write_all(piece.as_bytes())?;
            written.fetch_add(piece.len() as u64, Ordering::SeqCst);
            piece.clear();
        }
    }
    Ok(())
}

/// A server that answers with as many items as it is asked for, and how many bytes it has written.
fn flood() -> (Scripted, Arc<AtomicU64>) {
    let written = Arc::new(AtomicU64::new(0));
    let counted = written.clone();
    let server = Scripted::writing(one_tool("speak"), move |request, connection| {
        let count = request["params"]["arguments"]["count"].as_u64().unwrap_or_default();
        let _ = write_items(connection, &request["id"].to_string(), count, &counted);
    });
    (server, written)
}

#[test]
fn a_million_items_pass_whole_and_half_a_gigabyte_is_cut_off_at_the_limit() {
    let (server, written) = flood();
    let limits = format!("[limits]\nresult_bytes_max = {LIMIT_BYTES}\n");
    let node = Node::start(&(limits + &server.configured("flood")));
    let call = |count: u64| wire::call(node.address(), PATH, "7", "speak", &format!(r#"{{"count":{count}}}"#));
    assert!(!call(1).is_error());
    let before = process::usage(node.pid()).expect("the node runs").rss_bytes;

    let million = call(1_000_000);
    let message: Value = serde_json::from_slice(&million.body).expect("a result is JSON");
    assert_eq!(message["result"]["content"].as_array().map(Vec::len), Some(1_000_000));

    written.store(0, Ordering::SeqCst);
    let flood = call(20_000_000);
    assert!(flood.is_error() && flood.text().contains("limits.result_bytes_max"), "{}", flood.text());
    let taken = written.load(Ordering::SeqCst);
    assert!(taken < LIMIT_BYTES + ON_ITS_WAY_BYTES, "the node read on: {taken} bytes were written");
    let peak = process::usage(node.pid()).expect("the node runs").rss_peak_bytes;
    assert!(peak - before < COPIES_MAX * LIMIT_BYTES, "{before} bytes before, {peak} bytes at the highest");
    assert!(!call(1).is_error());
}
