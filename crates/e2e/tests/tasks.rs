//! Core tasks of revision 2025-11-25: made, polled, listed, cancelled and collected by a legacy client under ids of the
//! gateway, told of on its standing stream, and out of sight of everybody else.

use e2e::Node;
use e2e::counting::Counting;
use e2e::fixture::{Era, Fixture, configured_over_stdio};
use e2e::legacy::{Session, call};
use e2e::people::{ADA, BOB, ada_and_bob};
use serde_json::{Value, json};

const RELATED: &str = "io.modelcontextprotocol/related-task";

fn session(node: &Node, path: &str) -> Session {
    Session::open(node.address(), path, "2025-11-25", &json!({ "elicitation": {} }))
}

fn ask(session: &Session, method: &str, params: &Value) -> Value {
    let request = json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params });
    said(session, &request)
}

/// The answer to a request, whether it came as JSON or as the last event of a stream.
fn said(session: &Session, request: &Value) -> Value {
    serde_json::from_str(&session.post(request).message()).expect("an answer is JSON")
}

/// A call that is to become a task.
fn as_task(id: i64, tool: &str, arguments: &Value) -> Value {
    let mut request = call(id, tool, arguments);
    request["params"]["task"] = json!({ "ttl": 60_000 });
    request
}

/// Begins a task and gives the id under which the client knows it.
fn begun(session: &Session, tool: &str, arguments: &Value) -> String {
    let answer = said(session, &as_task(1, tool, arguments));
    let id = answer["result"]["task"]["taskId"].as_str().unwrap_or_else(|| panic!("no task: {answer}"));
    assert!(id.starts_with("gw."), "{id}");
    id.to_owned()
}

fn compute(session: &Session, seconds: u64) -> String {
    begun(session, "fixture_slow_compute", &json!({ "seconds": seconds }))
}

#[test]
fn a_task_of_a_legacy_server_is_made_polled_listed_and_collected() {
    let fixture = Fixture::start(Era::Legacy);
    let node = Node::start(&fixture.configured("fixture"));
    let session = session(&node, "/mcp");
    let mut standing = session.listen(None);
    let task = compute(&session, 1);
    let named = json!({ "taskId": task });

    let polled = ask(&session, "tasks/get", &named);
    assert_eq!((&polled["result"]["taskId"], &polled["result"]["status"]), (&json!(task), &json!("working")));
    let listed = ask(&session, "tasks/list", &json!({}));
    assert_eq!(listed["result"]["tasks"][0]["taskId"], task, "{listed}");

    let collected = ask(&session, "tasks/result", &named);
    assert_eq!(collected["result"]["content"][0]["text"], "Computed for 1 seconds", "{collected}");
    assert_eq!(collected["result"]["_meta"][RELATED]["taskId"], task, "{collected}");

    let told = standing.message();
    assert_eq!(told["method"], "notifications/tasks/status", "{told}");
    assert_eq!((&told["params"]["taskId"], &told["params"]["status"]), (&json!(task), &json!("completed")));
}

#[test]
fn a_cancelled_task_has_ended() {
    let fixture = Fixture::start(Era::Legacy);
    let node = Node::start(&fixture.configured("fixture"));
    let session = session(&node, "/mcp");
    let named = json!({ "taskId": compute(&session, 30) });
    assert_eq!(ask(&session, "tasks/cancel", &named)["result"]["status"], "cancelled");
    assert_eq!(ask(&session, "tasks/cancel", &named)["error"]["code"], -32602);
}

#[test]
fn a_question_of_a_task_reaches_its_client_and_its_answer_the_task() {
    let fixture = Fixture::start(Era::Legacy);
    let node = Node::start(&fixture.configured("fixture"));
    let session = session(&node, "/mcp");
    let task = begun(&session, "fixture_confirm_delete", &json!({ "filename": "notes" }));
    let mut result = session.stream(&json!({
        "jsonrpc": "2.0", "id": 8, "method": "tasks/result", "params": { "taskId": task },
    }));
    let question = result.message();
    assert_eq!(question["method"], "elicitation/create", "{question}");
    assert_eq!(question["params"]["_meta"][RELATED]["taskId"], task, "{question}");
    let answer = json!({
        "action": "accept", "content": { "confirm": true }, "_meta": { RELATED: { "taskId": task } },
    });
    session.post(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": answer }));
    let done = result.message();
    assert_eq!(done["result"]["content"][0]["text"], "Deleted notes", "{done}");
}

#[test]
fn the_task_of_another_session_is_unknown() {
    let fixture = Fixture::start(Era::Legacy);
    let node = Node::start(&fixture.configured("fixture"));
    let (owner, other) = (session(&node, "/mcp"), session(&node, "/mcp"));
    let task = compute(&owner, 30);
    assert_eq!(ask(&other, "tasks/list", &json!({}))["result"]["tasks"], json!([]));
    assert_eq!(ask(&other, "tasks/get", &json!({ "taskId": task }))["error"]["code"], -32602);
    assert_eq!(ask(&owner, "tasks/get", &json!({ "taskId": "made-up" }))["error"]["code"], -32602);
}

#[test]
fn the_task_of_another_principal_is_unknown_wherever_it_was_made() {
    let (fixture, counting) = (Fixture::start(Era::Legacy), Counting::start());
    let servers = fixture.configured("fixture") + &counting.configured("count");
    let node = Node::start(&(servers + &ada_and_bob()));
    let [ada, bob] = [ADA, BOB].map(|token| Session::open_as(token, node.address(), "/mcp", &json!({})));
    let of_server = compute(&ada, 30);
    let of_gateway = begun(&ada, "count_read", &json!({ "n": 1, "ms": 60_000 }));
    for task in [of_server, of_gateway] {
        let named = json!({ "taskId": task });
        for method in ["tasks/get", "tasks/result", "tasks/cancel"] {
            assert_eq!(ask(&bob, method, &named)["error"]["code"], -32602, "{method} {task}");
        }
        assert_eq!(ask(&ada, "tasks/get", &named)["result"]["status"], "working", "nobody has cancelled it");
    }
    assert_eq!(ask(&bob, "tasks/list", &json!({}))["result"]["tasks"], json!([]));
    let own = ask(&ada, "tasks/list", &json!({}));
    assert_eq!(own["result"]["tasks"].as_array().map(Vec::len), Some(2), "{own}");
}

#[test]
fn a_server_that_all_share_lists_no_tasks() {
    let node = Node::start(&configured_over_stdio("fixture", Era::Legacy));
    let session = session(&node, "/mcp");
    let task = compute(&session, 30);
    assert_eq!(ask(&session, "tasks/list", &json!({}))["result"]["tasks"], json!([]));
    assert_eq!(ask(&session, "tasks/get", &json!({ "taskId": task }))["result"]["status"], "working");
}

#[test]
fn a_client_of_an_older_revision_makes_no_tasks_and_its_wish_for_one_is_not_noticed() {
    let fixture = Fixture::start(Era::Modern);
    let node = Node::start(&fixture.configured("fixture"));
    let session = Session::open(node.address(), "/mcp", "2025-06-18", &json!({}));
    let computed = said(&session, &as_task(2, "fixture_slow_compute", &json!({ "seconds": 0.1 })));
    assert!(computed["result"]["content"].is_array(), "{computed}");
    let listed = ask(&session, "tools/list", &json!({}));
    assert!(!listed.to_string().contains("taskSupport"), "{listed}");
}

#[test]
fn a_legacy_client_sees_which_tools_can_be_tasks() {
    let fixture = Fixture::start(Era::Legacy);
    let node = Node::start(&fixture.configured("fixture"));
    let listed = ask(&session(&node, "/mcp"), "tools/list", &json!({}));
    let tools = listed["result"]["tools"].as_array().expect("a list has tools");
    let slow = tools.iter().find(|tool| tool["name"] == "fixture_slow_compute").expect("the tool is listed");
    assert_eq!(slow["execution"], json!({ "taskSupport": "optional" }));
}
