//! Servers that fall ill and recover: what lists say of them meanwhile, what stands in the log, and that calls go on.

use std::time::{Duration, Instant};

use e2e::Node;
use e2e::program::built;
use e2e::wire::{self, Answer};

/// How long a change of state may take to be seen.
const SEEN_WITHIN: Duration = Duration::from_secs(20);

/// A server that misbehaves as `flags` say, shared by all.
fn rogue(name: &str, flags: &[&str]) -> String {
    let program = built("rogue");
    let program = program.to_string_lossy();
    format!("[servers.{name}]\ncommand = {program:?}\nargs = {flags:?}\nmode = \"shared\"\n")
}

fn call(node: &Node, tool: &str, arguments: &str) -> Answer {
    wire::call(node.address(), "/servers/rogue/mcp", "1", tool, arguments)
}

/// What the list says of the server `rogue`: null when all is well.
fn told(node: &Node) -> serde_json::Value {
    let answer = wire::list_tools(node.address(), "/mcp");
    let message: serde_json::Value = serde_json::from_str(&answer.message()).expect("a list is JSON");
    message["result"]["_meta"]["dev.switchboard/servers"]["rogue"].clone()
}

/// Lists again and again until what is told of the server satisfies `wanted`.
fn until_told(node: &Node, what: &str, wanted: impl Fn(&serde_json::Value) -> bool) -> serde_json::Value {
    let started = Instant::now();
    loop {
        let told = told(node);
        if wanted(&told) {
            return told;
        }
        assert!(started.elapsed() < SEEN_WITHIN, "never saw that {what}: {told}");
    }
}

#[test]
fn a_server_that_falls_silent_is_degraded_until_it_answers_again() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mute = folder.path().join("mute");
    let flag = mute.to_string_lossy();
    let node = Node::start(&format!("[limits]\nhealth_ms = 500\n{}", rogue("rogue", &["--mute-while", &flag])));
    assert_eq!(told(&node), serde_json::Value::Null);
    std::fs::write(&mute, "").expect("a file can be made");
    let told = until_told(&node, "it is degraded", |told| told["state"] == "degraded");
    assert!(told["reason"].as_str().is_some_and(|reason| reason.starts_with("it does not answer")), "{told}");
    std::fs::remove_file(&mute).expect("the file can be removed");
    until_told(&node, "it has recovered", serde_json::Value::is_null);
    assert!(call(&node, "echo", "{}").text().contains("{}"));
}

#[test]
fn a_process_that_hangs_is_replaced_by_a_fresh_one() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mute = folder.path().join("mute");
    let flag = mute.to_string_lossy();
    let flags = ["--mute-while", &flag];
    let node = Node::start(&format!("[limits]\nhealth_ms = 100\n{}start_timeout_s = 1\n", rogue("rogue", &flags)));
    assert!(call(&node, "count", "{}").text().contains("\"1\""));
    assert!(call(&node, "count", "{}").text().contains("\"2\""));
    std::fs::write(&mute, "").expect("a file can be made");
    until_told(&node, "it was ended", |told| told["state"] == "backoff");
    std::fs::remove_file(&mute).expect("the file can be removed");
    until_told(&node, "it runs again", serde_json::Value::is_null);
    assert!(call(&node, "count", "{}").text().contains("\"1\""), "{}", node.log());
}

#[test]
fn a_server_that_mixes_talk_into_its_messages_is_degraded_and_still_serves() {
    let node = Node::start(&rogue("rogue", &["--garbage-every", "1"]));
    for _ in 0..21 {
        assert!(call(&node, "echo", "{}").text().contains("{}"));
    }
    let told = until_told(&node, "it is degraded", |told| told["state"] == "degraded");
    assert!(told["reason"].as_str().is_some_and(|reason| reason.contains("no messages")), "{told}");
    assert!(call(&node, "echo", "{}").text().contains("{}"));
}

#[test]
fn an_answer_over_the_limit_fails_its_own_call_alone() {
    let node = Node::start(&format!("{}line_bytes_max = 65536\n", rogue("rogue", &[])));
    assert!(call(&node, "count", "{}").text().contains("\"1\""));
    let answer = call(&node, "echo", &format!("{{\"text\":\"{}\"}}", "x".repeat(100_000)));
    assert!(answer.text().contains("[TOO_LARGE]"), "{}", answer.text());
    assert!(call(&node, "count", "{}").text().contains("\"2\""), "the process is another one: {}", node.log());
    assert_eq!(node.log().matches("over the limit").count(), 1, "{}", node.log());
}

#[test]
fn what_a_server_writes_to_stderr_is_logged_without_its_secrets() {
    let program = built("rogue");
    let script = format!("echo \"my token is $TOKEN\" >&2; exec {}", program.display());
    let node = Node::start(&format!(
        "[servers.rogue]\ncommand = \"/bin/sh\"\nargs = [\"-c\", {script:?}]\nenv = {{ TOKEN = \"open-sesame-now\" }}\n"
    ));
    assert!(call(&node, "echo", "{}").text().contains("{}"));
    let started = Instant::now();
    while !node.log().contains("my token is [hidden]") {
        assert!(started.elapsed() < SEEN_WITHIN, "{}", node.log());
        std::thread::yield_now();
    }
    assert!(!node.log().contains("open-sesame-now"), "{}", node.log());
}

#[test]
fn a_server_that_cannot_be_started_is_tried_again_until_it_can() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mute = folder.path().join("mute");
    std::fs::write(&mute, "").expect("a file can be made");
    let flag = mute.to_string_lossy();
    let node = Node::start(&format!("{}start_timeout_s = 1\n", rogue("rogue", &["--mute-while", &flag])));
    until_told(&node, "it is not there", |told| told["state"] == "backoff");
    std::fs::remove_file(&mute).expect("the file can be removed");
    until_told(&node, "it has come", serde_json::Value::is_null);
    assert!(wire::list_tools(node.address(), "/mcp").text().contains("rogue_echo"));
}
