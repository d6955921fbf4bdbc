//! Several calls in one: started together where nothing says otherwise, each with an answer of its own, over plain HTTP and as
//! the gateway's own tool in both eras.

use std::sync::{Arc, Barrier};
use std::thread;

use e2e::Node;
use e2e::counting::Counting;
use e2e::fixture::{Era, Fixture};
use e2e::legacy::{Session, call};
use e2e::scripted::{Scripted, as_json, one_tool};
use e2e::wire::{self, Answer};
use serde_json::{Value, json};

/// Sends a batch in plain HTTP.
fn batch(node: &Node, headers: &[&str], body: &Value) -> Answer {
    wire::exchange(
        node.address(),
        &wire::post(node.address(), "/mcp/tools/batch", headers, body.to_string().as_bytes()),
    )
}

/// What became of a batch that has to be made.
fn made(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let told: Value = serde_json::from_slice(&answer.body).expect("an answer is JSON");
    assert!(told["bridge_info"]["request_id"].is_string(), "{told}");
    told["result"].clone()
}

/// The states of the calls, in their order.
fn states(told: &Value) -> Vec<&str> {
    let results = told["results"].as_array().unwrap_or_else(|| panic!("no results: {told}"));
    results.iter().map(|result| result["status"].as_str().unwrap_or_default()).collect()
}

fn counted() -> (Counting, Node) {
    let counting = Counting::start();
    let node = Node::start(&format!("bridge.sessionless = true\n{}", counting.configured("count")));
    (counting, node)
}

fn act(id: &str, number: u64, after: &[&str]) -> Value {
    json!({ "id": id, "name": "count_act", "arguments": { "n": number }, "after": after })
}

#[test]
fn calls_without_order_run_at_the_same_time() {
    let both = Arc::new(Barrier::new(2));
    // neither is answered before both are there
    let meeting = Scripted::reading(one_tool("meet"), move |request| {
        both.wait();
        as_json(&request["id"].to_string(), &json!({ "resultType": "complete", "content": [] }))
    });
    let node = Node::start(&format!("bridge.sessionless = true\n{}", meeting.configured("there")));
    let meet = |id: &str| json!({ "id": id, "name": "there_meet" });
    let told = made(&batch(&node, &[], &json!({ "calls": [meet("a"), meet("b")] })));
    assert_eq!(states(&told), ["succeeded", "succeeded"], "{told}");
}

#[test]
fn each_call_has_its_own_end_and_what_comes_after_a_failure_is_not_made() {
    let (counting, node) = counted();
    let told = made(&batch(&node, &[], &json!({ "calls": [act("b", 2, &["a"]), act("a", 1, &[])] })));
    assert_eq!(states(&told), ["succeeded", "succeeded"], "{told}");
    assert_eq!(
        (&told["results"][0]["id"], &told["results"][0]["result"]["content"][0]["text"]),
        (&json!("b"), &json!("did 2"))
    );
    let nothing = json!({ "id": "b", "name": "nobody_knows" });
    let told = made(&batch(&node, &[], &json!({ "calls": [nothing, act("a", 5, &["b"]), act("c", 6, &["a"])] })));
    assert_eq!(states(&told), ["failed", "skipped", "skipped"], "{told}");
    assert_eq!(told["results"][0]["error"]["code"], -32602, "{told}");
    assert_eq!(told["results"][2]["error"]["data"], json!({ "code": "SKIPPED", "because_of": "b", "retryable": true }));
    assert_eq!([1, 2, 5, 6].map(|number| counting.count("act", number)), [1, 1, 0, 0]);
}

#[test]
fn what_is_no_batch_begins_nothing() {
    let (counting, node) = counted();
    let refused = |body: Value, text: &str| {
        let answer = batch(&node, &[], &body);
        assert_eq!(answer.code(), Some(-32602), "{body} {}", answer.text());
        assert!(answer.text().contains(text), "{body} {}", answer.text());
    };
    refused(json!({ "calls": [] }), "1 to 100 calls");
    refused(json!({ "calls": [act("a", 1, &[]), act("a", 1, &[])] }), "two calls have the id");
    refused(json!({ "calls": [act("c", 1, &[]), act("a", 1, &["b"]), act("b", 1, &["a"])] }), "wait for each other");
    refused(json!({ "calls": [act("a", 1, &["z"])] }), "no call has that id");
    let unknown = json!({ "id": "b", "name": "nobody_knows" });
    refused(json!({ "calls": [act("a", 1, &[]), unknown], "atomic_start": true }), "nothing was begun");
    assert_eq!(counting.count("act", 1), 0);
    let whole = json!({ "calls": [act("a", 2, &[]), act("b", 3, &["a"])], "atomic_start": true });
    assert_eq!(states(&made(&batch(&node, &[], &whole))), ["succeeded", "succeeded"]);
}

#[test]
fn under_a_key_each_call_of_a_batch_is_made_once() {
    let (counting, node) = counted();
    let calls = json!({ "calls": [act("a", 1, &[]), act("b", 2, &["a"])] });
    let first = made(&batch(&node, &["Idempotency-Key: k-1"], &calls));
    let again = made(&batch(&node, &["Idempotency-Key: k-1"], &calls));
    assert_eq!(first, again);
    assert_eq!([1, 2].map(|number| counting.count("act", number)), [1, 1]);
}

#[test]
fn the_gateways_own_tool_makes_batches_in_both_eras_and_none_in_a_batch() {
    let fixture = Fixture::start(Era::Dual);
    let node = Node::start(&fixture.configured("fixture"));
    let text = json!({ "id": "text", "name": "fixture_test_simple_text" });
    let error = json!({ "id": "error", "name": "fixture_test_error_handling" });
    let inner = json!({ "id": "inner", "name": "switchboard_batch", "arguments": { "calls": [text] } });
    let around = json!({ "id": "around", "name": "switchboard_call_tool", "arguments": {
        "name": "switchboard_batch", "arguments": { "calls": [text] } } });
    let arguments = json!({ "calls": [text, error, inner, around] });
    let modern = wire::call(node.address(), "/mcp", "1", "switchboard_batch", &arguments.to_string());
    let session = Session::open(node.address(), "/mcp", "2025-11-25", &json!({}));
    let legacy = session.post(&call(1, "switchboard_batch", &arguments));
    for answer in [modern, legacy] {
        let message: Value = serde_json::from_str(&answer.message()).expect("an answer is JSON");
        let told = &message["result"]["structuredContent"];
        assert_eq!(states(told), ["succeeded", "failed", "failed", "failed"], "{message}");
        assert_eq!(told["results"][0]["result"]["content"][0]["type"], "text", "{message}");
        assert_eq!(told["results"][1]["result"]["isError"], true, "{message}");
        for nested in [2, 3] {
            let error = &told["results"][nested]["error"];
            assert!(error["message"].as_str().is_some_and(|text| text.contains("a batch in a batch")), "{message}");
        }
        let shown: Value = serde_json::from_str(message["result"]["content"][0]["text"].as_str().unwrap()).unwrap();
        assert_eq!(&shown, told);
    }
}

#[test]
fn who_waits_for_a_batch_hears_how_far_it_is() {
    let fixture = Fixture::start(Era::Dual);
    let node = Node::start(&fixture.configured("fixture"));
    let session = Session::open(node.address(), "/mcp", "2025-11-25", &json!({}));
    let text = |id: &str, after: &[&str]| json!({ "id": id, "name": "fixture_test_simple_text", "after": after });
    let mut message = call(1, "switchboard_batch", &json!({ "calls": [text("a", &[]), text("b", &["a"])] }));
    message["params"]["_meta"] = json!({ "progressToken": "t" });
    let mut stream = session.stream(&message);
    let told: Vec<Value> = std::iter::repeat_with(|| stream.message()).take(3).collect();
    let progress =
        |over: u64| (&told[over as usize - 1]["params"]["progress"], &told[over as usize - 1]["params"]["total"]);
    assert_eq!((progress(1), progress(2)), ((&json!(1), &json!(2)), (&json!(2), &json!(2))), "{told:?}");
    assert_eq!(told[2]["id"], 1, "{told:?}");
}

#[test]
fn who_gives_a_batch_up_gives_up_its_calls() {
    let (counting, node) = counted();
    let session = Session::open(node.address(), "/mcp", "2025-11-25", &json!({}));
    let slow = json!({ "id": "slow", "name": "count_act", "arguments": { "n": 1, "ms": 2_000 } });
    let hung = session.begin(&call(7, "switchboard_batch", &json!({ "calls": [slow, act("next", 2, &["slow"])] })));
    while counting.count("act", 1) == 0 {
        thread::yield_now();
    }
    let cancelled = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 7 } });
    assert_eq!(session.post(&cancelled).status, 202);
    drop(hung);
    let running = || {
        let status = wire::exchange(
            node.address(),
            format!("GET /mcp/status HTTP/1.1\r\nHost: {}\r\n\r\n", node.address()).as_bytes(),
        );
        let status: Value = serde_json::from_slice(&status.body).expect("a status is JSON");
        status["servers"]["count"]["calls_running"].as_u64()
    };
    while running() != Some(0) {
        thread::yield_now();
    }
    assert_eq!(counting.count("act", 2), 0);
}
