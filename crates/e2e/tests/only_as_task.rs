//! Tools of legacy servers that can be called only as a task (2025-11-25): to a client that makes none, a call of one is
//! like any other, runs once, and is over when its client leaves.

use std::time::{Duration, Instant};

use e2e::Node;
use e2e::fixture::{Era, Fixture};
use e2e::legacy::{Session, call};
use e2e::wire::{self, Answer, modern_call, modern_call_headers, post};
use serde_json::{Value, json};

const PATH: &str = "/servers/fixture/mcp";

/// How long what happens at the server may take to be seen.
const SEEN_WITHIN: Duration = Duration::from_secs(10);

fn text_of(answer: &Answer) -> String {
    let message: Value = serde_json::from_str(&answer.message()).expect("an answer is JSON");
    message["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text: {message}")).to_owned()
}

fn statistic(node: &Node, name: &str) -> u64 {
    let answer = wire::call(node.address(), PATH, "1", "stats", "{}");
    let message: Value = serde_json::from_str(&answer.message()).expect("an answer is JSON");
    message["result"]["structuredContent"][name].as_u64().unwrap_or_else(|| panic!("no {name}: {message}"))
}

/// A modern call of `tool` by a client that can be asked, with more `params`.
fn post_call(node: &Node, tool: &str, arguments: &str, more: &Value) -> Vec<u8> {
    let mut body: Value = serde_json::from_str(&modern_call("1", tool, arguments)).expect("a call is JSON");
    body["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!({ "elicitation": {} });
    for (key, value) in more.as_object().into_iter().flatten() {
        body["params"][key] = value.clone();
    }
    let headers = modern_call_headers(tool);
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    post(node.address(), PATH, &headers, body.to_string().as_bytes())
}

#[test]
fn a_client_that_makes_no_tasks_gets_the_result_and_the_tool_runs_once() {
    let fixture = Fixture::start(Era::Legacy);
    let node = Node::start(&fixture.configured("fixture"));
    let answer = wire::call(node.address(), PATH, "1", "must_wait", r#"{"ms":300}"#);
    assert_eq!(text_of(&answer), "waited 300 ms");
    assert!(!answer.text().contains("related-task"), "{}", answer.text());

    let old = Session::open(node.address(), PATH, "2025-06-18", &json!({}));
    assert_eq!(text_of(&old.post(&call(2, "must_wait", &json!({ "ms": 100 })))), "waited 100 ms");
    assert_eq!((statistic(&node, "finishes"), statistic(&node, "cancels")), (2, 0));
}

#[test]
fn a_question_of_such_a_tool_reaches_a_modern_client() {
    let fixture = Fixture::start(Era::Legacy);
    let node = Node::start(&fixture.configured("fixture"));
    let arguments = r#"{"filename":"notes"}"#;
    let asked = wire::exchange(node.address(), &post_call(&node, "must_confirm", arguments, &json!({})));
    let asked: Value = serde_json::from_str(&asked.message()).expect("an answer is JSON");
    assert_eq!(asked["result"]["resultType"], "input_required", "{asked}");
    let keys = asked["result"]["inputRequests"].as_object().into_iter().flat_map(serde_json::Map::keys);
    let reply = json!({ "action": "accept", "content": { "confirm": true } });
    let replies: serde_json::Map<String, Value> = keys.map(|key| (key.clone(), reply.clone())).collect();
    let retry = json!({ "inputResponses": replies, "requestState": asked["result"]["requestState"] });
    let done = wire::exchange(node.address(), &post_call(&node, "must_confirm", arguments, &retry));
    assert_eq!(text_of(&done), "Deleted notes");
}

#[test]
fn the_task_of_a_client_that_leaves_is_cancelled() {
    let fixture = Fixture::start(Era::Legacy);
    let node = Node::start(&fixture.configured("fixture"));
    let client = begin(&node);
    drop(client);
    until("the task is cancelled", || statistic(&node, "cancels") == 1);
}

#[test]
fn a_task_that_its_server_has_lost_is_not_begun_again() {
    let fixture = Fixture::start(Era::Legacy);
    let port = fixture.port();
    let node = Node::start(&fixture.configured("fixture"));
    let mut client = std::io::BufReader::new(begin(&node));
    drop(fixture);
    let _fixture = Fixture::start_on_port(port, Era::Legacy);
    let answer = wire::read_answer(&mut client);
    assert!(answer.is_error(), "{}", answer.text());
    assert!(answer.text().contains("OUTCOME_UNKNOWN"), "{}", answer.text());
    assert_eq!(statistic(&node, "calls"), 1, "only this question itself has arrived");
}

/// A call that lasts until it is cancelled, known to have begun.
fn begin(node: &Node) -> std::net::TcpStream {
    let before = statistic(node, "calls");
    let mut client = wire::connect(node.address());
    wire::send(&mut client, &post_call(node, "must_wait", r#"{"ms":600000}"#, &json!({})));
    let mut asked = before;
    until("the task has begun", || {
        asked += 1;
        statistic(node, "calls") > asked
    });
    client
}

/// Looks again and again until `condition` holds.
fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < SEEN_WITHIN, "never saw that {what}");
        std::thread::yield_now();
    }
}
