//! Servers that have not said what they have: whoever lists tools over plain HTTP is told which they are and what to do about
//! it, wherever it looks, and of those alone that it may see.

use e2e::Node;
use e2e::fixture::{Era, Fixture};
use e2e::people::ADA;
use e2e::program::built;
use e2e::wire::exchange;
use serde_json::{Value, json};

/// A server that can be called, and one that does not get through its start.
fn gateway(more: &str) -> (Fixture, Node) {
    let fixture = Fixture::start(Era::Modern);
    let slow = format!("[servers.slow]\ncommand = '{}'\nargs = ['--slow-start', '600000']\n", built("rogue").display());
    let settings = "bridge.sessionless = true\nlimits.list_ms_max = 1_000\n";
    let node = Node::start(&format!("{settings}{}{slow}{more}", fixture.configured("fixture")));
    (fixture, node)
}

fn ask(node: &Node, verb: &str, path: &str, headers: &str) -> Value {
    let kind = if verb == "POST" { "Content-Type: application/json\r\n" } else { "" };
    let request =
        format!("{verb} {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: 2\r\n{kind}{headers}\r\n{{}}", node.address());
    let answer = exchange(node.address(), request.as_bytes());
    serde_json::from_slice(&answer.body).unwrap_or_else(|_| panic!("no JSON: {}", answer.text()))
}

#[test]
fn what_a_list_lacks_stands_beside_it() {
    let (_fixture, node) = gateway("");
    let listed = ask(&node, "GET", "/tools", "");
    assert!(listed["data"]["total"].as_u64() > Some(40), "the others are there: {listed}");
    let lacking = &listed["unavailable"];
    assert_eq!(lacking.as_array().map(Vec::len), Some(1), "{lacking}");
    assert_eq!((&lacking[0]["server"], &lacking[0]["state"]), (&json!("slow"), &json!("starting")), "{lacking}");
    for told in ["reason", "since", "hint"] {
        assert!(lacking[0][told].is_string(), "{lacking}");
    }
    let elsewhere = [
        ask(&node, "POST", "/mcp/tools/list", "")["bridge_info"]["unavailable"].clone(),
        ask(&node, "GET", "/tools/openapi.json", "")["x-unavailable"].clone(),
        ask(&node, "GET", "/health", "")["unavailable"].clone(),
    ];
    for told in elsewhere {
        assert_eq!(told[0]["server"], "slow", "{told}");
    }
    let unknown = ask(&node, "GET", "/tools/slow_echo", "");
    assert!(unknown["error"].as_str().is_some_and(|text| text.contains("`unavailable` of GET /tools")), "{unknown}");
}

#[test]
fn a_list_that_lacks_nothing_says_nothing_of_it() {
    let (_fixture, node) = gateway("");
    for path in ["/servers/fixture/tools", "/servers/fixture/tools/openapi.json", "/servers/fixture/mcp/tools/list"] {
        let verb = if path.ends_with("/list") { "POST" } else { "GET" };
        let listed = ask(&node, verb, path, "");
        assert!(!listed.to_string().contains("unavailable"), "{path}: {listed}");
    }
}

#[test]
fn who_may_not_see_a_server_does_not_hear_that_it_is_missing() {
    let (_fixture, node) = gateway(&ADA.of("ada", "servers = [\"fixture\"]"));
    let listed = ask(&node, "GET", "/tools", &format!("{}\r\n", ADA.header()));
    assert!(listed["data"]["total"].as_u64() > Some(40), "{listed}");
    assert_eq!(listed["unavailable"], Value::Null, "{listed}");
}
