//! Calls that wait for their turn: who goes first, who runs beside whom, who is refused, and what becomes of a call whose
//! time is over.

use std::io::BufReader;
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use e2e::Node;
use e2e::fixture::{Era, Fixture};
use e2e::wire::{self, Answer};
use serde_json::{Value, json};

/// How long an answer may take that has nothing to wait for.
const ANSWERED_WITHIN: Duration = Duration::from_secs(20);

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
        self.post(&headers, &body)
    }

    fn post(&self, headers: &[&str], body: &str) -> Sent {
        let mut connection = wire::connect(self.node.address());
        wire::send(&mut connection, &wire::post(self.node.address(), "/servers/fixture/mcp", headers, body.as_bytes()));
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
    let told = scene.post(&headers, &body).answer();
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
    assert_eq!(code(&unwanted.answer()), "CANCELLED");
    let running = control.get("/queue?state=processing")[0]["id"].clone();
    assert_eq!(control.ask("POST", &format!("/queue/{running}/priority?class=HIGH")).0, 409);
    assert_eq!(control.ask("POST", &format!("/queue/{running}/cancel")).0, 200);
    assert_eq!(code(&held.answer()), "CANCELLED");
    assert!(low.answer().text().contains("\"text\":\"1\""));
    assert_eq!(control.ask("POST", &format!("/queue/{running}/cancel")).0, 404);
    let ended = control.get("/queue?state=cancelled");
    assert_eq!(ended.as_array().map(Vec::len), Some(2), "{ended}");
}
