//! What is held for one principal counts at every door: while that is too much, its calls are refused there, and let through
//! again once something has been given back.

use std::time::{Duration, Instant};

use e2e::Node;
use e2e::fixture::{Era, Fixture};
use e2e::grpc::Grpc;
use e2e::program::{built, command};
use e2e::sse::Sse;
use e2e::talk::Talk;
use e2e::wire::{self, modern_call};
use serde_json::{Value, json};

/// What may be held, and bytes of an argument of which it has room for one, but not for two.
const SETTINGS: &str =
    "[limits]\nprincipal_bytes_max = 4_194_304\nbody_bytes_max = 4_194_304\n[grpc]\nlisten = \"127.0.0.1:0\"\n";
const LARGE: usize = 3 << 20;

/// How long a busy machine may need.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection of a client on which messages go both ways.
trait Door {
    fn say(&mut self, message: &str);

    /// The answer to the request with `id`.
    fn answer(&mut self, id: &Value) -> Value;
}

impl Door for Talk {
    fn say(&mut self, message: &str) {
        Self::say(self, message);
    }

    fn answer(&mut self, id: &Value) -> Value {
        self.hear_answer(id)
    }
}

impl Door for Sse {
    fn say(&mut self, message: &str) {
        let message = serde_json::from_str(message).expect("a message is JSON");
        assert_eq!(Self::say(self, &message).status, 202);
    }

    fn answer(&mut self, id: &Value) -> Value {
        loop {
            let message = self.message().expect("the stream goes on");
            if message["id"] == *id {
                return message;
            }
        }
    }
}

/// A session over gRPC.
struct OverGrpc(Grpc);

impl OverGrpc {
    fn open(node: &Node) -> Self {
        let mut client = Grpc::to(&node.grpc(), &[]);
        client.open("session", "Session", &modern_call("0", "fixture_count", "{}"));
        client.message("session");
        Self(client)
    }
}

impl Door for OverGrpc {
    fn say(&mut self, message: &str) {
        self.0.say("session", message);
    }

    fn answer(&mut self, id: &Value) -> Value {
        loop {
            let message = self.0.message("session");
            if message["id"] == *id {
                return message;
            }
        }
    }
}

/// A call with an argument that nobody reads.
fn large(id: &str, tool: &str, more: &str) -> String {
    modern_call(id, tool, &format!(r#"{{{more}"padding":"{}"}}"#, "x".repeat(LARGE)))
}

fn calls(door: &mut dyn Door, id: &str) -> u64 {
    door.say(&modern_call(id, "fixture_stats", "{}"));
    let answer = door.answer(&serde_json::from_str(id).expect("an id is JSON"));
    answer["result"]["structuredContent"]["calls"].as_u64().unwrap_or_else(|| panic!("not counted: {answer}"))
}

/// Asks until something holds.
fn until(what: &str, mut holds: impl FnMut(&str) -> bool) {
    let since = Instant::now();
    for round in 1_000.. {
        if holds(&round.to_string()) {
            return;
        }
        assert!(since.elapsed() < PATIENCE, "never saw that {what}");
    }
}

fn check(door: &mut dyn Door) {
    let before = calls(door, "1");
    let mut asked = 0;
    door.say(&large("\"held\"", "fixture_slow", r#""ms":600000,"#));
    until("the call runs", |id| {
        asked += 1;
        calls(door, id) == before + asked + 1
    });
    door.say(&large("2", "fixture_count", ""));
    let refused = door.answer(&json!(2));
    assert_eq!(refused["error"]["code"], -31007, "{refused}");
    assert!(refused.to_string().contains("principal_bytes_max"), "{refused}");
    door.say(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"held"}}"#);
    until("there is room again", |id| {
        door.say(&large(id, "fixture_count", ""));
        door.answer(&serde_json::from_str(id).expect("an id is JSON"))["result"].is_object()
    });
}

fn gateway() -> (Fixture, Node) {
    let fixture = Fixture::start(Era::Modern);
    let node = Node::start(&format!("{SETTINGS}{}", fixture.configured("fixture")));
    (fixture, node)
}

#[test]
fn what_comes_over_stdio_counts() {
    let fixture = Fixture::start(Era::Modern);
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("switchboard.toml");
    std::fs::write(&file, format!("{SETTINGS}{}", fixture.configured("fixture"))).expect("a file can be written");
    let mut program = command(built("switchboard"));
    program.args(["stdio", "--config"]).arg(&file).env("SWITCHBOARD_STATE_DIR", folder.path());
    check(&mut Talk::start(&mut program));
}

#[test]
fn what_comes_over_a_websocket_counts() {
    let (_fixture, node) = gateway();
    let mut program = command(built("switchboard"));
    program.args(["stdio", "--url", &node.everything()]);
    check(&mut Talk::start(&mut program));
}

#[test]
fn what_comes_over_http_and_sse_counts() {
    let (_fixture, node) = gateway();
    check(&mut Sse::open(node.address(), "/sse"));
}

#[test]
fn what_comes_over_grpc_counts() {
    let (_fixture, node) = gateway();
    check(&mut OverGrpc::open(&node));
}

#[test]
fn what_one_door_holds_counts_at_the_others() {
    let (_fixture, node) = gateway();
    let mut session = OverGrpc::open(&node);
    let before = calls(&mut session, "1");
    let mut asked = 0;
    session.say(&large("\"held\"", "fixture_slow", r#""ms":600000,"#));
    until("the call runs", |id| {
        asked += 1;
        calls(&mut session, id) == before + asked + 1
    });
    let refused = Grpc::to(&node.grpc(), &[]).call(&large("2", "fixture_count", ""));
    assert_eq!(refused["error"]["code"], -31007, "{refused}");
    let padding = format!(r#"{{"padding":"{}"}}"#, "x".repeat(LARGE));
    let refused = wire::call(node.address(), "/mcp", "3", "fixture_count", &padding);
    assert_eq!((refused.status, refused.code()), (503, Some(-31007)), "{}", refused.text());
}
