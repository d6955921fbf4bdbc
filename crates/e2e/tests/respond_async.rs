//! `Prefer: respond-async` and `/jobs`: a program without MCP hands a call over, leaves, and comes back for the answer.

use std::thread;

use e2e::Node;
use e2e::counting::Counting;
use e2e::events::Stream;
use e2e::people::{ADA, BOB, Token, ada_and_bob};
use e2e::websocket::WebSocket;
use e2e::wire::{self, Answer};
use serde_json::{Value, json};

fn started(more: &str) -> (Counting, Node) {
    let counting = Counting::start();
    let node = Node::start(&format!("bridge.sessionless = true\n{more}\n{}", counting.configured("count")));
    (counting, node)
}

fn post(node: &Node, path: &str, headers: &[&str], body: &Value) -> Answer {
    let headers = [&["Prefer: respond-async"], headers].concat();
    wire::exchange(node.address(), &wire::post(node.address(), path, &headers, body.to_string().as_bytes()))
}

fn send(node: &Node, verb: &str, path: &str, headers: &[&str]) -> Answer {
    let (first, host) = (format!("{verb} {path} HTTP/1.1"), format!("Host: {}", node.address()));
    let lines = [&[first.as_str(), &host], headers, &["", ""]].concat();
    let request = lines.join("\r\n");
    wire::exchange(node.address(), request.as_bytes())
}

/// The data of an answer that has to be one.
fn data(answer: &Answer) -> Value {
    let message: Value = serde_json::from_slice(&answer.body).expect("an answer is JSON");
    assert_eq!((answer.status, &message["success"]), (200, &json!(true)), "{message}");
    message["data"].clone()
}

/// Where an accepted call is found.
fn place(answer: &Answer) -> String {
    assert_eq!(answer.status, 202, "{}", answer.text());
    assert_eq!(answer.header("preference-applied"), Some("respond-async"));
    answer.header("location").expect("a job has a place").to_owned()
}

/// The job when it has ended.
fn ended(node: &Node, place: &str) -> Value {
    data(&send(node, "GET", &format!("{place}?wait_s=30"), &[]))
}

#[test]
fn a_call_is_handed_over_at_each_door_and_its_answer_fetched() {
    let (counting, node) = started("");
    let call = |number: u64| json!({ "name": "count_act", "arguments": { "n": number } });
    let accepted = [
        post(&node, "/tools/count_act", &[], &json!({ "n": 0 })),
        post(&node, "/tools/call", &[], &call(1)),
        post(&node, "/mcp/tools/call", &[], &call(2)),
    ];
    let shown = accepted.each_ref().map(|answer| serde_json::from_slice::<Value>(&answer.body).expect("JSON"));
    let named = [&shown[0]["id"], &shown[1]["data"]["id"], &shown[2]["result"]["job"]["id"]];
    for (number, answer) in accepted.iter().enumerate() {
        let (place, id) = (place(answer), named[number].as_str().expect("a job has an id"));
        assert_eq!(place, format!("/jobs/{id}"));
        let job = ended(&node, &place);
        assert_eq!((&job["state"], &job["tool"]), (&json!("completed"), &json!("count_act")), "{job}");
        assert_eq!(job["result"]["content"][0]["text"], format!("did {number}"), "{job}");
        assert!(job["kept_until"].is_string(), "{job}");
        assert_eq!(counting.count("act", number as u64), 1);
    }
    let unknown = post(&node, "/tools/count_act/x", &[], &json!({}));
    assert_eq!(unknown.status, 404, "{}", unknown.text());
    assert_eq!(post(&node, "/mcp/tools/call", &[], &json!({ "name": "nobody" })).code(), Some(-32602));
}

#[test]
fn a_call_that_ends_while_its_caller_waits_is_answered_and_a_longer_one_becomes_the_job() {
    let (counting, node) = started("");
    let doors = |arguments: Value| {
        let call = json!({ "name": "count_act", "arguments": arguments });
        [("/tools/count_act", arguments), ("/tools/call", call.clone()), ("/mcp/tools/call", call)]
    };
    for (calls, (path, body)) in (1..).zip(doors(json!({ "n": 0 }))) {
        let answer = post(&node, path, &["Prefer: wait=20"], &body);
        assert_eq!((answer.status, answer.header("preference-applied")), (200, Some("wait=20")), "{}", answer.text());
        assert!(answer.text().contains("did 0") && !answer.text().contains("job"), "{}", answer.text());
        assert_eq!(counting.count("act", 0), calls);
    }
    for (path, body) in doors(json!({ "n": 1, "ms": 60_000 })) {
        let answer = post(&node, path, &["Prefer: wait=1"], &body);
        let applied = answer.header("preference-applied");
        assert_eq!((answer.status, applied), (202, Some("respond-async, wait=1")), "{}", answer.text());
        let place = answer.header("location").expect("a job has a place");
        assert_eq!(send(&node, "DELETE", place, &[]).status, 200);
    }
    assert_eq!(post(&node, "/tools/nobody", &[], &json!({})).status, 404);
    assert_eq!(post(&node, "/tools/call", &[], &json!({ "name": "nobody" })).status, 404);
    let longest = post(&node, "/tools/count_act", &["Prefer: wait=3600"], &json!({ "n": 2 }));
    assert_eq!((longest.status, longest.header("preference-applied")), (200, Some("wait=55")));
    place(&post(&node, "/tools/count_act", &["Prefer: wait=soon"], &json!({ "n": 3 })));
}

#[test]
fn jobs_are_listed_in_pages_and_by_state() {
    let (_counting, node) = started("");
    let places: Vec<String> =
        (0..3).map(|number| place(&post(&node, "/tools/count_act", &[], &json!({ "n": number })))).collect();
    for place in &places {
        ended(&node, place);
    }
    let ids = |path: &str| -> (Vec<String>, Value) {
        let listed = data(&send(&node, "GET", path, &[]));
        let jobs = listed["jobs"].as_array().expect("a list of jobs");
        (
            jobs.iter().map(|job| format!("/jobs/{}", job["id"].as_str().unwrap())).collect(),
            listed["next_cursor"].clone(),
        )
    };
    let (mut first, next) = ids("/jobs?limit=2&state=completed");
    let (rest, last) = ids(&format!("/jobs?limit=2&state=completed&cursor={}", next.as_str().unwrap()));
    assert_eq!((first.len(), rest.len(), &last), (2, 1, &Value::Null));
    first.extend(rest);
    first.sort();
    let mut places = places;
    places.sort();
    assert_eq!(first, places);
    assert_eq!(ids("/jobs?state=failed").0, [""; 0]);
    for (path, status) in [
        ("/jobs?limit=0", 400),
        ("/jobs?state=done", 400),
        ("/jobs?owner=ada", 400),
        ("/jobs/00000000000000000000000000000000", 404),
        ("/jobs/nothing", 404),
        ("/servers/count/jobs", 404),
    ] {
        assert_eq!(send(&node, "GET", path, &[]).status, status, "{path}");
    }
    assert_eq!(send(&node, "GET", &format!("{}?wait_s=56", places[0]), &[]).status, 400);
    assert_eq!(send(&node, "POST", "/jobs", &[]).status, 405);
}

#[test]
fn a_job_can_be_given_up_once() {
    let (counting, node) = started("");
    let place = place(&post(&node, "/tools/count_act", &[], &json!({ "n": 1, "ms": 5_000 })));
    while counting.count("act", 1) == 0 {
        thread::yield_now();
    }
    assert_eq!(data(&send(&node, "GET", &place, &[]))["state"], "running");
    assert_eq!(data(&send(&node, "DELETE", &place, &[]))["state"], "cancelled");
    assert_eq!(send(&node, "DELETE", &place, &[]).status, 409);
    let cancel = |headers: &[&str]| send(&node, "POST", &format!("{place}/cancel"), headers).status;
    assert_eq!(cancel(&[]), 415, "a web page cannot do it unasked");
    assert_eq!(cancel(&["Content-Type: application/json", "Content-Length: 0"]), 409);
}

#[test]
fn a_job_does_not_exist_for_another_principal() {
    let (_counting, node) = started(&ada_and_bob());
    let [ada, bob] = [ADA, BOB].map(Token::header);
    let place = place(&post(&node, "/tools/count_act", &[&ada], &json!({ "n": 1 })));
    let get = |path: &str, who: &str| send(&node, "GET", path, &[who]);
    assert_eq!(data(&get(&format!("{place}?wait_s=30"), &ada))["state"], "completed");
    let (foreign, never) = (get(&place, &bob), get("/jobs/00000000000000000000000000000000", &bob));
    let told = |answer: &Answer| {
        let message: Value = serde_json::from_slice(&answer.body).expect("an answer is JSON");
        (answer.status, message["error"].clone())
    };
    assert_eq!(told(&foreign), told(&never));
    assert_eq!(foreign.status, 404);
    assert_eq!(send(&node, "DELETE", &place, &[&bob]).status, 404);
    assert_eq!(data(&get("/jobs", &bob))["jobs"], json!([]));
}

#[test]
fn a_call_that_is_handed_over_twice_under_a_key_is_made_once() {
    let (counting, node) = started("");
    let hand_over = || place(&post(&node, "/tools/count_act", &["Idempotency-Key: k-1"], &json!({ "n": 1 })));
    let [first, second] = [hand_over(), hand_over()].map(|place| ended(&node, &place));
    assert_eq!(first["result"], second["result"], "{first} {second}");
    assert_eq!(counting.count("act", 1), 1);
}

#[test]
fn who_listens_hears_how_jobs_go_on() {
    let (_counting, node) = started("");
    let hello =
        json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "a", "version": "1" } });
    let opened = wire::exchange(
        node.address(),
        &wire::post(node.address(), "/mcp/initialize", &[], hello.to_string().as_bytes()),
    );
    let session = opened.header("x-session-id").expect("a session is named");
    let listen = format!("GET /mcp/events HTTP/1.1\r\nHost: {}\r\nX-Session-ID: {session}\r\n\r\n", node.address());
    let mut events = Stream::open(node.address(), listen.as_bytes());
    assert_eq!(events.status, 200);
    let place = place(&post(&node, "/tools/count_act", &[], &json!({ "n": 1 })));
    let told = std::iter::repeat_with(|| events.message())
        .filter(|event| event["method"] == "notifications/dev.switchboard/job_state")
        .map(|event| event["params"].clone());
    let mut states = Vec::new();
    for params in told {
        assert_eq!(format!("/jobs/{}", params["id"].as_str().unwrap()), place);
        states.push(params["state"].as_str().unwrap().to_owned());
        if states.last().is_some_and(|state| state == "completed") {
            break;
        }
    }
    states.sort();
    assert_eq!(states, ["completed", "pending", "running"]);
}

#[test]
fn a_websocket_that_asks_for_events_hears_of_its_jobs() {
    let (_counting, node) = started("");
    let client = json!({ "name": "wire", "version": "1" });
    let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client });
    let opened = |path: &str| {
        let mut socket = WebSocket::open(node.address(), path);
        socket.say(&json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params }));
        assert_eq!(socket.message()["id"], 0);
        socket
    };
    let (mut listening, mut plain) = (opened("/mcp/ws?events=true"), opened("/mcp/ws"));
    let job = place(&post(&node, "/tools/count_read", &[], &json!({ "n": 1 })));
    let mut states = Vec::new();
    while states.last().is_none_or(|state| state != "completed") {
        let told = listening.message();
        if told["method"] == "notifications/dev.switchboard/job_state" {
            assert!(job.ends_with(told["params"]["id"].as_str().unwrap_or("none")), "{told} of {job}");
            states.push(told["params"]["state"].clone());
        }
    }
    assert_eq!(states, ["pending", "running", "completed"]);
    plain.say(&json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" }));
    assert_eq!(plain.message()["id"], 1, "who did not ask for events hears of none");
}
