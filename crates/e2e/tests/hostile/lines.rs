//! Processes whose lines are none, or never come: what is a message is heard, the rest ends in one error in time, and nothing
//! is left of a process that never answers, however often it is started.

use std::fmt::Write as _;
use std::thread;
use std::time::{Duration, Instant};

use e2e::Node;
use e2e::program::built;
use e2e::wire;
use testkit::process;

use crate::until;

const LIMITS: &str = "[limits]\ncall_ms_max = 1500\ncall_total_ms_max = 2000\n";
/// How soon a call has to end, on a busy machine too.
const ANSWERED_WITHIN: Duration = Duration::from_secs(8);

/// Silent servers, and how often each is tried: a thousand starts.
const SILENT: usize = 50;
const TRIES: usize = 20;
/// Descriptors that may come and go by themselves: connections of the control API, pipes of a process that is being ended.
const SLACK: usize = 8;

#[test]
fn a_line_that_is_no_message_ends_only_the_call_that_waits_for_it() {
    for (how, is_heard) in [("crlf", true), ("utf8", false), ("nul", false), ("two", false), ("pretty", false)] {
        let server =
            format!("[servers.odd]\ncommand = '{}'\nargs = [\"--mangle\", {how:?}]\n", built("rogue").display());
        let node = Node::start(&format!("{LIMITS}{server}"));
        let call = |tool: &str| wire::call(node.address(), "/servers/odd/mcp", "7", tool, r#"{"text":"well said"}"#);
        assert!(!call("count").is_error(), "{how}");
        let began = Instant::now();
        let answer = call("echo");
        assert!(began.elapsed() < ANSWERED_WITHIN, "{how} took {:?}", began.elapsed());
        assert_eq!(
            (answer.is_error(), answer.text().contains("well said")),
            (!is_heard, is_heard),
            "{how}: {answer:?}"
        );
        let counted = call("count").text();
        assert!(counted.contains(r#""text":"2""#), "the same process goes on after {how}: {counted}");
    }
}

#[test]
fn nothing_is_left_of_a_process_that_never_answers_after_a_thousand_starts() {
    let mut servers = "[limits]\nstarts_max = 1000\n".to_owned();
    for number in 0..SILENT {
        let settings = "args = [\"-c\", \"exec cat >/dev/null\"]\nera = \"modern\"\nstart_timeout_s = 1\n";
        let _ = write!(servers, "[servers.silent{number}]\ncommand = \"/bin/sh\"\n{settings}");
    }
    let node = Node::start(&servers);
    let node = &node;
    let try_all = |tries: usize| {
        thread::scope(|scope| {
            for number in 0..SILENT {
                scope.spawn(move || {
                    for _ in 0..tries {
                        // one that failed to start is left alone for a while, unless somebody wants a fresh one
                        let server = format!("/servers/silent{number}");
                        assert_eq!(node.control().ask("POST", &format!("{server}/restart")).0, 200);
                        let (status, told) = node.control().ask("POST", &format!("{server}/test"));
                        assert_eq!((status, told["steps"][0]["error"].is_string()), (200, true), "{told}");
                    }
                });
            }
        });
    };
    try_all(1);
    let left = || {
        let children = process::descendants(node.pid()).expect("the node runs").into_iter();
        let silent = children.filter(|child| process::command_line(*child).is_ok_and(|words| words == "cat"));
        (silent.count(), process::descriptors(node.pid()).expect("the node runs"))
    };
    until("the first processes have gone", || left().0 == 0);
    let (_, before) = left();
    try_all(TRIES);
    until("all processes have gone with their descriptors", || left().0 == 0 && left().1 <= before + SLACK);
}
