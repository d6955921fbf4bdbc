//! The Skills extension through the gateway: lists of all servers in one, URIs that agree with each other, files as they are.

use e2e::Node;
use e2e::fixture::{Era, Fixture};
use e2e::wire::{META, exchange, post};
use serde_json::{Value, json};

const SKILL: &str = "skill://acme/greeting/SKILL.md";

/// The result of a modern request at `/mcp`, or the error.
fn ask(node: &Node, method: &str, params: &Value) -> Value {
    let mut params = params.clone();
    params["_meta"] = serde_json::from_str(META).expect("the envelope is JSON");
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
    let mut headers = vec!["MCP-Protocol-Version: 2026-07-28".to_owned(), format!("Mcp-Method: {method}")];
    if method == "resources/read" {
        headers.push(format!("Mcp-Name: {}", params["uri"].as_str().unwrap_or_default()));
    }
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let answer = exchange(node.address(), &post(node.address(), "/mcp", &headers, body.as_bytes()));
    let answer: Value = serde_json::from_str(&answer.message()).expect("an answer is JSON");
    if answer["result"].is_null() { answer["error"].clone() } else { answer["result"].clone() }
}

fn entries(node: &Node) -> Vec<Value> {
    ask(node, "skills/list", &json!({}))["skills"].as_array().cloned().unwrap_or_default()
}

/// Reads every file of a skill and compares it with what its entry says.
fn check_files(node: &Node, entry: &Value) {
    for file in entry["resources"].as_array().expect("the skill has files") {
        let read = ask(node, "resources/read", &json!({ "uri": file["uri"] }));
        let content = &read["contents"][0];
        assert_eq!(content["uri"], file["uri"], "{read}");
        assert_eq!(content["text"].as_str().map(str::len), file["size"].as_u64().map(|size| size as usize), "{read}");
    }
}

#[test]
fn a_skill_of_one_server_keeps_its_uris() {
    let (skilled, other) = (Fixture::start(Era::Modern), Fixture::start(Era::Legacy));
    let node = Node::start(&format!("{}{}", skilled.configured("one"), other.configured("two")));
    let listed = entries(&node);
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["uri"], SKILL);
    check_files(&node, &listed[0]);
    assert_eq!(ask(&node, "skills/get", &json!({ "uri": SKILL }))["skill"], listed[0]);
    let folder = ask(&node, "resources/directory/read", &json!({ "uri": "skill://acme/greeting/words" }));
    assert_eq!(folder["resources"][0]["uri"], "skill://acme/greeting/words/hello.md", "{folder}");
}

#[test]
fn skills_of_two_servers_with_one_uri_are_told_apart_as_a_whole() {
    let (one, two) = (Fixture::start(Era::Modern), Fixture::start(Era::Dual));
    let node = Node::start(&format!("{}{}", one.configured("one"), two.configured("two")));
    let listed = entries(&node);
    let uris: Vec<&str> = listed.iter().filter_map(|entry| entry["uri"].as_str()).collect();
    assert_eq!(uris, ["sw://one/skill://acme/greeting/SKILL.md", "sw://two/skill://acme/greeting/SKILL.md"]);
    for entry in &listed {
        assert_eq!(entry["frontmatter"]["name"], "greeting");
        check_files(&node, entry);
        assert_eq!(&ask(&node, "skills/get", &json!({ "uri": entry["uri"] }))["skill"], entry);
    }
    let folder = ask(&node, "resources/directory/read", &json!({ "uri": "sw://two/skill://acme/greeting" }));
    assert_eq!(folder["resources"][1]["uri"], "sw://two/skill://acme/greeting/words", "{folder}");
}

#[test]
fn a_skill_nobody_has_is_an_invalid_parameter() {
    let (one, two) = (Fixture::start(Era::Modern), Fixture::start(Era::Modern));
    let node = Node::start(&format!("{}{}", one.configured("one"), two.configured("two")));
    for uri in ["skill://nobody/SKILL.md", "sw://one/skill://nobody/SKILL.md", ""] {
        assert_eq!(ask(&node, "skills/get", &json!({ "uri": uri }))["code"], -32602, "{uri}");
    }
}
