//! Calls that wait for their turn: who goes first, who runs beside whom, who is refused, and what becomes of a call whose
//! time is over.

use std::io::BufReader;
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use e2e::Node;
use e2e::fixture::{Era, Fixture};
use e2e::legacy;
use e2e::wire::{self, Answer};
use serde_json::{Value, json};

/// How long an answer may take that has nothing to wait for.
const ANSWERED_WITHIN: Duration = Duration::from_secs(20);

/// Where the server has its own names.
const ENDPOINT: &str = "/servers/fixture/mcp";

/// A node with one server and its queue.
struct Scene {
    node: Node,
    _fixture: Fixture,
}

/// A call that has been sent.
struct Sent {
    connection: TcpStream,
    answer: Receiver<Answer>,
}

impl Scene {
    /// The server has these settings.
    fn with(settings: &str) -> Self {
        let fixture = Fixture::start(Era::Modern);
        let node = Node::start(&format!("{}{settings}", fixture.configured("fixture")));
        Self { node, _fixture: fixture }
    }

    fn send(&self, tool: &str, arguments: &Value, extra: &[&str]) -> Sent {
        let mut headers = wire::modern_call_headers(tool);
        headers.extend(extra.iter().map(|line| (*line).to_owned()));
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        let body = wire::modern_call("1", tool, &arguments.to_string());
        self.post(ENDPOINT, &headers, &body)
    }

    fn post(&self, path: &str, headers: &[&str], body: &str) -> Sent {
        let mut connection = wire::connect(self.node.address());
        wire::send(&mut connection, &wire::post(self.node.address(), path, headers, body.as_bytes()));
        let reader = connection.try_clone().expect("a connection can be read elsewhere");
        let (told, answer) = mpsc::sync_channel(1);
        thread::spawn(move || told.send(wire::read_answer(&mut BufReader::new(reader))));
        Sent { connection, answer }
    }

    /// Sends a call that holds its place until it is given up.
    fn hold(&self) -> Sent {
        let held = self.send("slow", &json!({ "ms": 60_000 }), &[]);
        self.wait_for("processing", 1);
        held
    }

    /// Waits until so many calls are in this state.
    fn wait_for(&self, state: &str, number: usize) {
        self.node.control().wait_until(&format!("/queue?state={state}"), |calls| {
            calls.as_array().is_some_and(|calls| calls.len() == number)
        });
    }
}

impl Sent {
    fn answer(&self) -> Answer {
        self.answer.recv_timeout(ANSWERED_WITHIN).expect("the call is answered")
    }

    fn give_up(&self) {
        self.connection.shutdown(Shutdown::Both).expect("the connection is open");
    }
}

fn code(answer: &Answer) -> Value {
    let message: Value = serde_json::from_str(&answer.message()).expect("an answer is JSON");
    message["result"]["_meta"]["dev.switchboard/error"]["code"].clone()
}

#[test]
fn the_more_urgent_call_goes_first_and_within_a_class_the_older() {
    let scene = Scene::with("concurrency = 1\n");
    let held = scene.hold();
    let mut waiting = Vec::new();
    for (number, priority) in ["LOW", "MEDIUM", "MEDIUM", "HIGH"].into_iter().enumerate() {
        waiting.push(scene.send("count", &json!({}), &[&format!("X-Priority: {priority}")]));
        scene.wait_for("pending", number + 1);
    }
    held.give_up();
    let counts: Vec<String> = waiting.iter().map(|sent| sent.answer().text()).collect();
    for (counted, expected) in counts.iter().zip(["4", "2", "3", "1"]) {
        assert!(counted.contains(&format!("\"text\":\"{expected}\"")), "{expected}: {counts:?}");
    }
}

#[test]
fn calls_on_one_object_run_one_after_the_other_and_others_beside_them() {
    let scene = Scene::with("[servers.fixture.tool.slow]\nlock = \"arg:ms\"\n");
    let held = scene.hold();
    let same = scene.send("slow", &json!({ "ms": 60_000 }), &[]);
    scene.wait_for("pending", 1);
    assert!(!scene.send("slow", &json!({ "ms": 1 }), &[]).answer().is_error());
    let waiting = scene.node.control().get("/queue?state=pending");
    assert!(waiting[0]["waits_for"].as_str().is_some_and(|hold| hold.contains("works on")), "{waiting}");
    held.give_up();
    scene.wait_for("pending", 0);
    scene.wait_for("processing", 1);
    same.give_up();
}

#[test]
fn a_full_queue_refuses_at_once_and_says_when_to_come_back() {
    let scene = Scene::with("concurrency = 1\n[queue]\nmax_per_server = 1\n");
    let _held = scene.hold();
    let _waiting = scene.send("count", &json!({}), &[]);
    scene.wait_for("pending", 1);
    let refused = scene.send("count", &json!({}), &[]).answer();
    assert_eq!((refused.status, refused.code()), (503, Some(-31007)), "{}", refused.text());
    let message: Value = serde_json::from_str(&refused.message()).expect("an answer is JSON");
    assert!(message["error"]["data"]["retry_after_ms"].as_u64().is_some_and(|wait| wait >= 100), "{message}");
}

#[test]
fn a_call_whose_time_is_over_before_its_turn_is_never_sent() {
    let scene = Scene::with("concurrency = 1\n");
    let held = scene.hold();
    let late = scene.send("count", &json!({}), &["X-Timeout: 1"]).answer();
    assert_eq!((late.status, late.code()), (408, Some(-31002)), "{}", late.text());
    held.give_up();
    let counted = scene.send("count", &json!({}), &[]).answer().text();
    assert!(counted.contains("\"text\":\"1\""), "{counted}");
}

#[test]
fn what_a_call_did_that_had_no_answer_in_time_is_known_only_if_it_reads() {
    let check = |settings: &str, expected: &str| {
        let scene = Scene::with(settings);
        let late = scene.send("slow", &json!({ "ms": 60_000 }), &["X-Timeout: 1"]).answer();
        assert_eq!(code(&late), expected, "{}", late.text());
        let cancelled = scene.send("take_cancelled", &json!({}), &[]).answer().text();
        assert!(cancelled.contains("one call was cancelled"), "{cancelled}");
    };
    check("", "OUTCOME_UNKNOWN");
    check("[servers.fixture.tool.slow]\nact = \"reads\"\n", "TIMEOUT");
    check("[servers.fixture.tool.slow]\nact = \"repeatable\"\ntimeout_s = 1\n", "TIMEOUT");
}

#[test]
fn a_waiting_call_hears_how_many_are_ahead() {
    let scene = Scene::with("concurrency = 1\n");
    let first = scene.send("slow", &json!({ "ms": 2_000 }), &[]);
    scene.wait_for("processing", 1);
    let body = wire::modern_call("2", "count", "{}").replace("\"_meta\":{", "\"_meta\":{\"progressToken\":\"mine\",");
    let headers = wire::modern_call_headers("count");
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let told = scene.post(ENDPOINT, &headers, &body).answer();
    assert!(told.text().contains("queued, 0 ahead") && told.text().contains("\"progressToken\":\"mine\""), "{told:?}");
    assert!(told.message().contains("\"text\":\"1\""), "{told:?}");
    assert!(!first.answer().is_error());
}

#[test]
fn an_operator_ends_calls_and_makes_them_more_urgent() {
    let scene = Scene::with("concurrency = 1\n");
    let held = scene.hold();
    let low = scene.send("count", &json!({}), &["X-Priority: LOW"]);
    scene.wait_for("pending", 1);
    let unwanted = scene.send("count", &json!({}), &[]);
    scene.wait_for("pending", 2);
    let waiting = scene.node.control().get("/queue?state=pending&server=fixture");
    let (first, second) = (waiting[0]["id"].clone(), waiting[1]["id"].clone());
    let control = scene.node.control();
    assert_eq!(control.ask("POST", &format!("/queue/{first}/priority?class=HIGH")).1["priority"], "HIGH");
    assert_eq!(control.ask("POST", &format!("/queue/{second}/cancel")).0, 200);
    let refused: Value = serde_json::from_str(&unwanted.answer().message()).expect("an answer is JSON");
    assert_eq!((&refused["error"]["code"], &refused["error"]["data"]["code"]), (&json!(-31012), &json!("CANCELLED")));
    assert!(refused["error"]["message"].as_str().is_some_and(|text| text.contains("nothing was sent")), "{refused}");
    let running = control.get("/queue?state=processing")[0]["id"].clone();
    assert_eq!(control.ask("POST", &format!("/queue/{running}/priority?class=HIGH")).0, 409);
    assert_eq!(control.ask("POST", &format!("/queue/{running}/cancel")).0, 200);
    assert_eq!(code(&held.answer()), "CANCELLED");
    assert!(low.answer().text().contains("\"text\":\"1\""));
    assert_eq!(control.ask("POST", &format!("/queue/{running}/cancel")).0, 404);
    let ended = control.get("/queue?state=cancelled");
    assert_eq!(ended.as_array().map(Vec::len), Some(2), "{ended}");
}

#[test]
fn whoever_waits_over_plain_http_for_a_call_that_an_operator_ends_is_told_so() {
    let scene = Scene::with("concurrency = 1\n[bridge]\nsessionless = true\n");
    let _held = scene.hold();
    let call = json!({ "name": "fixture_count" });
    for (path, body) in [("/mcp/tools/call", &call), ("/tools/fixture_count", &json!({}))] {
        let waits = scene.post(path, &[], &body.to_string());
        scene.wait_for("pending", 1);
        let number = scene.node.control().get("/queue?state=pending")[0]["id"].clone();
        assert_eq!(scene.node.control().ask("POST", &format!("/queue/{number}/cancel")).0, 200);
        let answer = waits.answer();
        assert_eq!(answer.status, 409, "{path}: {}", answer.text());
        assert!(answer.text().contains("CANCELLED"), "{path}: {}", answer.text());
    }
}

#[test]
fn a_call_that_has_less_time_at_its_turn_than_its_tool_takes_is_never_sent() {
    const MS: u64 = 400;
    let scene = Scene::with("concurrency = 1\n");
    let learned: Vec<Sent> = (0..10).map(|_| scene.send("slow", &json!({ "ms": MS }), &[])).collect();
    assert!(learned.iter().all(|sent| !sent.answer().is_error()));
    let before = scene.send("slow", &json!({ "ms": 950 }), &[]);
    scene.wait_for("processing", 1);
    let refused = scene.send("slow", &json!({ "ms": MS }), &["X-Timeout: 1"]).answer();
    assert_eq!((refused.status, refused.code()), (408, Some(-31002)), "{}", refused.text());
    assert!(refused.text().contains("nothing was sent"), "{}", refused.text());
    assert!(!before.answer().is_error());
}

#[test]
fn an_answer_says_where_its_call_stood_and_what_was_not_granted() {
    let scene = Scene::with("concurrency = 1\n");
    let first = scene.send("count", &json!({}), &[]).answer();
    assert_eq!((first.header("x-queue-position"), first.header("x-estimated-wait-ms")), (Some("0"), Some("0")));
    assert_eq!((first.header("x-timeout-applied"), first.header("x-priority-applied")), (None, None));
    let held = scene.hold();
    let waiting: Vec<Sent> = (1..=3)
        .map(|number| {
            let sent = scene.send("count", &json!({}), &["X-Timeout: 900", "X-Priority: CRITICAL"]);
            scene.wait_for("pending", number);
            sent
        })
        .collect();
    held.give_up();
    for (position, sent) in waiting.iter().enumerate() {
        let answer = sent.answer();
        assert_eq!(answer.header("x-queue-position"), Some(&*position.to_string()), "{answer:?}");
        assert!(answer.header("x-estimated-wait-ms").is_some_and(|wait| wait.parse::<u64>().is_ok()), "{answer:?}");
        assert_eq!(answer.header("x-timeout-applied"), Some("300"), "{answer:?}");
        assert_eq!(answer.header("x-priority-applied"), Some("HIGH"), "{answer:?}");
    }
}

#[test]
fn every_way_of_plain_http_says_where_a_call_stood_and_when_to_come_again() {
    let scene = Scene::with("concurrency = 1\n[bridge]\nsessionless = true\n[queue]\nmax_per_server = 1\n");
    let call = json!({ "name": "fixture_count" });
    let ways = [("/mcp/tools/call", &call), ("/tools/call", &call), ("/tools/fixture_count", &json!({}))];
    for (path, body) in ways {
        let held = scene.hold();
        let waits = scene.post(path, &[], &body.to_string());
        scene.wait_for("pending", 1);
        let refused = scene.post(path, &[], &body.to_string()).answer();
        assert_eq!(refused.header("retry-after"), Some("1"), "{path}: {}", refused.text());
        let asked = format!("GET /mcp/status HTTP/1.1\r\nHost: {}\r\n\r\n", scene.node.address());
        let status = wire::exchange(scene.node.address(), asked.as_bytes()).message();
        let status: Value = serde_json::from_str(&status).expect("an answer is JSON");
        assert_eq!(status["queue"], json!({ "running": 1, "waiting": 1 }), "{status}");
        assert_eq!(status["servers"]["fixture"]["queue"]["concurrency"], 1, "{status}");
        held.give_up();
        let answer = waits.answer();
        assert_eq!(answer.header("x-queue-position"), Some("0"), "{path}: {}", answer.text());
        if path.starts_with("/mcp/") {
            let message: Value = serde_json::from_str(&answer.message()).expect("an answer is JSON");
            assert_eq!(message["bridge_info"]["queue_position"], 0, "{message}");
        }
    }
}

#[test]
fn a_legacy_client_is_told_in_headers_too() {
    let scene = Scene::with("concurrency = 1\n[queue]\nmax_per_server = 1\n");
    let session = legacy::Session::open(scene.node.address(), ENDPOINT, "2025-11-25", &json!({}));
    let counted = session.post(&legacy::call(1, "count", &json!({})));
    assert_eq!(counted.header("x-queue-position"), Some("0"), "{}", counted.text());
    let _held = scene.hold();
    let _waiting = scene.send("count", &json!({}), &[]);
    scene.wait_for("pending", 1);
    let refused = session.post(&legacy::call(2, "count", &json!({})));
    assert_eq!((refused.code(), refused.header("retry-after")), (Some(-31007), Some("1")), "{}", refused.text());
}

#[test]
fn the_bridge_tells_whoever_opens_a_session_how_busy_it_is() {
    let scene = Scene::with("concurrency = 1\n");
    let hello =
        json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "s", "version": "1" } });
    let told = || {
        let opened = scene.post("/mcp/initialize", &[], &hello.to_string()).answer().message();
        serde_json::from_str::<Value>(&opened).expect("an answer is JSON")["bridge_info"].clone()
    };
    let info = told();
    assert_eq!((&info["queue_position"], &info["estimated_wait_ms"]), (&json!(0), &json!(0)), "{info}");
    let _held = scene.hold();
    let _waiting = scene.send("count", &json!({}), &[]);
    scene.wait_for("pending", 1);
    assert_eq!(told()["queue_position"], 1);
}

#[test]
fn a_call_that_would_have_its_turn_too_late_is_refused_at_once() {
    const MS: u64 = 300;
    let scene = Scene::with("concurrency = 1\n");
    for _ in 0..15 {
        assert!(!scene.send("slow", &json!({ "ms": MS }), &[]).answer().is_error());
    }
    let _held = scene.hold();
    let _waiting: Vec<Sent> = (1..=10)
        .map(|number| {
            let sent = scene.send("slow", &json!({ "ms": MS }), &[]);
            scene.wait_for("pending", number);
            sent
        })
        .collect();
    let refused = scene.send("count", &json!({}), &["X-Timeout: 2"]).answer();
    assert_eq!((refused.status, refused.code()), (408, Some(-31002)), "{}", refused.text());
    let message: Value = serde_json::from_str(&refused.message()).expect("an answer is JSON");
    assert!(message["error"]["data"]["retry_after_ms"].as_u64().is_some_and(|wait| wait >= 10 * MS), "{message}");
    let waits = scene.send("count", &json!({}), &["X-Timeout: 300"]);
    scene.wait_for("pending", 11);
    waits.give_up();
}
