//! A machine on which something is missing or odd: the node serves as far as it can, and is well when the machine is.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use e2e::Node;
use e2e::fixture::{Era, Fixture};
use e2e::wire;

const ENDPOINT: &str = "/servers/fixture/mcp";

/// Descriptors that the node may have: a few more than it needs to serve.
const DESCRIPTORS: usize = 64;

/// How long a busy machine may need.
const PATIENCE: Duration = Duration::from_secs(30);

fn assert_serves(node: &Node) {
    let answer = wire::call(node.address(), ENDPOINT, "7", "test_simple_text", "{}");
    assert!(answer.text().contains("simple text response"), "{}", answer.text());
}

#[test]
fn a_node_without_descriptors_serves_again_when_there_are_some() {
    let fixture = Fixture::start(Era::Modern);
    let mut node = Node::after(&format!("ulimit -n {DESCRIPTORS}"), &fixture.configured("fixture"));
    assert_serves(&node);
    let idle: Vec<TcpStream> = (0..2 * DESCRIPTORS).map(|_| wire::connect(node.address())).collect();
    let since = Instant::now();
    while !node.log().contains("could not accept a connection") {
        assert!(node.is_alive() && since.elapsed() < PATIENCE, "{}", node.log());
    }
    drop(idle);
    assert_serves(&node);
    assert!(node.is_alive());
}

#[test]
fn neither_language_nor_zone_nor_a_missing_home_matters() {
    let fixture = Fixture::start(Era::Modern);
    let odd = "unset HOME HOSTNAME USER; export LANG=tr_TR.UTF-8 LC_ALL=tr_TR.UTF-8 TZ=Pacific/Chatham";
    let node = Node::after(odd, &fixture.configured("fixture"));
    assert_serves(&node);
    assert_eq!(node.control().get("/servers/fixture")["state"], "running");
}
