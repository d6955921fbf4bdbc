//! What clients of the legacy era have in their sessions while the node is restarted: processes of their own, calls that they
//! give up or are asked in, and resources that they subscribed to.

use e2e::Node;
use e2e::events::Stream;
use e2e::fixture::{Era, Fixture, configured_over_stdio};
use e2e::legacy::{Session, call};
use e2e::program::built;
use e2e::sse::Sse;
use e2e::wire;
use serde_json::{Value, json};

const PATH: &str = "/servers/fixture/mcp";
const UPDATED: &str = "notifications/resources/updated";

fn open(node: &Node) -> Session {
    Session::open(node.address(), PATH, "2025-11-25", &json!({ "elicitation": {} }))
}

/// A gateway in front of a legacy server over HTTP.
fn gateway() -> (Fixture, Node) {
    let fixture = Fixture::start(Era::Legacy);
    let node = Node::start(&fixture.configured("fixture"));
    (fixture, node)
}

/// Begins a call that asks its client something, and gives the stream of its answer with the question.
fn asked(session: &Session) -> (Stream, Value) {
    let mut stream = session.stream(&call(1, "test_elicitation", &json!({ "message": "Who?" })));
    let question = stream.message();
    assert_eq!(question["method"], "elicitation/create", "{question}");
    (stream, question)
}

fn answer(session: &Session, question: &Value) {
    let content = json!({ "username": "ada", "email": "ada@example.com" });
    let result = json!({ "action": "accept", "content": content });
    let taken = session.post(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": result }));
    assert_eq!(taken.status, 202, "{}", taken.text());
}

#[test]
fn the_process_of_a_session_goes_on_with_what_it_remembers() {
    let server = format!("[servers.fixture]\ncommand = '{}'\nmode = \"per_session\"\n", built("rogue").display());
    let mut node = Node::start(&server);
    let sessions = [open(&node), open(&node)];
    let check = |session: &Session, count: &str| {
        let answer = session.post(&call(1, "count", &json!({}))).message();
        assert!(answer.contains(&format!(r#""text":"{count}""#)), "{answer}");
    };
    check(&sessions[0], "1");
    for count in ["2", "3", "4"] {
        node.hand_over();
        check(&sessions[0], count);
    }
    check(&sessions[1], "1");
    node.wait_until_first_has_ended();
    check(&sessions[0], "5");
}

#[test]
fn a_session_over_http_and_sse_goes_on_when_its_client_comes_back() {
    let (_fixture, mut node) = gateway();
    let mut sse = Sse::open(node.address(), "/servers/fixture/sse");
    let client = json!({ "name": "wire", "version": "1" });
    let params = json!({ "protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": client });
    assert_eq!(sse.say(&json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params })).status, 202);
    assert!(sse.message().expect("an answer")["result"].is_object());
    for _ in 0..2 {
        node.hand_over();
        assert_eq!(sse.message(), None, "the stream ends");
        let back = std::thread::scope(|scope| {
            // what comes before the client is back waits for it
            let posted = scope.spawn(|| sse.say(&call(1, "test_simple_text", &json!({}))).status);
            let back = sse.again();
            assert_eq!(posted.join().expect("it is answered"), 202);
            back
        });
        sse = back;
        let answer = sse.message().expect("the stream goes on");
        assert!(answer.to_string().contains("simple text response"), "{answer}");
    }
    node.wait_until_first_has_ended();
}

#[test]
fn a_stream_of_events_of_plain_http_ends_with_the_old_process_and_is_opened_again() {
    let (_fixture, mut node) = gateway();
    let opened = json!({ "protocolVersion": "2025-11-25", "capabilities": {} }).to_string();
    let opened = wire::exchange(node.address(), &wire::post(node.address(), "/mcp/initialize", &[], opened.as_bytes()));
    let session = opened.header("x-session-id").expect("a session is named").to_owned();
    let listen = format!("GET /mcp/events HTTP/1.1\r\nHost: {}\r\nX-Session-ID: {session}\r\n\r\n", node.address());
    for _ in 0..2 {
        let mut events = Stream::open(node.address(), listen.as_bytes());
        assert_eq!(events.status, 200);
        node.hand_over();
        assert_eq!(events.next().and_then(|event| event.retry_ms), Some(1_000));
        assert_eq!(events.next(), None);
    }
    let mut events = Stream::open(node.address(), listen.as_bytes());
    let session = [&*format!("X-Session-ID: {session}")];
    let change = json!({ "name": "fixture_test_trigger_tool_change" }).to_string();
    let changed = wire::post(node.address(), "/mcp/tools/call", &session, change.as_bytes());
    assert_eq!(wire::exchange(node.address(), &changed).status, 200);
    let mut told = std::iter::repeat_with(|| events.message());
    assert!(told.any(|event| event["method"] == "notifications/tools/list_changed"));
    node.wait_until_first_has_ended();
}

#[test]
fn a_call_is_given_up_where_it_runs() {
    let (_fixture, mut node) = gateway();
    let session = open(&node);
    let _call = session.stream(&call(7, "slow", &json!({ "ms": 60_000 })));
    for _ in 0..2 {
        node.hand_over();
    }
    let cancelled = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 7 } });
    assert_eq!(session.post(&cancelled).status, 202);
    node.wait_until_first_has_ended();
}

#[test]
fn an_answer_reaches_the_call_that_asks_for_it() {
    let (_fixture, mut node) = gateway();
    let session = open(&node);
    let (mut before, first) = asked(&session);
    node.hand_over();
    let (mut after, second) = asked(&session);
    assert_ne!(first["id"], second["id"]);
    answer(&session, &second);
    answer(&session, &first);
    for stream in [&mut before, &mut after] {
        let answer = stream.message();
        assert!(answer.to_string().contains("ada@example.com"), "{answer}");
    }
}

#[test]
fn a_session_stays_subscribed_and_is_told_to_look_once() {
    let remote = [Era::Legacy, Era::Modern].map(Fixture::start);
    let over_http = remote.iter().map(|fixture| fixture.configured("fixture"));
    let over_stdio = [Era::Legacy, Era::Modern].map(|era| configured_over_stdio("fixture", era));
    let own = over_stdio[0].replace("\"shared\"", "\"per_session\"");
    for configuration in over_http.chain(over_stdio).chain([own]) {
        let mut node = Node::start(&configuration);
        let session = open(&node);
        let uri = json!({ "uri": "test://watched-resource" });
        let subscribe = json!({ "jsonrpc": "2.0", "id": 1, "method": "resources/subscribe", "params": uri });
        let subscribed = session.post(&subscribe);
        assert!(!subscribed.is_error(), "{}", subscribed.text());
        for _ in 0..2 {
            node.hand_over();
            let mut stream = session.listen(None);
            assert_eq!(stream.message()["method"], UPDATED, "something may have been missed");
            let triggered = session.post(&call(2, "test_trigger_resource_update", &json!({})));
            assert!(!triggered.is_error(), "{}", triggered.text());
            assert_eq!(stream.message()["params"], uri);
        }
    }
}

#[test]
fn what_is_said_in_a_session_that_nobody_knows_harms_nobody() {
    let (_fixture, mut node) = gateway();
    let session = open(&node);
    node.hand_over();
    let stray = json!({ "jsonrpc": "2.0", "id": "sb-00000000-1", "result": {} });
    assert_eq!(session.post(&stray).status, 202);
    assert!(wire::call(node.address(), PATH, "1", "test_simple_text", "{}").text().contains("simple text"));
}
