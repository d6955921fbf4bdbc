//! Servers that change their protocol era under the running gateway: the call that finds out still gets its answer.

use std::time::{Duration, Instant};

use e2e::Node;
use e2e::fixture::{Era, Fixture};
use e2e::wire;

/// A verdict that is younger is not doubted.
const VERDICT_AGE: Duration = Duration::from_secs(1);

fn check(before: Era, after: Era) {
    let fixture = Fixture::start(before);
    let port = fixture.port();
    let node = Node::start(&fixture.configured("fixture"));
    let call = || wire::call(node.address(), "/servers/fixture/mcp", "1", "test_simple_text", "{}");
    assert!(call().text().contains("simple text response"), "before: {}", node.log());
    let settled = Instant::now();
    drop(fixture);
    let _fixture = Fixture::start_on_port(port, after);
    while settled.elapsed() < VERDICT_AGE {
        std::thread::yield_now();
    }
    let answer = call();
    assert!(answer.text().contains("simple text response"), "after: {}\n{}", answer.text(), node.log());
}

#[test]
fn a_modern_server_that_becomes_legacy_is_found_out_by_its_refusal() {
    check(Era::Modern, Era::Legacy);
}

#[test]
fn a_legacy_server_that_becomes_modern_is_found_out_by_its_refusal() {
    check(Era::Legacy, Era::Modern);
}
