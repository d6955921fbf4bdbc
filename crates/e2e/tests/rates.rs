//! How often callers may call (contract TR-2 and the table of limits): by principal, by server and by tool, with the answer
//! that says when to come again.

use std::time::{Duration, Instant};

use e2e::Node;
use e2e::fixture::{Era, Fixture};
use e2e::legacy::{self, Session};
use e2e::people::{ADA, BOB, Token};
use e2e::wire::{self, Answer, modern_call, modern_call_headers};
use serde_json::{Value, json};

const PATH: &str = "/servers/fixture/mcp";
const TOOL: &str = "test_simple_text";

/// The gateway's own code for a rate that is used up.
const RATE_LIMITED: i64 = -31_003;

fn node(fixture: &Fixture, more: &str) -> Node {
    Node::start(&format!("{}{more}", fixture.configured("fixture")))
}

fn call(node: &Node, tool: &str, token: Option<Token>) -> Answer {
    let mut headers = modern_call_headers(tool);
    headers.extend(token.map(Token::header));
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    wire::exchange(node.address(), &wire::post(node.address(), PATH, &headers, modern_call("1", tool, "{}").as_bytes()))
}

/// After how many seconds a refused call may be made again.
fn assert_refused(answer: &Answer, whose: &str) -> u64 {
    assert_eq!((answer.status, answer.code()), (429, Some(RATE_LIMITED)), "{}", answer.text());
    let message: Value = serde_json::from_str(&answer.message()).unwrap_or_else(|_| panic!("{}", answer.text()));
    let error = &message["error"];
    assert!(error["message"].as_str().is_some_and(|text| text.starts_with(whose)), "{error}");
    assert_eq!((&error["data"]["code"], &error["data"]["retryable"]), (&json!("RATE_LIMITED"), &json!(true)));
    let seconds = answer.header("retry-after").and_then(|text| text.parse().ok());
    assert_eq!(seconds, error["data"]["retry_after_ms"].as_u64().map(|ms| ms.div_ceil(1_000)), "{error}");
    seconds.unwrap_or_else(|| panic!("no word of when to come again: {error}"))
}

#[test]
fn principal_over_its_rate_is_refused_and_the_others_are_not() {
    let fixture = Fixture::start(Era::Modern);
    let limited = ADA.of("ada", "calls_per_minute = 1\nburst = 2");
    let node = node(&fixture, &(limited + &BOB.of("bob", "")));
    for _ in 0..2 {
        assert_eq!(call(&node, TOOL, Some(ADA)).status, 200);
    }
    let wait = assert_refused(&call(&node, TOOL, Some(ADA)), "you make more calls");
    assert!((50..=60).contains(&wait), "{wait}");
    for _ in 0..10 {
        assert_eq!(call(&node, TOOL, Some(BOB)).status, 200);
    }
}

#[test]
fn legacy_client_is_told_too() {
    let fixture = Fixture::start(Era::Dual);
    let node = node(&fixture, "calls_per_minute = 1\nburst = 1\n");
    let session = Session::open(node.address(), PATH, "2025-11-25", &json!({}));
    let first = session.post(&legacy::call(1, TOOL, &json!({})));
    assert!(first.message().contains("simple text response"), "{}", first.text());
    let second = session.post(&legacy::call(2, TOOL, &json!({})));
    assert_eq!(second.code(), Some(RATE_LIMITED), "{}", second.text());
}

#[test]
fn limited_tool_gets_its_rate_and_no_more_and_its_neighbours_are_free() {
    const PER_SECOND: f64 = 20.0;
    const BURST: f64 = 5.0;
    let fixture = Fixture::start(Era::Modern);
    let limit = format!("[servers.fixture.tool.\"{TOOL}\"]\ncalls_per_minute = 1_200\nburst = 5\n");
    let node = node(&fixture, &limit);
    assert_eq!(call(&node, "test_image_content", None).status, 200);
    let (since, mut allowed) = (Instant::now(), 0.0);
    while since.elapsed() < Duration::from_secs(5) {
        let answer = call(&node, TOOL, None);
        match answer.status {
            200 => allowed += 1.0,
            _ => drop(assert_refused(&answer, "this tool gets more calls")),
        }
    }
    let due = BURST + PER_SECOND * since.elapsed().as_secs_f64();
    assert!((allowed - due).abs() <= due * 0.01 + 1.0, "{allowed} calls where {due} are due");
    assert_eq!(call(&node, "test_image_content", None).status, 200);
}

#[test]
fn rate_of_a_server_counts_the_calls_of_all() {
    let fixture = Fixture::start(Era::Modern);
    let node = node(&fixture, "calls_per_minute = 1\nburst = 2\n");
    assert_eq!([call(&node, TOOL, None).status, call(&node, "test_image_content", None).status], [200, 200]);
    assert_refused(&call(&node, TOOL, None), "this server gets more calls");
}
