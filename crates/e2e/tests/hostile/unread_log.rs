//! A log that nobody reads: the pipe of stderr is full, and every call is answered as before. What was dropped is counted, and
//! told of once somebody reads again.

use std::time::{Duration, Instant};

use e2e::Node;
use e2e::fixture::{Era, Fixture};
use e2e::wire;

use crate::until;

/// The reader of stderr: it passes on what the node says until its doors are open, then reads nothing until there is a file `go`.
const READER: &str = "mkfifo log; ( while read -r line; do echo \"$line\"; case $line in *unix:*) break ;; esac; done; \
    until [ -e go ]; do kill -0 $$ || exit; sleep 0.05; done; exec cat ) < log & exec 2> log";
/// How long a call may take on a busy machine.
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);
/// Calls after which the pipe and what waits for it have to be full.
const CALLS_MAX: usize = 5_000;

#[test]
fn a_log_that_nobody_reads_holds_no_call_up_and_what_is_lost_is_told() {
    let fixture = Fixture::start(Era::Modern);
    let mut node = Node::after(READER, &format!("[log]\nfilter = \"trace\"\n{}", fixture.configured("fixture")));
    let dropped = || node.control().get("/status")["log_lines_dropped"].as_u64().unwrap_or_default();
    let mut calls = 0;
    while dropped() == 0 {
        let began = Instant::now();
        let answer = wire::call(node.address(), "/servers/fixture/mcp", "7", "test_simple_text", "{}");
        assert!(answer.text().contains("simple text response"), "{answer:?}");
        assert!(began.elapsed() < ANSWERED_WITHIN, "a call took {:?}", began.elapsed());
        calls += 1;
        assert!(calls < CALLS_MAX, "the log is never full");
    }
    std::fs::write(node.folder().join("go"), "").expect("a file can be written");
    until("somebody is told what was lost", || node.log().contains("lines of the log were dropped"));
    node.end();
    assert!(!node.is_alive());
}

#[test]
fn a_node_whose_log_nobody_reads_ends_when_it_is_told_to() {
    let mut node = Node::after(READER, "[log]\nfilter = \"trace\"\n");
    until("the pipe is full", || node.control().get("/status")["log_lines_dropped"] != 0);
    node.tell_to_end();
    until("it has ended", || !node.is_alive());
}
