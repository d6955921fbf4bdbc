//! Questions that a legacy server asks outside of any call: the one client whose session it is hears them where it
//! listens; nobody else does, and the server is told so.

use e2e::Node;
use e2e::fixture::{Era, Fixture, configured_over_stdio};
use e2e::legacy::{Session, call};
use e2e::wire;
use serde_json::json;

const PATH: &str = "/servers/fixture/mcp";

/// What the server was told, asked for by somebody who cannot be asked anything.
fn told(node: &Node) -> String {
    let answer = wire::call(node.address(), PATH, "9", "take_later_answer", "{}");
    assert!(!answer.is_error(), "{}\n{}", answer.text(), node.log());
    answer.text()
}

#[test]
fn a_client_that_listens_is_asked_and_the_server_gets_its_answer() {
    let fixture = Fixture::start(Era::Legacy);
    let process = configured_over_stdio("fixture", Era::Legacy).replace("\"shared\"", "\"per_session\"");
    for configuration in [fixture.configured("fixture"), process] {
        let node = Node::start(&configuration);
        let session = Session::open(node.address(), PATH, "2025-06-18", &json!({ "roots": {} }));
        let mut standing = session.listen(None);
        session.post(&call(1, "ask_later", &json!({ "ms": 200 })));
        let question = standing.message();
        assert_eq!(question["method"], "roots/list", "{question}");
        let roots = json!({ "roots": [{ "uri": "file:///asked" }] });
        session.post(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": roots }));
        let answer = session.post(&call(2, "take_later_answer", &json!({})));
        assert!(answer.text().contains("file:///asked"), "{}\n{}", answer.text(), node.log());
    }
}

#[test]
fn a_client_that_does_not_listen_or_cannot_answer_is_not_asked() {
    let fixture = Fixture::start(Era::Legacy);
    let node = Node::start(&fixture.configured("fixture"));
    let deaf = Session::open(node.address(), PATH, "2025-06-18", &json!({ "roots": {} }));
    deaf.post(&call(1, "ask_later", &json!({ "ms": 200 })));
    assert!(told(&node).contains("refused"));

    let mute = Session::open(node.address(), PATH, "2025-06-18", &json!({}));
    let _standing = mute.listen(None);
    mute.post(&call(1, "ask_later", &json!({ "ms": 200 })));
    assert!(told(&node).contains("refused"));
}

#[test]
fn a_modern_client_is_not_asked_outside_of_its_calls() {
    let fixture = Fixture::start(Era::Legacy);
    let node = Node::start(&fixture.configured("fixture"));
    let answer = wire::call(node.address(), PATH, "1", "ask_later", r#"{"ms":200}"#);
    assert!(!answer.is_error(), "{}", answer.text());
    assert!(told(&node).contains("refused"));
}
