//! Acts under idempotency keys across the end of a gateway: kept answers are given again, and what was under way when it was
//! killed is told as unknown and not made once more.

use std::fs;
use std::thread;

use e2e::Node;
use e2e::counting::Counting;
use e2e::wire::{self, Answer};
use serde_json::{Value, json};

/// Calls a tool of the counting server under a key.
fn call(node: &Node, tool: &str, arguments: &Value, key: &str) -> Answer {
    wire::exchange(node.address(), &request(node, tool, arguments, key))
}

fn request(node: &Node, tool: &str, arguments: &Value, key: &str) -> Vec<u8> {
    let body = json!({ "name": format!("count_{tool}"), "arguments": arguments }).to_string();
    wire::post(node.address(), "/mcp/tools/call", &[&format!("Idempotency-Key: {key}")], body.as_bytes())
}

fn started(counting: &Counting, more: &str) -> Node {
    Node::start(&format!("bridge.sessionless = true\n{more}\n{}", counting.configured("count")))
}

#[test]
fn an_act_that_was_answered_is_not_made_again_after_a_kill() {
    let counting = Counting::start();
    let node = started(&counting, "");
    let arguments = json!({ "n": 1 });
    assert!(call(&node, "act", &arguments, "k-1").text().contains("did 1"));
    let node = node.restarted();
    let again = call(&node, "act", &arguments, "k-1");
    assert!(again.text().contains("did 1"), "{}", again.text());
    assert_eq!(counting.count("act", 1), 1);
    let other = call(&node, "act", &json!({ "n": 2 }), "k-1");
    assert_eq!((other.code(), counting.count("act", 2)), (Some(-32602), 0), "{}", other.text());
    assert!(call(&node, "act", &json!({ "n": 2 }), "k-2").text().contains("did 2"));
}

#[test]
fn an_act_that_was_under_way_when_the_gateway_was_killed_is_unknown_and_not_made_again() {
    let counting = Counting::start();
    let node = started(&counting, "");
    let arguments = json!({ "n": 1, "ms": 60_000 });
    let mut hung = wire::connect(node.address());
    wire::send(&mut hung, &request(&node, "act", &arguments, "k-1"));
    while counting.count("act", 1) == 0 {
        thread::yield_now();
    }
    let node = node.restarted();
    for _ in 0..2 {
        let again = call(&node, "act", &arguments, "k-1");
        assert_eq!((again.code(), counting.count("act", 1)), (Some(-31009), 1), "{}", again.text());
    }
}

#[test]
fn keys_in_memory_are_gone_with_the_process() {
    let counting = Counting::start();
    let node = started(&counting, "jobs.durable = false");
    let arguments = json!({ "n": 1 });
    for _ in 0..2 {
        assert!(call(&node, "act", &arguments, "k-1").text().contains("did 1"));
    }
    assert_eq!(counting.count("act", 1), 1);
    let node = node.restarted();
    assert!(call(&node, "act", &arguments, "k-1").text().contains("did 1"));
    assert_eq!(counting.count("act", 1), 2);
}

#[test]
fn an_act_under_a_key_that_cannot_be_recorded_is_refused_with_what_to_do() {
    let counting = Counting::start();
    let mut node = started(&counting, "");
    node.end();
    let folder = node.folder().join("state/jobs");
    fs::remove_dir_all(&folder).expect("the folder was there");
    fs::write(&folder, "").expect("a file can stand in its place");
    let node = node.restarted();
    // what a tool does stands in its list
    assert!(!wire::list_tools(node.address(), "/mcp").is_error());
    assert!(call(&node, "read", &json!({ "n": 1 }), "k-0").text().contains("did 1"));
    let refused = call(&node, "act", &json!({ "n": 1 }), "k-1");
    assert_eq!((refused.code(), counting.count("act", 1)), (Some(-31004), 0), "{}", refused.text());
    assert!(refused.text().contains("SWITCHBOARD_STATE_DIR"), "{}", refused.text());
}
