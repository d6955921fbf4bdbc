//! A gateway that was killed and started again: what it handed out before is still good.

use std::os::unix::fs::PermissionsExt;

use e2e::Node;
use e2e::fixture::{Era, Fixture};
use e2e::legacy::{Session, call};
use serde_json::{Value, json};

const PATH: &str = "/servers/fixture/mcp";

#[test]
fn a_session_survives_kill_and_restart() {
    for era in [Era::Legacy, Era::Modern] {
        let fixture = Fixture::start(era);
        let node = Node::start(&fixture.configured("fixture"));
        let session = Session::open(node.address(), PATH, "2025-11-25", &json!({}));
        let greet = call(1, "test_simple_text", &json!({}));
        assert!(session.post(&greet).text().contains("simple text response"));
        let _node = node.restarted();
        let answer = session.post(&greet);
        assert!(answer.text().contains("simple text response"), "{era:?}: {} {}", answer.status, answer.text());
    }
}

#[test]
fn a_cursor_survives_kill_and_restart() {
    let fixture = Fixture::start(Era::Dual);
    let node = Node::start(&format!("[limits]\nlist_page_items = 5\n{}", fixture.configured("fixture")));
    let session = Session::open(node.address(), PATH, "2025-11-25", &json!({}));
    let page = |params: Value| {
        let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": params });
        serde_json::from_str::<Value>(&session.post(&list).message()).expect("a list is JSON")["result"].clone()
    };
    let first = page(json!({}));
    let cursor = first["nextCursor"].as_str().expect("there are more pages").to_owned();
    let second = page(json!({ "cursor": cursor }));
    let _node = node.restarted();
    assert_eq!(page(json!({ "cursor": cursor }))["tools"], second["tools"]);
}

#[test]
fn the_keys_are_for_the_owner_only() {
    let node = Node::start("");
    let keys = std::fs::metadata(node.folder().join("state/seal-keys")).expect("the keys are kept");
    assert_eq!(keys.permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_node_that_cannot_use_its_keys_says_so_once_and_runs() {
    let node = Node::start("");
    let keys = node.folder().join("state/seal-keys");
    std::fs::write(&keys, "not keys").expect("the keys are a file");
    let node = node.restarted();
    Session::open(node.address(), "/mcp", "2025-11-25", &json!({}));
    assert_eq!(node.log().matches("clients have to begin anew").count(), 1, "{}", node.log());
}
