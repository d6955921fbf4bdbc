//! How long a call may be silent of which its caller says nothing: by what its tool says of itself, and over that by the
//! configuration. And that what its caller says counts once, however often it is sent.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use e2e::Node;
use e2e::scripted::Scripted;
use e2e::wire;
use serde_json::{Value, json};

/// Short bounds, and breakers that never open.
const SHORT: &str =
    "[queue]\nread_timeout_s = 1\nact_timeout_s = 1\n[breaker]\nfailures = 1000\nwindow_calls = 100_000\n";
/// Longer than the short bounds, so that a call that lasts as long was not ended by one of them.
const LONGER_S: u64 = 3;

/// Less than that, and most of it.
const MOST_OF_IT_S: u64 = 2;

/// Calls that are silent at one time.
const SILENT_CALLS: usize = 40;

/// Calls that may have arrived at the server before the test looks; more than any test makes.
const ARRIVALS_MAX: usize = 8;

/// A node with a server that never answers a call.
fn node(settings: &str) -> Node {
    node_with(settings, |_| {
        loop {
            thread::park();
        }
    })
}

/// A node with a server that answers calls as the test says.
fn node_with(settings: &str, answer: impl Fn(&Value) -> Vec<u8> + Send + Sync + 'static) -> Node {
    let server = server(answer);
    let node = Node::start(&format!("{SHORT}{settings}{}", server.configured("s")));
    know(&node);
    node
}

/// Has the node ask its server for its tools.
fn know(node: &Node) {
    let listed = wire::list_tools(node.address(), "/servers/s/mcp");
    assert!(listed.text().contains("read_here"), "{}", listed.text());
}

/// A server that answers calls as the test says.
fn server(answer: impl Fn(&Value) -> Vec<u8> + Send + Sync + 'static) -> Scripted {
    let tool = |name: &str, annotations: Value| json!({ "name": name, "inputSchema": { "type": "object" }, "annotations": annotations });
    let tools = [
        tool("read_here", json!({ "readOnlyHint": true, "openWorldHint": false })),
        tool("act_here", json!({ "openWorldHint": false })),
        tool("read_anywhere", json!({ "readOnlyHint": true })),
        tool("act", json!({})),
    ];
    let list = json!({ "resultType": "complete", "tools": tools, "ttlMs": 60_000, "cacheScope": "private" });
    Scripted::reading(list, answer)
}

fn request(node: &Node, tool: &str, extra: &[&str]) -> Vec<u8> {
    let headers = wire::modern_call_headers(tool);
    let headers: Vec<&str> = headers.iter().map(String::as_str).chain(extra.iter().copied()).collect();
    let body = wire::modern_call("7", tool, "{}");
    wire::post(node.address(), "/servers/s/mcp", &headers, body.as_bytes())
}

/// Calls a tool until it is given up, and says with which code and after how long.
fn given_up(node: &Node, tool: &str, extra: &[&str]) -> (Value, Duration) {
    let since = Instant::now();
    let answer = wire::exchange(node.address(), &request(node, tool, extra));
    let message: Value = serde_json::from_str(&answer.message()).expect("an answer is JSON");
    (message["result"]["_meta"]["dev.switchboard/error"]["code"].clone(), since.elapsed())
}

#[test]
fn what_stays_at_its_server_is_given_up_by_its_kind() {
    let node = node("");
    assert_eq!(given_up(&node, "read_here", &[]).0, "TIMEOUT");
    assert_eq!(given_up(&node, "act_here", &[]).0, "OUTCOME_UNKNOWN");
}

#[test]
fn what_may_reach_anywhere_has_the_patience_of_its_caller() {
    let (node, longer) = (node(""), format!("X-Timeout: {LONGER_S}"));
    for (tool, code) in [("read_anywhere", "TIMEOUT"), ("act", "OUTCOME_UNKNOWN")] {
        let (told, took) = given_up(&node, tool, &[&longer]);
        assert_eq!(told, code);
        assert!(took >= Duration::from_secs(LONGER_S), "{tool}: {took:?}");
    }
}

#[test]
fn what_the_configuration_says_of_a_tool_goes_over_its_kind() {
    let settings = format!("[servers.s.tool.read_here]\ntimeout_s = {LONGER_S}\n[servers.s.tool.act]\ntimeout_s = 1\n");
    let node = node(&settings);
    let (told, took) = given_up(&node, "read_here", &[]);
    assert_eq!(told, "TIMEOUT");
    assert!(took >= Duration::from_secs(LONGER_S), "{took:?}");
    assert_eq!(given_up(&node, "act", &[]).0, "OUTCOME_UNKNOWN");
}

#[test]
fn a_call_that_is_sent_once_more_has_no_more_time_from_its_caller() {
    let calls = Arc::new(AtomicUsize::new(0));
    let count = calls.clone();
    let node = node_with("", move |_| {
        if count.fetch_add(1, Ordering::SeqCst) > 0 {
            loop {
                thread::park();
            }
        }
        let head = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close";
        format!("{head}\r\nRetry-After: {MOST_OF_IT_S}\r\n\r\n").into_bytes()
    });
    let (told, took) = given_up(&node, "read_anywhere", &[&format!("X-Timeout: {LONGER_S}")]);
    assert_eq!((told, calls.load(Ordering::SeqCst)), (json!("TIMEOUT"), 2));
    assert!(took < Duration::from_secs(LONGER_S + 1), "{took:?}");
}

#[test]
fn a_call_that_waited_for_another_that_was_given_up_has_no_more_time_from_its_caller() {
    let (arrived, arrivals) = mpsc::sync_channel(ARRIVALS_MAX);
    let node = node_with("", move |request| {
        let _ = arrived.send(request["params"]["name"] == "read_anywhere");
        loop {
            thread::park();
        }
    });
    let mut first = wire::connect(node.address());
    wire::send(&mut first, &request(&node, "read_anywhere", &[]));
    assert_eq!(arrivals.recv(), Ok(true));
    thread::scope(|scope| {
        let follower = scope.spawn(|| given_up(&node, "read_anywhere", &[&format!("X-Timeout: {LONGER_S}")]));
        for _ in 0..MOST_OF_IT_S {
            assert_eq!(given_up(&node, "read_here", &[]).0, "TIMEOUT", "after a second");
            assert_eq!(arrivals.recv(), Ok(false), "the other call waits for the first");
        }
        drop(first);
        assert_eq!(arrivals.recv(), Ok(true), "it is sent itself");
        let (told, took) = follower.join().expect("the follower does not panic");
        assert_eq!(told, "TIMEOUT");
        assert!(took < Duration::from_secs(LONGER_S + 1), "{took:?}");
    });
}

/// Breakers that open soon, and a server that is asked for a sign of life for half a second.
const STRICT: &str = "[queue]\nread_timeout_s = 1\n[breaker]\nfailures = 2\n[limits]\nhealth_ms = 500\n";

/// A server that answers no call, but whatever else it is asked.
fn slow_server() -> Scripted {
    server(|_| {
        loop {
            thread::park();
        }
    })
}

#[test]
fn a_tool_that_takes_longer_than_its_kind_does_not_have_its_server_left_alone() {
    let server = slow_server();
    let node = Node::start(&format!("{STRICT}{}", server.configured("s")));
    know(&node);
    for _ in 0..4 {
        assert_eq!(given_up(&node, "read_here", &[]).0, "TIMEOUT");
    }
    assert_eq!(node.control().get("/servers/s")["breaker"]["state"], "closed");
}

#[test]
fn a_server_that_gives_no_sign_of_life_is_left_alone() {
    let server = slow_server();
    let node = Node::start(&format!("{STRICT}{}", server.configured("s")));
    know(&node);
    server.hang();
    let code = || wire::exchange(node.address(), &request(&node, "read_here", &[])).code();
    assert!((0..10).any(|_| code() == Some(-31004)), "{}", node.log());
}

#[test]
fn a_server_that_is_silent_for_longer_than_the_configuration_allows_is_left_alone() {
    let server = slow_server();
    let node = Node::start(&format!("{STRICT}{}timeout_s = 1\n", server.configured("s")));
    know(&node);
    for _ in 0..2 {
        assert_eq!(given_up(&node, "read_here", &[]).0, "TIMEOUT");
    }
    assert_eq!(node.control().get("/servers/s")["breaker"]["state"], "open");
}

#[test]
fn a_server_with_many_silent_calls_is_asked_once_for_a_sign_of_life() {
    let server = slow_server();
    let node = Node::start(&format!("{SHORT}{}", server.configured("s")));
    know(&node);
    let before = server.introductions();
    thread::scope(|scope| {
        for _ in 0..SILENT_CALLS {
            scope.spawn(|| assert_eq!(given_up(&node, "act_here", &[]).0, "OUTCOME_UNKNOWN"));
        }
    });
    node.control().wait_until("/status", |_| server.introductions() > before);
    assert_eq!(given_up(&node, "act_here", &[]).0, "OUTCOME_UNKNOWN");
    assert_eq!(server.introductions(), before + 1);
}
