//! Questions that cross the eras: a legacy server asks, a modern client answers with the sealed state it was given,
//! and a state that is not exactly that one is refused.

use e2e::fixture::Era;
use e2e::wire::{Answer, exchange, list_tools, modern_call_headers, post};
use e2e::{Node, servers};
use serde_json::{Value, json};

use crate::gateway::Gateway;

const TOOL: &str = "test_elicitation";

/// The tool that asks the client's model.
const SAMPLE: &str = "test_missing_capability";

/// The tool that works for one call after it has sent its caller to a page.
const VISIT_FIRST: &str = "test_elicitation_required";

#[test]
fn a_question_of_a_legacy_server_is_answered_by_a_modern_client() {
    let gateway = Gateway::with(Era::Legacy, "");
    let question = ask(&gateway, "Who?");
    let answer = retry(&gateway, "Who?", &question, state(&question));
    assert!(answer.text().contains("ada@example.com"), "{}", answer.text());
}

#[test]
fn a_state_that_was_changed_is_refused_and_the_call_goes_on() {
    let gateway = Gateway::with(Era::Legacy, "");
    let question = ask(&gateway, "Who?");
    let good = state(&question);
    let middle = good.len() / 2;
    let other = if good.as_bytes()[middle] == b'A' { "B" } else { "A" };
    let flipped = format!("{}{other}{}", &good[..middle], &good[middle + 1..]);
    for (name, state) in [("flipped", flipped.as_str()), ("shortened", &good[1..]), ("empty", ""), ("invented", "x")] {
        let answer = retry(&gateway, "Who?", &question, state);
        assert_eq!(answer.code(), Some(-32602), "{name}: {}", answer.text());
    }
    let answer = retry(&gateway, "Who?", &question, good);
    assert!(answer.text().contains("ada@example.com"), "{}", answer.text());
}

#[test]
fn a_state_is_bound_to_the_arguments_it_was_made_for() {
    let gateway = Gateway::with(Era::Legacy, "");
    let question = ask(&gateway, "Who?");
    let answer = retry(&gateway, "Who else?", &question, state(&question));
    assert_eq!(answer.code(), Some(-32602), "{}", answer.text());
}

#[test]
fn a_state_that_was_used_runs_nothing_again() {
    let gateway = Gateway::with(Era::Legacy, "");
    let question = ask(&gateway, "Who?");
    retry(&gateway, "Who?", &question, state(&question));
    let answer = retry(&gateway, "Who?", &question, state(&question));
    assert_eq!(answer.code(), Some(-32602), "{}", answer.text());
}

#[test]
fn a_client_that_declares_no_elicitation_is_told_what_is_missing() {
    let gateway = Gateway::with(Era::Legacy, "");
    let answer = gateway.post_call(TOOL, call(&json!({}), &json!({ "message": "Who?" }), &json!({})).to_string());
    assert!(answer.is_error(), "{}", answer.text());
}

#[test]
fn a_capability_that_was_not_declared_is_named_whatever_the_servers_era() {
    for era in [Era::Dual, Era::Legacy, Era::Modern] {
        let gateway = Gateway::with(era, "");
        let answer = gateway.post_call(SAMPLE, body(SAMPLE, &json!({}), &json!({})).to_string());
        let message: Value = serde_json::from_str(&answer.message()).expect("an answer is JSON");
        assert_eq!((answer.status, answer.code()), (400, Some(-32021)), "{era:?}: {message}");
        assert_eq!(message["error"]["data"]["requiredCapabilities"], json!({ "sampling": {} }), "{era:?}: {message}");
    }
}

#[test]
fn a_page_that_a_legacy_server_wants_visited_first_is_asked_of_a_modern_client() {
    let gateway = Gateway::with(Era::Legacy, "");
    let question = ask_to_visit(&gateway);
    let request = question["inputRequests"].as_object().and_then(|requests| requests.values().next());
    let request = request.expect("the question is there");
    assert_eq!(request["params"]["mode"], "url", "{question}");
    assert_eq!(request["params"]["url"], "https://example.com/sign-in", "{question}");
    let answer = visited(&gateway, &question, "accept");
    assert!(answer.text().contains("Visit: signed in"), "{}", answer.text());
}

#[test]
fn nothing_is_called_for_a_user_who_does_not_visit_the_page() {
    for action in ["decline", "cancel"] {
        let gateway = Gateway::with(Era::Legacy, "");
        let question = ask_to_visit(&gateway);
        let before = gateway.statistics();
        let answer = visited(&gateway, &question, action);
        assert!(answer.is_error(), "{action}: {}", answer.text());
        let calls = |statistics: &Value| statistics["calls"].as_u64();
        assert_eq!(calls(&gateway.statistics()), calls(&before).map(|calls| calls + 1), "{action}");
    }
}

#[test]
fn a_client_that_cannot_visit_pages_is_told_what_is_missing() {
    for era in [Era::Legacy, Era::Modern] {
        let gateway = Gateway::with(era, "");
        let form_only = json!({ "elicitation": { "form": {} } });
        let answer = gateway.post_call(VISIT_FIRST, body(VISIT_FIRST, &form_only, &json!({})).to_string());
        assert_eq!(answer.code(), Some(-32021), "{era:?}: {}", answer.text());
        assert!(answer.text().contains(r#""url":{}"#), "{era:?}: {}", answer.text());
    }
}

/// The question with which a server sends its caller to a page.
fn ask_to_visit(gateway: &Gateway) -> Value {
    let answer = gateway.post_call(VISIT_FIRST, body(VISIT_FIRST, &can_visit(), &json!({})).to_string());
    let message: Value = serde_json::from_str(&answer.message()).expect("an answer is JSON");
    assert_eq!(message["result"]["resultType"], "input_required", "{message}");
    message["result"].clone()
}

/// The call again, after the user did `action` with the page.
fn visited(gateway: &Gateway, question: &Value, action: &str) -> Answer {
    let rest = answered(question, &json!({ "action": action }), state(question));
    gateway.post_call(VISIT_FIRST, body(VISIT_FIRST, &can_visit(), &rest).to_string())
}

fn can_visit() -> Value {
    json!({ "elicitation": { "url": {} } })
}

#[test]
fn progress_after_an_answer_carries_the_token_of_the_retry() {
    let node = Node::start(&servers::everything_over_stdio("everything"));
    let tool = "trigger-long-running-operation";
    // the server asks soon after the handshake: the call must be under way by then, and not wait for the list of tools
    assert!(list_tools(node.address(), "/servers/everything/mcp").text().contains(tool));
    let round = |token: &str, rest: &Value| {
        let mut body = call(&json!({ "roots": {} }), &json!({ "duration": 3, "steps": 12 }), rest);
        body["params"]["name"] = json!(tool);
        body["params"]["_meta"]["progressToken"] = json!(token);
        let headers = modern_call_headers(tool);
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        let body = body.to_string();
        exchange(node.address(), &post(node.address(), "/servers/everything/mcp", &headers, body.as_bytes()))
    };
    let question: Value = serde_json::from_str(&round("first", &json!({})).message()).expect("an answer is JSON");
    let question = &question["result"];
    let answer = round("second", &answered(question, &json!({ "roots": [] }), state(question))).text();
    assert!(answer.contains(r#""progressToken":"second""#), "{answer}");
    assert!(!answer.contains(r#""progressToken":"first""#), "{answer}");
}

/// The result with the question.
fn ask(gateway: &Gateway, message: &str) -> Value {
    let body = call(&json!({ "elicitation": {} }), &json!({ "message": message }), &json!({}));
    let answer = gateway.post_call(TOOL, body.to_string());
    let message: Value = serde_json::from_str(&answer.message()).expect("an answer is JSON");
    assert_eq!(message["result"]["resultType"], "input_required", "{message}");
    message["result"].clone()
}

fn state(question: &Value) -> &str {
    question["requestState"].as_str().expect("a parked question carries its state")
}

/// The call again, with an answer to every part of `question` and with `state`.
fn retry(gateway: &Gateway, message: &str, question: &Value, state: &str) -> Answer {
    let reply = json!({ "action": "accept", "content": { "username": "ada", "email": "ada@example.com" } });
    let rest = answered(question, &reply, state);
    let body = call(&json!({ "elicitation": {} }), &json!({ "message": message }), &rest);
    gateway.post_call(TOOL, body.to_string())
}

/// What a retry carries: `reply` to every part of `question`, and `state`.
fn answered(question: &Value, reply: &Value, state: &str) -> Value {
    let keys = question["inputRequests"].as_object().into_iter().flat_map(|requests| requests.keys());
    let responses: Value = keys.map(|key| (key.clone(), reply.clone())).collect::<serde_json::Map<_, _>>().into();
    json!({ "inputResponses": responses, "requestState": state })
}

/// A modern call of `tool` without arguments by a client with `capabilities`, with the members of `rest`.
fn body(tool: &str, capabilities: &Value, rest: &Value) -> Value {
    let mut body = call(capabilities, &json!({}), rest);
    body["params"]["name"] = json!(tool);
    body
}

/// A modern call of [`TOOL`] by a client with `capabilities`, with the members of `rest` beside its arguments.
fn call(capabilities: &Value, arguments: &Value, rest: &Value) -> Value {
    let mut params = json!({
        "name": TOOL,
        "arguments": arguments,
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": capabilities,
        },
    });
    for (key, value) in rest.as_object().into_iter().flatten() {
        params[key] = value.clone();
    }
    json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params })
}
