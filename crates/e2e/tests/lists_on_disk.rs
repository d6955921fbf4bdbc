//! What servers said that they have, over a restart of the gateway: shown at once, marked as old, and never believed where it
//! was changed or is of a server with other settings.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use e2e::Node;
use e2e::scripted::{Scripted, as_json, one_tool};
use e2e::wire;
use serde_json::{Value, json};

/// A server with the tool `look`, and how often that was called.
fn server() -> (Scripted, Arc<AtomicU32>) {
    let calls = Arc::new(AtomicU32::new(0));
    let counted = calls.clone();
    let scripted = Scripted::start(one_tool("look"), move |id| {
        counted.fetch_add(1, Ordering::SeqCst);
        as_json(id, &json!({ "resultType": "complete", "content": [{ "type": "text", "text": "seen" }] }))
    });
    (scripted, calls)
}

fn list(node: &Node) -> Value {
    let answer = wire::list_tools(node.address(), "/servers/s/mcp");
    serde_json::from_str::<Value>(&answer.message()).expect("a list is JSON")["result"].clone()
}

fn names(list: &Value) -> Vec<&str> {
    list["tools"].as_array().into_iter().flatten().filter_map(|tool| tool["name"].as_str()).collect()
}

fn notice(list: &Value) -> &Value {
    &list["_meta"]["dev.switchboard/servers"]["s"]
}

fn copies(node: &Node) -> Vec<PathBuf> {
    let folder = fs::read_dir(node.folder().join("state/lists")).expect("there is a folder for lists");
    folder.map(|file| file.expect("a folder can be read").path()).collect()
}

fn forgotten(node: &Node) -> Value {
    let (status, cleared) = node.control().ask("POST", "/cache/clear?server=s");
    assert_eq!(status, 200, "{cleared}");
    cleared
}

#[test]
fn what_a_server_said_before_a_restart_is_shown_as_old_until_it_is_heard() {
    let (server, _) = server();
    let node = Node::start(&server.configured("s"));
    assert_eq!((names(&list(&node)), notice(&list(&node))), (vec!["look"], &Value::Null));

    server.set_down(true);
    let node = node.restarted();
    let old = list(&node);
    assert_eq!((names(&old), notice(&old)["state"].as_str()), (vec!["look"], Some("stale")), "{old}");
    assert!(notice(&old)["stale_since"].is_string(), "{old}");
    assert_eq!(node.control().get("/cache")["lists"]["stale"], json!(["s"]));
    assert_eq!(node.control().get("/servers/s")["stale_lists"], true);

    server.set_down(false);
    forgotten(&node);
    node.control().wait_until("/cache", |cache| cache["lists"]["stale"] == json!([]));
    assert_eq!((names(&list(&node)), notice(&list(&node))), (vec!["look"], &Value::Null));
    assert_eq!(node.control().get("/servers/s")["stale_lists"], false);
}

#[test]
fn a_tool_with_settings_is_called_by_them_before_its_server_has_listed_it_again() {
    let (server, calls) = server();
    let settings = "[servers.s.tool.look]\nact = \"reads\"\ncache_s = 600\n";
    let node = Node::start(&(server.configured("s") + settings));
    list(&node);

    server.stop_listing();
    let node = node.restarted();
    for _ in 0..2 {
        let answer = wire::call(node.address(), "/mcp", "7", "s_look", "{}").text();
        assert!(answer.contains("seen"), "{answer}");
    }
    assert_eq!(calls.load(Ordering::SeqCst), 1, "the second answer is a kept one");
    let unknown = wire::call(node.address(), "/mcp", "7", "s_other", "{}").text();
    assert!(unknown.contains("`s` has not said yet what it has"), "{unknown}");
}

#[test]
fn a_copy_that_was_changed_is_dropped_and_counted_and_made_anew() {
    let (server, _) = server();
    let node = Node::start(&server.configured("s"));
    list(&node);
    let [copy] = &copies(&node)[..] else { panic!("one server, one copy: {:?}", copies(&node)) };
    let mut bytes = fs::read(copy).expect("a copy is a file");
    *bytes.last_mut().expect("it is not empty") ^= 1;
    fs::write(copy, bytes).expect("a file can be changed");

    let node = node.restarted();
    assert_eq!(node.control().get("/cache")["lists"], json!({ "stale": [], "dropped": 1 }));
    assert_eq!(node.log().matches("a copy of lists is dropped").count(), 1, "{}", node.log());
    assert_eq!((names(&list(&node)), notice(&list(&node))), (vec!["look"], &Value::Null));

    let node = node.restarted();
    assert_eq!(node.control().get("/cache")["lists"], json!({ "stale": ["s"], "dropped": 0 }));
}

#[test]
fn of_a_server_with_other_settings_nothing_old_is_shown() {
    let (server, _) = server();
    let node = Node::start(&server.configured("s"));
    list(&node);

    server.set_down(true);
    let other = server.configured("s") + "headers.token = \"other\"\n";
    fs::write(node.folder().join("switchboard.toml"), other).expect("a file can be changed");
    let node = node.restarted();
    assert_eq!(names(&list(&node)), Vec::<&str>::new());
}

#[test]
fn what_is_cleared_is_not_shown_after_a_restart() {
    let (server, _) = server();
    let node = Node::start(&server.configured("s"));
    list(&node);
    assert_eq!(copies(&node).len(), 1);

    server.set_down(true);
    forgotten(&node);
    assert_eq!(copies(&node), Vec::<PathBuf>::new());
    let node = node.restarted();
    assert_eq!(names(&list(&node)), Vec::<&str>::new());
}
