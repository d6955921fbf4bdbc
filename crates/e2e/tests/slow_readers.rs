//! Callers that ask for much and take nothing: what is held for them has a bound, they are cut off in the end, and others go
//! on as if they were not there.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use e2e::Node;
use e2e::fixture::{Era, Fixture};
use e2e::people::{ADA, BOB, Token, ada_and_bob};
use e2e::wire::{self, Answer};
use testkit::process;

const ENDPOINT: &str = "/servers/fixture/mcp";

/// What one principal may hold, how large each answer is, how many are asked for, and how many are made at one time.
const HELD_MAX: u64 = 64 << 20;
const ANSWER_BYTES: u64 = 16 << 20;
const READERS: usize = 40;
const CONCURRENCY: u64 = 4;

/// What else the node may take: each answer under way stands there once as it came and once as it goes.
const BESIDES: u64 = 4 * CONCURRENCY * ANSWER_BYTES;

/// How long a busy machine may need.
const PATIENCE: Duration = Duration::from_mins(1);

fn configuration(fixture: &Fixture) -> String {
    format!(
        "{}concurrency = {CONCURRENCY}\n[limits]\nprincipal_bytes_max = {HELD_MAX}\nwrite_ms_max = 3_000\n{}",
        fixture.configured("fixture"),
        ada_and_bob()
    )
}

fn request(node: &Node, token: Token, tool: &str, arguments: &str) -> Vec<u8> {
    let mut headers = wire::modern_call_headers(tool);
    headers.push(token.header());
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    wire::post(node.address(), ENDPOINT, &headers, wire::modern_call("1", tool, arguments).as_bytes())
}

fn call(node: &Node, token: Token) -> Answer {
    wire::exchange(node.address(), &request(node, token, "count", "{}"))
}

/// Calls until the answer is as it should be.
fn until(node: &Node, token: Token, is_meant: impl Fn(&Answer) -> bool) -> Answer {
    let since = Instant::now();
    loop {
        let answer = call(node, token);
        if is_meant(&answer) {
            return answer;
        }
        assert!(since.elapsed() < PATIENCE, "{}", answer.text());
    }
}

#[test]
fn readers_who_take_nothing_hold_a_bounded_part_of_the_node_and_are_cut_off() {
    let fixture = Fixture::start(Era::Modern);
    let node = Node::start(&configuration(&fixture));
    assert!(!call(&node, ADA).is_error() && !call(&node, BOB).is_error());
    let before = process::usage(node.pid()).expect("the node runs").own_bytes;
    let asked = request(&node, ADA, "big", &format!("{{\"bytes\":{ANSWER_BYTES}}}"));
    let readers: Vec<TcpStream> = (0..READERS)
        .map(|_| {
            let mut connection = wire::connect(node.address());
            wire::send(&mut connection, &asked);
            connection
        })
        .collect();
    let refused = until(&node, ADA, Answer::is_error);
    assert_eq!((refused.status, refused.code()), (503, Some(-31007)), "{}", refused.text());
    assert!(refused.text().contains("have not been taken"), "{}", refused.text());
    assert!(refused.header("retry-after").is_some(), "{}", refused.text());
    let bob = call(&node, BOB);
    assert!(!bob.is_error(), "{}", bob.text());
    until(&node, ADA, |answer| !answer.is_error());
    let peak = process::usage(node.pid()).expect("the node runs").rss_peak_bytes;
    assert!(peak < before + HELD_MAX + BESIDES, "{peak} bytes, {before} before");
    drop(readers);
}
