//! `subscriptions/listen` of modern clients: what is acknowledged is what comes, in the client's own words.

use e2e::Node;
use e2e::events::Stream;
use e2e::fixture::{Era, Fixture, configured_over_stdio};
use e2e::wire::{Answer, exchange, post};
use serde_json::{Value, json};

const TASKS: &str = "io.modelcontextprotocol/tasks";

/// A modern request of a client that can do `capabilities`.
fn request(node: &Node, id: &Value, method: &str, params: &Value, capabilities: &Value) -> Vec<u8> {
    let mut params = params.clone();
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": capabilities,
    });
    let body = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string();
    let mut headers = vec!["MCP-Protocol-Version: 2026-07-28".to_owned(), format!("Mcp-Method: {method}")];
    if let Some(name) = params["name"].as_str() {
        headers.push(format!("Mcp-Name: {name}"));
    }
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    post(node.address(), "/mcp", &headers, body.as_bytes())
}

fn with_tasks() -> Value {
    json!({ "extensions": { TASKS: {} } })
}

/// Starts a job of a second and gives the id of its task.
fn started(node: &Node) -> String {
    let params = json!({ "name": "fixture_slow_compute", "arguments": { "seconds": 1 } });
    let answer = exchange(node.address(), &request(node, &json!(1), "tools/call", &params, &with_tasks()));
    let answer: Value = serde_json::from_str(&answer.message()).expect("an answer is JSON");
    answer["result"]["taskId"].as_str().unwrap_or_else(|| panic!("no task: {answer}")).to_owned()
}

fn listen(node: &Node, id: &Value, filter: &Value, capabilities: &Value) -> Vec<u8> {
    request(node, id, "subscriptions/listen", &json!({ "notifications": filter }), capabilities)
}

#[test]
fn a_client_hears_of_its_task_under_the_id_it_knows() {
    let fixture = Fixture::start(Era::Modern);
    for configuration in [fixture.configured("fixture"), configured_over_stdio("fixture", Era::Modern)] {
        let node = Node::start(&configuration);
        let task = started(&node);
        let id = json!("listener");
        let filter = json!({ "taskIds": [task, "gw.unknown"] });
        let mut stream = Stream::open(node.address(), &listen(&node, &id, &filter, &with_tasks()));
        let acknowledged = stream.message();
        assert_eq!(acknowledged["params"]["notifications"], json!({ "taskIds": [task] }));
        let told = stream.message();
        assert_eq!(told["method"], "notifications/tasks", "{told}");
        assert_eq!(told["params"]["taskId"], task, "{told}");
        assert_eq!(told["params"]["status"], "completed", "{told}");
        assert_eq!(told["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], id, "{told}");
    }
}

#[test]
fn a_client_that_declares_no_tasks_cannot_listen_to_them() {
    let fixture = Fixture::start(Era::Modern);
    let node = Node::start(&fixture.configured("fixture"));
    let task = started(&node);
    let refused: Answer =
        exchange(node.address(), &listen(&node, &json!(2), &json!({ "taskIds": [task] }), &json!({})));
    assert_eq!((refused.status, refused.code()), (400, Some(-32021)), "{}", refused.text());
}

#[test]
fn listeners_of_one_task_all_hear_of_it() {
    let fixture = Fixture::start(Era::Modern);
    let node = Node::start(&fixture.configured("fixture"));
    let task = started(&node);
    let filter = json!({ "taskIds": [task] });
    let open = |id: i64| Stream::open(node.address(), &listen(&node, &json!(id), &filter, &with_tasks()));
    let (mut first, mut second) = (open(1), open(2));
    for (id, stream) in [(1, &mut first), (2, &mut second)] {
        assert_eq!(stream.message()["method"], "notifications/subscriptions/acknowledged");
        let told = stream.message();
        assert_eq!(told["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], id, "{told}");
    }
}
