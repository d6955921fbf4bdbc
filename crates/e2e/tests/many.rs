//! A hundred servers of which ten are dead, each in its own way: the list is complete for the others, in time, and names
//! the dead.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use e2e::Node;
use e2e::fake::Fake;
use e2e::fixture::{Era, Fixture};
use e2e::wire;

/// How many servers are alive. They are one program under many names, so that the test measures the gateway.
const ALIVE: usize = 90;
/// How long a list waits for each server; so long that a list that waited for the dead would be seen.
const DEADLINE_MS: u64 = 20_000;
/// In time on a busy machine and without optimisation; what it takes otherwise stands in the benchmarks.
const COLD_WITHIN: Duration = Duration::from_secs(10);
/// How soon the list is there once it is known.
const WARM_WITHIN: Duration = Duration::from_millis(5);
/// Of so many warm lists the fastest counts: the machine is busy.
const WARM_ATTEMPTS: usize = 50;

/// Ten dead servers: three refuse, three accept and stay silent, two are silent processes, two die when they are asked.
fn dead(silent: &Fake) -> String {
    let mut servers = String::new();
    for number in 0..3 {
        let _ = write!(servers, "[servers.dead-refused{number}]\nurl = \"http://127.0.0.1:1/mcp\"\n");
        servers += &silent.configured(&format!("dead-silent{number}"));
    }
    for number in 0..2 {
        for (name, script) in [("mute", "cat >/dev/null"), ("dying", "read line; exit 3")] {
            let _ =
                write!(servers, "[servers.dead-{name}{number}]\ncommand = \"/bin/sh\"\nargs = [\"-c\", {script:?}]\n");
        }
    }
    servers
}

fn list(node: &Node) -> (serde_json::Value, Duration) {
    let started = Instant::now();
    let answer = wire::list_tools(node.address(), "/bundles/one/mcp");
    let took = started.elapsed();
    (serde_json::from_str(&answer.message()).expect("a list is JSON"), took)
}

#[test]
fn ten_dead_servers_among_a_hundred_are_named_and_delay_nobody() {
    let (fixture, silent) = (Fixture::start(Era::Dual), Fake::silent());
    // one tool of each server: the list is about the servers
    let mut configuration =
        format!("[limits]\nlist_ms_max = {DEADLINE_MS}\n[bundles.one]\ninclude = [\"*_test_simple_text\"]\n");
    configuration += &dead(&silent);
    for number in 0..ALIVE {
        configuration += &fixture.configured(&format!("alive{number}"));
    }
    let node = Node::start(&configuration);

    let (cold, took) = list(&node);
    println!("the first list took {took:?}");
    assert!(took < COLD_WITHIN, "the first list took {took:?}");
    let tools = cold["result"]["tools"].as_array().map(Vec::len);
    assert_eq!(tools, Some(ALIVE), "{cold}");
    let named = cold["result"]["_meta"]["dev.switchboard/servers"].as_object().expect("the dead are named");
    let dead = named.iter().filter(|(name, notice)| name.starts_with("dead-") && notice["reason"].is_string()).count();
    assert_eq!(dead, 10, "{named:?}");

    let fastest = (0..WARM_ATTEMPTS).map(|_| list(&node).1).min().expect("there were attempts");
    println!("a warm list took {fastest:?}");
    assert!(fastest < WARM_WITHIN, "a warm list took {fastest:?}");
}
