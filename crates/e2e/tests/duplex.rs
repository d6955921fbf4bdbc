//! Connections on which messages go both ways, stdio and WebSocket: requests overtake each other, a notification cancels
//! one, and the same id may be used twice.

use std::time::{Duration, Instant};

use e2e::Node;
use e2e::fixture::{Era, Fixture};
use e2e::program::{built, command};
use e2e::talk::Talk;
use e2e::wire::modern_call;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A fixture and a program that speaks to it on stdin and stdout, with all that has to live as long.
struct Desk {
    talk: Talk,
    _folder: TempDir,
    _node: Option<Node>,
    _fixture: Fixture,
}

/// A node inside of the program.
fn over_stdio(era: Era) -> Desk {
    let fixture = Fixture::start(era);
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("switchboard.toml");
    std::fs::write(&file, fixture.configured("fixture")).expect("a temporary file can be written");
    let mut stdio = command(built("switchboard"));
    stdio.args(["stdio", "--server", "fixture", "--config"]).arg(&file).env("SWITCHBOARD_STATE_DIR", folder.path());
    Desk { talk: Talk::start(&mut stdio), _folder: folder, _node: None, _fixture: fixture }
}

/// A node of its own, reached over a WebSocket.
fn over_websocket(era: Era) -> Desk {
    let fixture = Fixture::start(era);
    let node = Node::start(&fixture.configured("fixture"));
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut stdio = command(built("switchboard"));
    stdio.args(["stdio", "--server", "fixture", "--url", &node.everything()]);
    Desk { talk: Talk::start(&mut stdio), _folder: folder, _node: Some(node), _fixture: fixture }
}

impl Desk {
    fn say(&mut self, message: &str) {
        self.talk.say(message);
    }

    /// The answer to the request with `id`, and the ids that were answered before it.
    fn hear(&self, id: &Value) -> (Value, Vec<Value>) {
        let mut before = Vec::new();
        loop {
            let message: Value = serde_json::from_str(&self.talk.hear()).expect("stdout carries only messages");
            if message.get("method").is_some() {
                continue;
            }
            if message["id"] == *id {
                return (message, before);
            }
            before.push(message["id"].clone());
        }
    }

    /// Asks again and again until the server has one more call than the `others` that were made and these questions:
    /// what has not reached it yet would be cancelled without its knowledge.
    fn wait_until_it_runs(&mut self, others: u64) {
        let started = Instant::now();
        for round in 1.. {
            let id = json!(format!("running {round}"));
            self.say(&modern_call(&id.to_string(), "stats", "{}"));
            let (answer, _) = self.hear(&id);
            if answer["result"]["structuredContent"]["calls"] == others + round + 1 {
                break;
            }
            assert!(started.elapsed() < Duration::from_secs(5), "never called: {answer}");
        }
    }

    /// Asks again and again until the server counts `expected` cancels; gives the ids of all other answers meanwhile.
    fn wait_for_cancels(&mut self, expected: u64) -> Vec<Value> {
        let started = Instant::now();
        let mut others = Vec::new();
        for round in 0.. {
            let id = json!(format!("stats {round}"));
            self.say(&modern_call(&id.to_string(), "stats", "{}"));
            let (answer, before) = self.hear(&id);
            others.extend(before);
            if answer["result"]["structuredContent"]["cancels"] == expected {
                break;
            }
            assert!(started.elapsed() < Duration::from_secs(5), "never cancelled: {answer}");
        }
        others
    }
}

#[test]
fn a_notification_cancels_a_modern_call() {
    for era in [Era::Legacy, Era::Modern] {
        for mut desk in [over_stdio(era), over_websocket(era)] {
            desk.say(&modern_call("\"endless\"", "slow", r#"{"ms":60000}"#));
            desk.say(&modern_call("1", "echo", "{}"));
            desk.hear(&json!(1));
            desk.wait_until_it_runs(1);
            desk.say(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"endless"}}"#);
            let others = desk.wait_for_cancels(1);
            assert!(!others.contains(&json!("endless")), "{era:?}: what was cancelled is not answered");
        }
    }
}

#[test]
fn a_cancel_of_nothing_is_ignored() {
    let mut desk = over_stdio(Era::Modern);
    for id in ["7", "\"x\"", "null", "{}"] {
        desk.say(&format!(r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{id}}}}}"#));
    }
    desk.say(&modern_call("7", "echo", "{}"));
    assert!(desk.hear(&json!(7)).0["result"].is_object());
}

#[test]
fn an_id_that_is_used_twice_at_once_gets_both_answers() {
    for mut desk in [over_stdio(Era::Modern), over_websocket(Era::Modern)] {
        desk.say(&modern_call("1", "slow", r#"{"ms":300}"#));
        desk.say(&modern_call("1", "echo", r#"{"text":"fast"}"#));
        let answers = [desk.hear(&json!(1)).0.to_string(), desk.hear(&json!(1)).0.to_string()];
        assert!(answers.iter().any(|answer| answer.contains("waited 300 ms")), "{answers:?}");
        assert!(answers.iter().any(|answer| answer.contains("fast")), "{answers:?}");
    }
}
