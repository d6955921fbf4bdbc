//! A clock that is set to another time while the node runs, or between two runs: deadlines do not notice, what is kept stays kept,
//! jobs go on, and only what means a moment of the calendar, a certificate or the end of a token, goes by the clock.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use e2e::Node;
use e2e::apis::Api;
use e2e::counting::Counting;
use e2e::jobs::{ended, submit, task_in};
use e2e::legacy::Session;
use e2e::papers::{AUTHORITY, Papers};
use e2e::wire::{self, Answer};
use serde_json::{Value, json};
use tempfile::TempDir;

/// How a clock is set: as it is, an hour and years off, both ways.
const JUMPS: [&str; 5] = ["+1h", "-1h", "+10y", "-6y", "+0"];
/// A second is a call's whole time; the margin is for a busy machine.
const SECOND_AT_MOST: Duration = Duration::from_secs(8);

const ADA: &str = "sb_0804205a7761ee304119283e76ee3c7f5cc799c4a4be10cf3fcb31833b951901";
/// A principal who may come until 2035, and twice in a minute.
const PRINCIPAL: &str = "
[principals.ada]
token_hash = \"sha256:05f8cdc77999dec914473860feed1df9b895673c62cdad9a6a3212e70a19f774\"
expires = \"2035-01-01T00:00:00Z\"
calls_per_minute = 1
burst = 2
";

/// The clock of the nodes of one test.
struct Clock {
    folder: TempDir,
}

impl Clock {
    fn new() -> Self {
        let clock = Self { folder: tempfile::tempdir().expect("a temporary folder can be made") };
        clock.set("+0");
        clock
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("clock")
    }

    /// So far off the clock is from now on. It is never seen half written.
    fn set(&self, offset: &str) {
        let fresh = self.folder.path().join("fresh");
        fs::write(&fresh, offset).expect("a temporary file can be written");
        fs::rename(fresh, self.file()).expect("a file of ours can be replaced");
    }

    /// What a shell runs so that a program goes by this clock.
    fn given(&self) -> String {
        format!(
            "lib=$(echo /usr/lib*/*/faketime/libfaketimeMT.so.1); \
             test -e \"$lib\" || {{ echo 'faketime is not installed: scripts/setup-tests.sh' >&2; exit 1; }}; \
             export LD_PRELOAD=\"$lib\" FAKETIME_TIMESTAMP_FILE='{}' FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 \
             NO_FAKE_STAT=1",
            self.file().display()
        )
    }
}

/// The year that the node has.
fn year(node: &Node) -> u32 {
    let answer =
        wire::exchange(node.address(), format!("GET /tools HTTP/1.1\r\nHost: {}\r\n\r\n", node.address()).as_bytes());
    let told: Value = serde_json::from_str(&answer.text()).expect("the list of tools is JSON");
    let year = told["timestamp"].as_str().and_then(|moment| moment.split('-').next()?.parse().ok());
    year.unwrap_or_else(|| panic!("no moment: {told}"))
}

/// Calls a tool of the counting server over plain HTTP.
fn call(node: &Node, tool: &str, arguments: &Value, headers: &[&str]) -> Answer {
    let body = json!({ "name": format!("count_{tool}"), "arguments": arguments }).to_string();
    wire::exchange(node.address(), &wire::post(node.address(), "/mcp/tools/call", headers, body.as_bytes()))
}

fn settings(counting: &Counting) -> String {
    let tools = "[servers.count.tool.read]\nact = \"reads\"\ncache_s = 3600\n\
        [servers.count.tool.act]\ninvalidates = []\n";
    format!(
        "bridge.sessionless = true\n[jobs]\nbackoff_ms = 500\nbackoff_ms_max = 1000\n{}{tools}",
        counting.configured("count")
    )
}

#[test]
fn a_clock_that_is_set_while_the_node_runs_disturbs_nothing_that_is_kept_or_waits() {
    let (clock, counting) = (Clock::new(), Counting::start());
    let mut node = Node::after(&clock.given(), &settings(&counting));
    let now = year(&node);
    let did_once = |what: &str| {
        assert!(call(&node, "read", &json!({ "n": 1 }), &[]).text().contains("did 1"), "{what}");
        let acted = call(&node, "act", &json!({ "n": 2 }), &["Idempotency-Key: k"]);
        assert!(acted.text().contains("did 2"), "{what}: {acted:?}");
        assert_eq!((counting.count("read", 1), counting.count("act", 2)), (1, 1), "{what}");
    };
    did_once("at first");
    let first = task_in(&submit(node.address(), "count_act", &json!({ "n": 3 }))).expect("a job is taken");
    ended(node.address(), &first);
    for (number, jump) in (10..).zip(JUMPS) {
        clock.set(jump);
        did_once(jump);
        assert_eq!(ended(node.address(), &first)["status"], "completed", "{jump}");
        let job = task_in(&submit(node.address(), "count_act", &json!({ "n": number }))).expect("a job is taken");
        assert_eq!(ended(node.address(), &job)["status"], "completed", "{jump}");
        let began = Instant::now();
        let slow = call(&node, "act", &json!({ "n": 100 + number, "ms": 20_000 }), &["X-Timeout: 1"]);
        assert_eq!(slow.code(), Some(-31009), "{jump}: {slow:?}");
        assert!((1..SECOND_AT_MOST.as_secs()).contains(&began.elapsed().as_secs()), "{jump}: {:?}", began.elapsed());
    }
    clock.set("+10y");
    assert!(year(&node) >= now + 9, "the node goes by the clock of the test");
    assert!(node.is_alive() && !node.log().contains("panicked"));
}

#[test]
fn rates_go_on_over_a_jump_and_a_token_ends_by_the_clock() {
    let (clock, counting) = (Clock::new(), Counting::start());
    let node = Node::after(&clock.given(), &(settings(&counting) + PRINCIPAL));
    let token = format!("Authorization: Bearer {ADA}");
    let ask = || call(&node, "read", &json!({ "n": 1 }), &[&token]).status;
    assert_eq!([ask(), ask(), ask()], [200, 200, 429]);
    for (jump, expected) in [("+1h", 429), ("-1h", 429), ("+10y", 401), ("-6y", 429), ("+0", 429)] {
        clock.set(jump);
        assert_eq!(ask(), expected, "{jump}");
    }
}

#[test]
fn a_session_outlives_a_clock_that_is_set_by_an_hour() {
    let (clock, counting) = (Clock::new(), Counting::start());
    let node = Node::after(&clock.given(), &settings(&counting));
    let session = Session::open(node.address(), "/mcp", "2025-11-25", &json!({}));
    let ping = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" });
    for jump in ["+1h", "-1h", "+0"] {
        clock.set(jump);
        assert_eq!(session.post(&ping).status, 200, "{jump}");
    }
}

#[test]
fn a_job_of_a_future_that_has_not_come_goes_on_after_a_restart() {
    let (clock, counting) = (Clock::new(), Counting::start());
    clock.set("+10y");
    let node = Node::after(&clock.given(), &settings(&counting));
    assert!(!wire::list_tools(node.address(), "/mcp").is_error());
    counting.set_down(true);
    let task = task_in(&submit(node.address(), "count_read", &json!({ "n": 5 }))).expect("a job is taken");
    assert_eq!(e2e::jobs::ask(node.address(), "tasks/get", &task)["result"]["status"], "working");
    let node = node.restarted();
    counting.set_down(false);
    assert_eq!(ended(node.address(), &task)["status"], "completed", "{}", node.log());
}

#[test]
fn a_clock_that_is_wrong_is_named_as_what_the_certificate_is_not_valid_for() {
    let (clock, papers) = (Clock::new(), Papers::new());
    papers.issue_for_years("api", 2026, 2035);
    let api = Api::grpc_with_papers(&papers.file("api.pem"), &papers.file("api.key"));
    let trust = format!("{}; export SSL_CERT_FILE='{}'", clock.given(), papers.file(AUTHORITY).display());
    let server = format!("[servers.greeter]\ngrpc = {:?}\n", api.url());
    for (jump, expected) in [("-6y", "not valid yet"), ("+10y", "expired"), ("+0", "Hello, Ada")] {
        clock.set(jump);
        let node = Node::after(&trust, &server);
        let path = "/servers/greeter/mcp";
        let answer = wire::call(node.address(), path, "1", "greeter_say_hello", r#"{"name":"Ada"}"#).text();
        assert!(answer.contains(expected), "{jump}: {answer}\n{}", node.log());
    }
}
