//! Legacy clients whose connection breaks: a call goes on without them, and they come back and hear what they missed.

use std::time::{Duration, Instant};

use e2e::Node;
use e2e::events::Stream;
use e2e::fixture::{Era, Fixture};
use e2e::legacy::{Session, call};
use serde_json::{Value, json};

const PATH: &str = "/servers/fixture/mcp";

/// A gateway in front of a fixture of `era`, and a session of a client that answers elicitations.
fn gateway(era: Era) -> (Fixture, Node, Session) {
    let fixture = Fixture::start(era);
    let node = Node::start(&fixture.configured("fixture"));
    let session = Session::open(node.address(), PATH, "2025-11-25", &json!({ "elicitation": {} }));
    (fixture, node, session)
}

/// A call that is answered after `ms` milliseconds.
fn slow(ms: u64) -> Value {
    call(7, "slow", &json!({ "ms": ms }))
}

/// Opens the stream of a call and reads no more of it than the id to come back with.
fn primed(session: &Session, message: &Value) -> (Stream, String) {
    let mut stream = session.stream(message);
    assert_eq!(stream.status, 200);
    let first = stream.next().expect("a stream begins");
    assert!(first.data.is_empty() && first.retry_ms.is_some(), "{first:?}");
    (stream, first.id.expect("a stream can be resumed"))
}

#[test]
fn a_call_goes_on_without_its_client_and_is_answered_when_it_comes_back() {
    for era in [Era::Legacy, Era::Modern] {
        let (_fixture, _node, session) = gateway(era);
        let (stream, id) = primed(&session, &slow(1_500));
        drop(stream);
        let mut resumed = session.listen(Some(&id));
        assert_eq!(resumed.status, 200, "{era:?}");
        let answer = resumed.message();
        assert_eq!(answer["id"], 7, "{era:?}: {answer}");
        assert!(answer["result"].is_object(), "{era:?}: {answer}");
        assert_eq!(resumed.next(), None, "{era:?}: a stream ends with its answer");
        let again = session.listen(Some(&id)).message();
        assert_eq!(again, answer, "{era:?}: what was said once is said again");
    }
}

#[test]
fn a_client_that_left_before_it_heard_anything_does_not_end_its_call() {
    let (_fixture, _node, session) = gateway(Era::Legacy);
    let calls = || statistics(&session)["calls"].as_u64().unwrap_or(0);
    let before = calls();
    let stream = session.begin(&slow(1_000));
    until("the call has arrived", || calls() > before + 2);
    drop(stream);
    until("the call has ended", || statistics(&session)["finishes"].as_u64().is_some_and(|ended| ended > 0));
    assert_eq!(statistics(&session)["cancels"], 0);
}

#[test]
fn a_question_waits_for_a_client_that_comes_back() {
    for era in [Era::Legacy, Era::Modern] {
        let (_fixture, _node, session) = gateway(era);
        let (stream, id) = primed(&session, &call(1, "test_elicitation", &json!({ "message": "Who?" })));
        drop(stream);
        let mut resumed = session.listen(Some(&id));
        let question = resumed.message();
        assert_eq!(question["method"], "elicitation/create", "{era:?}: {question}");
        let content = json!({ "username": "ada", "email": "ada@example.com" });
        let result = json!({ "action": "accept", "content": content });
        let accepted = session.post(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": result }));
        assert_eq!(accepted.status, 202);
        let answer = resumed.message();
        assert!(answer.to_string().contains("ada@example.com"), "{era:?}: {answer}");
    }
}

#[test]
fn a_standing_stream_is_resumed_and_says_nothing_of_calls() {
    let (_fixture, _node, session) = gateway(Era::Legacy);
    let mut standing = session.listen(None);
    let id = standing.next().expect("a stream begins").id.expect("a stream can be resumed");
    drop(standing);
    session.post(&call(1, "test_trigger_tool_change", &json!({})));
    let mut resumed = session.listen(Some(&id));
    assert_eq!(resumed.message()["method"], "notifications/tools/list_changed");
}

#[test]
fn ids_nobody_gave_are_refused_and_old_standing_streams_begin_anew() {
    let (_fixture, node, session) = gateway(Era::Legacy);
    for id in ["", "1", "call-00000000-1-1", "x".repeat(5_000).as_str()] {
        assert_eq!(session.listen(Some(id)).status, 400, "{id}");
    }
    let id = session.listen(None).next().and_then(|event| event.id).expect("a stream can be resumed");
    let _node = node.restarted();
    assert_eq!(session.listen(Some(&id)).status, 200);
}

#[test]
fn a_client_of_an_older_revision_gets_no_event_without_content() {
    let (_fixture, node, _session) = gateway(Era::Legacy);
    let session = Session::open(node.address(), PATH, "2025-06-18", &json!({}));
    let event = session.stream(&slow(700)).next().expect("the answer comes as an event");
    assert!(event.id.is_some() && !event.data.is_empty(), "{event:?}");
}

fn statistics(session: &Session) -> Value {
    let answer = session.post(&call(99, "stats", &json!({}))).message();
    let answer: Value = serde_json::from_str(&answer).expect("an answer is JSON");
    answer["result"]["structuredContent"].clone()
}

/// Asks again and again until `condition` holds.
fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(5), "never saw that {what}");
    }
}
