//! Jobs of the gateway as core tasks (2025-11-25): for clients that ask for a task where no server makes one. They are made
//! of any tool, collected, listed and cancelled, and survive the end of the gateway and of the session.

use e2e::counting::Counting;
use e2e::fixture::{Era, Fixture};
use e2e::legacy::{Session, call};
use e2e::{Client, Node};
use serde_json::{Value, json};

const RELATED: &str = "io.modelcontextprotocol/related-task";

fn session(node: &Node) -> Session {
    Session::open(node.address(), "/mcp", "2025-11-25", &json!({}))
}

fn said(session: &Session, request: &Value) -> Value {
    serde_json::from_str(&session.post(request).message()).expect("an answer is JSON")
}

fn ask(session: &Session, method: &str, params: &Value) -> Value {
    said(session, &json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params }))
}

/// A call that is to become a task, as this wish says.
fn wished(tool: &str, arguments: &Value, task: &Value) -> Value {
    let mut request = call(1, tool, arguments);
    request["params"]["task"] = task.clone();
    request
}

/// Begins a task, and gives it as the client is told of it.
fn begun(session: &Session, tool: &str, arguments: &Value) -> Value {
    let answer = said(session, &wished(tool, arguments, &json!({ "ttl": 120_000 })));
    assert_eq!(answer["result"]["task"]["status"], "working", "{answer}");
    answer["result"]["task"].clone()
}

fn named(task: &Value) -> Value {
    json!({ "taskId": task["taskId"] })
}

fn status(session: &Session, task: &Value) -> Value {
    ask(session, "tasks/get", &named(task))["result"]["status"].clone()
}

#[test]
fn a_call_of_any_tool_becomes_a_task_that_is_collected_listed_and_told_of() {
    let counting = Counting::start();
    let node = Node::start(&counting.configured("count"));
    let session = session(&node);
    let mut standing = session.listen(None);
    let task = begun(&session, "count_act", &json!({ "n": 1, "ms": 1_000 }));
    assert_eq!((&task["ttl"], &task["pollInterval"]), (&json!(120_000), &json!(1_000)), "{task}");
    assert_eq!(status(&session, &task), "working");
    let collected = ask(&session, "tasks/result", &named(&task));
    assert_eq!(collected["result"]["content"][0]["text"], "did 1", "{collected}");
    assert_eq!(collected["result"]["_meta"][RELATED], named(&task), "{collected}");
    assert!(collected["result"].get("resultType").is_none(), "{collected}");
    let told = standing.message();
    assert_eq!(told["method"], "notifications/tasks/status", "{told}");
    assert_eq!((&told["params"]["taskId"], &told["params"]["status"]), (&task["taskId"], &json!("completed")));
    let listed = ask(&session, "tasks/list", &json!({}));
    assert_eq!(listed["result"]["tasks"][0]["taskId"], task["taskId"], "{listed}");
    assert_eq!(ask(&session, "tasks/result", &named(&task)), collected, "it can be collected again");
    assert_eq!(counting.count("act", 1), 1);
}

#[test]
fn a_task_survives_a_gateway_that_is_killed_and_is_known_in_another_session() {
    let counting = Counting::start();
    let node = Node::start(&counting.configured("count"));
    let first = session(&node);
    let done = begun(&first, "count_act", &json!({ "n": 1 }));
    let collected = ask(&first, "tasks/result", &named(&done));
    let under_way = begun(&first, "count_act", &json!({ "n": 2, "ms": 60_000 }));
    while counting.count("act", 2) == 0 {
        std::thread::yield_now();
    }
    let node = node.restarted();
    let second = session(&node);
    assert_eq!(ask(&second, "tasks/result", &named(&done)), collected);
    let lost = ask(&second, "tasks/result", &named(&under_way));
    assert_eq!(lost["error"]["code"], -31009, "{lost}");
    assert_eq!(status(&second, &under_way), "failed");
    assert_eq!((counting.count("act", 1), counting.count("act", 2)), (1, 1));
}

#[test]
fn a_task_is_cancelled_once_and_has_no_result() {
    let counting = Counting::start();
    let node = Node::start(&counting.configured("count"));
    let session = session(&node);
    let task = begun(&session, "count_read", &json!({ "n": 1, "ms": 60_000 }));
    let cancelled = ask(&session, "tasks/cancel", &named(&task));
    assert_eq!(cancelled["result"]["status"], "cancelled", "{cancelled}");
    assert_eq!(ask(&session, "tasks/cancel", &named(&task))["error"]["code"], -32602);
    let collected = ask(&session, "tasks/result", &named(&task));
    assert!(collected["error"]["message"].as_str().is_some_and(|text| text.contains("cancelled")), "{collected}");
}

#[test]
fn what_cannot_be_a_task_is_refused_and_not_called() {
    let counting = Counting::start();
    let node = Node::start(&counting.configured("count"));
    let session = session(&node);
    let arguments = json!({ "n": 1 });
    for wish in [json!({ "ttl": -1 }), json!({ "ttl": "60000" }), json!({ "ttl": 0.5 }), json!(true), json!(null)] {
        let refused = said(&session, &wished("count_act", &arguments, &wish));
        assert_eq!(refused["error"]["code"], -32602, "{wish}: {refused}");
    }
    let unknown = said(&session, &wished("nobody_acts", &arguments, &json!({})));
    assert_eq!(unknown["error"]["code"], -32602, "{unknown}");
    assert_eq!(counting.count("act", 1), 0);
    for method in ["tasks/get", "tasks/result", "tasks/cancel"] {
        for params in [json!({ "taskId": "gw.made-up" }), json!({ "taskId": 7 }), json!({})] {
            assert_eq!(ask(&session, method, &params)["error"]["code"], -32602, "{method} {params}");
        }
    }
    assert_eq!(ask(&session, "tasks/list", &json!({ "cursor": "gw.made-up" }))["error"]["code"], -32602);
}

#[test]
fn the_list_of_tasks_goes_on_from_page_to_page() {
    const TASKS: usize = 103;
    let counting = Counting::start();
    let node = Node::start(&counting.configured("count"));
    let session = session(&node);
    let mut made: Vec<Value> =
        (0..TASKS).map(|n| begun(&session, "count_read", &json!({ "n": n }))["taskId"].clone()).collect();
    let ids = |page: &Value| -> Vec<Value> {
        let tasks = page["result"]["tasks"].as_array().unwrap_or_else(|| panic!("no list: {page}"));
        tasks.iter().map(|task| task["taskId"].clone()).collect()
    };
    let first = ask(&session, "tasks/list", &json!({}));
    let second = ask(&session, "tasks/list", &json!({ "cursor": first["result"]["nextCursor"] }));
    assert_eq!((ids(&first).len(), ids(&second).len()), (100, 3));
    assert!(second["result"].get("nextCursor").is_none(), "{second}");
    let mut listed = [ids(&first), ids(&second)].concat();
    let by_name = |task: &Value| task.to_string();
    made.sort_by_key(by_name);
    listed.sort_by_key(by_name);
    assert_eq!(listed, made);
}

#[test]
fn only_clients_of_the_revision_are_told_of_tasks_and_only_of_those_that_are_configured() {
    let counting = Counting::start();
    let node = Node::start(&format!("{}\n[servers.count.tool.act]\ntask = true\n", counting.configured("count")));
    let announced = |version: &'static str, path: &str| {
        let opened = Session::handshake(node.address(), path, version, &json!({}));
        let opened: Value = serde_json::from_str(&opened.message()).expect("an answer is JSON");
        opened["result"]["capabilities"]["tasks"].clone()
    };
    let tasks = json!({ "list": {}, "cancel": {}, "requests": { "tools": { "call": {} } } });
    for path in ["/mcp", "/servers/count/mcp"] {
        assert_eq!((announced("2025-11-25", path), announced("2025-06-18", path)), (tasks.clone(), json!(null)));
    }
    let listed = ask(&session(&node), "tools/list", &json!({}));
    let execution = |name: &str| {
        let tools = listed["result"]["tools"].as_array().expect("a list has tools");
        tools.iter().find(|tool| tool["name"] == name).unwrap_or_else(|| panic!("no {name}"))["execution"].clone()
    };
    assert_eq!(execution("count_act"), json!({ "taskSupport": "optional" }));
    assert_eq!(execution("count_read"), json!(null));
}

#[test]
fn a_server_that_makes_tasks_makes_its_own_and_the_gateway_those_of_others() {
    let (old, counting) = (Fixture::start(Era::Legacy), Counting::start());
    let node = Node::start(&format!("{}{}", old.configured("old"), counting.configured("count")));
    let session = session(&node);
    begun(&session, "old_slow_compute", &json!({ "seconds": 1 }));
    begun(&session, "old_echo", &json!({ "text": "a" }));
    begun(&session, "count_read", &json!({ "n": 1 }));
    let control = e2e::control::Control::of(&node.folder().join("state"), node.address());
    let jobs = control.get("/jobs");
    let mut tools: Vec<&str> = jobs.as_array().into_iter().flatten().filter_map(|job| job["tool"].as_str()).collect();
    tools.sort_unstable();
    assert_eq!(tools, ["count_read", "old_echo"], "{jobs}");
}

#[test]
fn real_clients_make_and_collect_tasks() {
    let counting = Counting::start();
    let node = Node::start(&counting.configured("count"));
    for (n, client) in [Client::PythonLegacy, Client::TypeScriptV1].into_iter().enumerate() {
        let task = json!({ "do": "task", "name": "count_act", "arguments": { "n": n } });
        let url = format!("http://{}/mcp", node.address());
        let outcomes = client.drive(&url, &[task]).unwrap_or_else(|error| panic!("{client:?}: {error}"));
        let seen = outcomes[1].value();
        assert_eq!(seen["status"], "completed", "{client:?}: {}", outcomes[1].line());
        assert_eq!(seen["result"]["content"][0]["text"], format!("did {n}"), "{client:?}");
        assert_eq!(counting.count("act", n as u64), 1, "{client:?}");
    }
}
