//! A log that nobody reads: the pipe of stderr is full, and every call is answered as before. What was dropped is counted, and
//! told of once somebody reads again.

use std::time::{Duration, Instant};

use e2e::Node;
use e2e::program::built;
use e2e::wire;

use crate::until;

/// The reader of stderr: it passes on what the node says until its doors are open, then reads nothing until there is a file `go`.
const READER: &str = "mkfifo log; ( while read -r line; do echo \"$line\"; case $line in *unix:*) break ;; esac; done; \
    until [ -e go ]; do kill -0 $$ || exit; sleep 0.05; done; exec cat ) < log & exec 2> log";
/// How long a call may take on a busy machine.
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);
/// Calls after which the pipe and what waits for it have to be full: each is worth two lines.
const CALLS_MAX: usize = 10_000;

/// A node with a server that gives it something to say in every call.
fn talkative() -> Node {
    let server =
        format!("command = '{}'\nargs = [\"--garbage-every\", \"1\", \"--double-answer\"]\n", built("rogue").display());
    Node::after(READER, &format!("[log]\nfilter = \"debug\"\n[servers.s]\n{server}"))
}

/// Calls until lines of the log are dropped; each call is answered as ever.
fn fill_the_log(node: &Node) {
    let dropped = || node.control().get("/status")["log_lines_dropped"].as_u64().unwrap_or_default();
    for number in 0..CALLS_MAX {
        let began = Instant::now();
        let answer = wire::call(node.address(), "/servers/s/mcp", "7", "echo", r#"{"text":"well said"}"#);
        assert!(answer.text().contains("well said"), "{answer:?}");
        assert!(began.elapsed() < ANSWERED_WITHIN, "a call took {:?}", began.elapsed());
        if number % 100 == 0 && dropped() > 0 {
            return;
        }
    }
    panic!("the log is never full");
}

#[test]
fn a_log_that_nobody_reads_holds_no_call_up_and_what_is_lost_is_told() {
    let mut node = talkative();
    fill_the_log(&node);
    std::fs::write(node.folder().join("go"), "").expect("a file can be written");
    until("somebody is told what was lost", || node.log().contains("lines of the log were dropped"));
    node.end();
    assert!(!node.is_alive());
}

#[test]
fn a_node_whose_log_nobody_reads_ends_when_it_is_told_to() {
    let mut node = talkative();
    fill_the_log(&node);
    node.tell_to_end();
    until("it has ended", || !node.is_alive());
}
