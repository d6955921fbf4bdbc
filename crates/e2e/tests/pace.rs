//! How fast a change is in force, and what it costs the others: measured and printed, with bounds that only a mistake
//! exceeds.

#![expect(clippy::disallowed_methods, reason = "one test runs the command line beside the node")]

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use e2e::fixture::{self, Era};
use e2e::program::built;
use e2e::scene::Scene;
use e2e::{tools, wire};

/// The goal is a second; machines that build at the same time are slower.
const CALLABLE_WITHIN: Duration = Duration::from_secs(8);
/// A call to the neighbour of a server that is restarted takes a millisecond or two.
const UNDELAYED: Duration = Duration::from_millis(250);
const RESTARTS: u32 = 40;

/// Adds a server to the running node and gives the time until its tool has answered.
fn add_and_call(command: &[&str], tool: &str, arguments: &str, expected: &str) -> Duration {
    let scene = Scene::start("");
    let since = Instant::now();
    let mut add = Command::new(built("switchboard"));
    add.args(["server", "add", "fresh", "--no-test", "--config"]).arg(&scene.file).arg("--").args(command);
    let output = add.env("SWITCHBOARD_STATE_DIR", scene.node.folder().join("state")).output();
    let output = output.expect("the program can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    loop {
        let answer = wire::call(scene.node.address(), "/servers/fresh/mcp", "1", tool, arguments).text();
        if answer.contains(expected) {
            return since.elapsed();
        }
        assert!(since.elapsed() < CALLABLE_WITHIN, "not callable yet: {answer}");
    }
}

#[test]
fn tool_of_a_server_in_rust_is_callable_soon_after_it_was_added() {
    let program = built("conformance-fixture");
    let program = program.to_string_lossy();
    let took =
        add_and_call(&[&program, "--stdio", "--era", "modern"], "test_simple_text", "{}", "simple text response");
    eprintln!("a server in Rust: callable {} ms after `server add` began", took.as_millis());
}

#[test]
fn tool_of_a_server_in_node_is_callable_soon_after_it_was_added() {
    let (node, script) = (tools::node(), tools::package("@modelcontextprotocol/server-everything/dist/index.js"));
    let command = [&*node.to_string_lossy(), &*script.to_string_lossy(), "stdio"];
    let took = add_and_call(&command, "echo", r#"{"message":"here"}"#, "Echo: here");
    eprintln!("a server in Node: callable {} ms after `server add` began", took.as_millis());
}

#[test]
fn restart_of_one_server_delays_no_call_to_another() {
    let over_stdio = |name| fixture::configured_over_stdio(name, Era::Modern);
    let scene = Scene::start(&format!("{}{}", over_stdio("steady"), over_stdio("restarted")));
    assert!(scene.greets("steady") && scene.greets("restarted"));
    let stop = AtomicBool::new(false);
    let mut delays = std::thread::scope(|scope| {
        let calling = scope.spawn(|| {
            let mut delays = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let since = Instant::now();
                assert!(scene.greets("steady"), "a call to the other server failed");
                delays.push(since.elapsed());
            }
            delays
        });
        for _ in 0..RESTARTS {
            assert_eq!(scene.control.ask("POST", "/servers/restarted/restart").0, 200);
            assert!(scene.greets("restarted"));
        }
        stop.store(true, Ordering::Relaxed);
        calling.join().expect("every call was answered")
    });
    delays.sort_unstable();
    let [median, late] = [delays.len() / 2, delays.len() * 99 / 100].map(|index| delays[index]);
    eprintln!("{} calls beside {RESTARTS} restarts: median {median:?}, 99 of 100 within {late:?}", delays.len());
    assert!(late < UNDELAYED, "99 of 100 calls took up to {late:?}");
}
