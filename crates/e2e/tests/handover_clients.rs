//! Real clients that go on calling while the node is restarted: each of their calls is answered, by one and the same server.

use std::thread;

use e2e::program::built;
use e2e::{Client, Node};
use serde_json::{Value, json};

/// How many calls one client makes; each takes a while, so that they last longer than a restart.
const CALLS: usize = 200;
const CALL_MS: u64 = 40;

/// Lets a client call while the node is restarted again and again, and looks at what it saw.
fn check(client: Client) {
    let server = format!(
        "[servers.slow]\ncommand = '{}'\nargs = ['--aside', '--lock', 'starts']\nmode = \"shared\"\n",
        built("rogue").display()
    );
    let mut node = Node::start(&server);
    let url = node.everything();
    let calls: Vec<Value> =
        (0..CALLS).map(|_| json!({ "do": "call", "name": "slow_slow", "arguments": { "ms": CALL_MS } })).collect();
    let calling = thread::spawn(move || client.drive(&url, &calls));
    let mut restarts = 0;
    while !calling.is_finished() {
        // a client is back once the process that runs by now has had a call of it
        if node.control().get("/servers/slow")["calls"].as_u64() > Some(0) {
            node.hand_over();
            restarts += 1;
        }
    }
    let seen = calling.join().expect("the client ends").unwrap_or_else(|error| panic!("{client:?}: {error}"));
    assert_eq!(seen.len(), CALLS + 1, "{client:?}");
    for outcome in &seen[1..] {
        assert!(outcome.line().contains("done"), "{client:?}: {}", outcome.line());
    }
    assert!(restarts > 1, "the calls were to last for longer than {restarts} restarts");
    assert_eq!(std::fs::read(node.folder().join("starts")).expect("it was started").len(), 1);
}

#[test]
fn the_python_sdk_1_notices_nothing() {
    check(Client::PythonLegacy);
}

#[test]
fn the_python_sdk_2_notices_nothing() {
    check(Client::PythonAuto);
}

#[test]
fn the_typescript_sdk_1_notices_nothing() {
    check(Client::TypeScriptV1);
}

#[test]
fn the_typescript_sdk_2_notices_nothing() {
    check(Client::TypeScriptV2Auto);
}
