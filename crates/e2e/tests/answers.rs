//! Servers that introduce themselves well and answer badly: what can be used reaches the caller whole, anything else is one
//! error in time, and nobody else notices.

use std::io::BufReader;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use e2e::Node;
use e2e::fixture::{Era, Fixture};
use e2e::program::built;
use e2e::scripted::{Scripted, one_tool};
use e2e::wire::{self, Answer};
use serde_json::{Value, json};

/// Limits short enough for a test; the margin above them is for a busy machine.
const LIMITS: &str = "[limits]\ncall_ms_max = 1500\ncall_total_ms_max = 2000\nhandshake_ms_max = 1500\nlist_ms_max = 1000\n\
    list_pages_max = 5\nresult_bytes_max = 1048576\nline_bytes_max = 65536\n";

/// How long a caller waits at most for an error.
const ANSWERED_WITHIN: Duration = Duration::from_secs(8);

/// What may come before an answer, and says nothing of it.
const EARLY_HINTS: &[u8] = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n";

/// How a call of the server under test has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// With the server's own words.
    Good,
    /// With one error.
    Error,
}

use End::{Error, Good};

/// A node with a healthy server `fixture` beside the one under test.
struct Scene {
    node: Node,
    _fixture: Fixture,
}

impl Scene {
    fn with(configuration: &str) -> Self {
        let fixture = Fixture::start(Era::Dual);
        let node = Node::start(&format!("{LIMITS}{}{configuration}", fixture.configured("fixture")));
        Self { node, _fixture: fixture }
    }

    fn call(&self, server: &str, tool: &str, arguments: &str) -> Answer {
        wire::call(self.node.address(), &format!("/servers/{server}/mcp"), "7", tool, arguments)
    }

    /// Calls `tool` at the server `odd` and asserts how it ends, and that the healthy one still answers.
    fn assert_ends(&self, name: &str, tool: &str, expected: End) -> Answer {
        let started = Instant::now();
        let answer = self.call("odd", tool, r#"{"text":"well said"}"#);
        assert!(started.elapsed() < ANSWERED_WITHIN, "{name} took {:?}", started.elapsed());
        let message: Value = serde_json::from_str(&answer.message()).unwrap_or_else(|_| panic!("{name}: {answer:?}"));
        assert_eq!(message["id"], 7, "{name}: {message}");
        assert_eq!(answer.is_error(), expected == Error, "{name}: {message}");
        assert_eq!(answer.text().contains("well said"), expected == Good, "{name}: {message}");
        let healthy = self.call("fixture", "test_simple_text", "{}");
        assert!(healthy.text().contains("simple text response"), "after {name}: {healthy:?}");
        answer
    }
}

/// The good result of a call, under the id of its request.
fn good(id: &str) -> String {
    let result = r#"{"resultType":"complete","content":[{"type":"text","text":"well said"}]}"#;
    format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#)
}

fn http(head: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\n{head}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}").into_bytes()
}

fn json_body(body: &str) -> Vec<u8> {
    http("Content-Type: application/json\r\n", body)
}

fn stream(events: &str) -> Vec<u8> {
    http("Content-Type: text/event-stream\r\n", events)
}

/// What it is called, what the server answers to a request with this id, and how the call ends.
type Case = (&'static str, fn(&str) -> Vec<u8>, End);

fn check(cases: &[Case]) {
    for (name, answer, expected) in cases {
        let server = Scripted::start(one_tool("speak"), *answer);
        Scene::with(&server.configured("odd")).assert_ends(name, "speak", *expected);
    }
}

#[test]
fn only_the_answer_to_its_own_request_reaches_a_caller() {
    check(&[
        ("good", |id| json_body(&good(id)), Good),
        ("early hints before it", |id| [EARLY_HINTS, &json_body(&good(id))].concat(), Good),
        ("a foreign id", |_| json_body(&good(r#""foreign""#)), Error),
        ("a foreign answer first", |id| stream(&format!("data: {}\n\ndata: {}\n\n", good("999"), good(id))), Good),
        ("only a foreign answer", |_| stream(&format!("data: {}\n\n", good("999"))), Error),
        (
            "a second answer",
            |id| {
                let second = format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":-1,"message":"second"}}}}"#);
                stream(&format!("data: {}\n\ndata: {second}\n\n", good(id)))
            },
            Good,
        ),
        (
            "a request of the server",
            |id| {
                let request = r#"{"jsonrpc":"2.0","id":"q","method":"roots/list"}"#;
                stream(&format!("data: {request}\n\ndata: {}\n\n", good(id)))
            },
            Good,
        ),
        (
            "an early hint",
            |id| [b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", &json_body(&good(id))[..]].concat(),
            Good,
        ),
    ]);
}

#[test]
fn half_an_answer_is_an_error() {
    check(&[
        ("a cut body", |id| json_body(&good(id))[..150].to_vec(), Error),
        (
            "a cut chunk",
            |id| {
                let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
                format!("{head}fff\r\n{}", good(id)).into_bytes()
            },
            Error,
        ),
        ("a cut event", |id| stream(&format!("data: {}", good(id))), Error),
        ("an event without a blank line", |id| stream(&format!("data: {}\n", good(id))), Error),
        ("an event in three line ends", |id| stream(&format!(": hello\r\nid: 1\rdata: {}\n\r\n", good(id))), Good),
        ("an unknown field", |id| stream(&format!("color: red\nretry: soon\ndata: {}\n\n", good(id))), Good),
    ]);
}

#[test]
fn a_result_that_nobody_can_understand_is_an_error() {
    let of = |result: &'static str| {
        move |id: &str| json_body(&format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#))
    };
    for (name, result) in [
        ("failed or not: a text", r#"{"resultType":"complete","content":[],"isError":"false"}"#),
        ("failed or not: a number", r#"{"resultType":"complete","content":[],"isError":0}"#),
        ("failed or not: nothing", r#"{"resultType":"complete","content":[],"isError":null}"#),
        ("no content", r#"{"resultType":"complete"}"#),
        ("content that is no list", r#"{"resultType":"complete","content":"fine"}"#),
        ("a kind nobody knows", r#"{"resultType":"bogus","content":[]}"#),
        ("a kind that is no text", r#"{"resultType":5,"content":[]}"#),
        ("no object", r#""fine""#),
        ("null", "null"),
    ] {
        let server = Scripted::start(one_tool("speak"), of(result));
        Scene::with(&server.configured("odd")).assert_ends(name, "speak", Error);
    }
}

#[test]
fn too_much_of_an_answer_is_an_error() {
    check(&[
        ("ten thousand levels", |id| nested(id, 10_000), Error),
        ("a body over the limit", |id| json_body(&good(id).replace("well said", &"x".repeat(2 << 20))), Error),
        (
            "a line over the limit",
            |id| stream(&format!("data: {}\n\n", good(id).replace("well", &"x".repeat(1 << 17)))),
            Error,
        ),
        ("a head over the limit", |id| http(&format!("X-Long: {}\r\n", "x".repeat(1 << 20)), &good(id)), Error),
        (
            "a compressed body",
            |_| http("Content-Type: application/json\r\nContent-Encoding: gzip\r\n", "\u{1f}\u{8b}\u{8}"),
            Error,
        ),
    ]);
}

fn nested(id: &str, depth: usize) -> Vec<u8> {
    let value = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    json_body(&good(id).replace(r#""well said""#, &value))
}

#[test]
fn headers_of_a_server_stay_with_the_gateway() {
    let server = Scripted::start(one_tool("speak"), |id| {
        let head = "Content-Type: application/json\r\nSet-Cookie: a=b\r\nX-Secret: c\r\nKeep-Alive: timeout=9\r\nMcp-Session-Id: d\r\n";
        http(head, &good(id))
    });
    let answer = Scene::with(&server.configured("odd")).assert_ends("headers", "speak", Good);
    for name in ["set-cookie", "x-secret", "keep-alive", "mcp-session-id"] {
        assert_eq!(answer.header(name), None, "{name}");
    }
}

#[test]
fn what_a_list_says_of_its_freshness_is_kept_within_bounds() {
    for (said, expected_max) in
        [(json!(-5), 0), (json!(9_000_000_000_000_000_000_u64), 86_400_000), (json!("x"), 300_000)]
    {
        let mut list = one_tool("speak");
        list["ttlMs"] = said.clone();
        let server = Scripted::start(list, |id| json_body(&good(id)));
        let scene = Scene::with(&server.configured("odd"));
        let answer = wire::list_tools(scene.node.address(), "/servers/odd/mcp");
        let message: Value = serde_json::from_str(&answer.message()).expect("a list is JSON");
        let ttl = message["result"]["ttlMs"].as_u64().unwrap_or_else(|| panic!("{said}: {message}"));
        assert!(ttl <= expected_max, "{said}: {ttl}");
    }
}

/// The program that misbehaves as its flags say.
fn rogue(flags: &[&str]) -> String {
    let program = built("rogue");
    format!("[servers.odd]\ncommand = {:?}\nargs = {flags:?}\nstart_timeout_s = 2\n", program.to_string_lossy())
}

#[test]
fn a_child_with_a_vice_is_served_as_far_as_it_can_be() {
    for (flags, expected) in [
        (&["--double-answer"][..], Good),
        (&["--foreign-id"], Error),
        (&["--banner", "20"], Good),
        (&["--garbage-every", "1"], Good),
        (&["--stderr-flood"], Good),
        (&["--exit-on-probe"], Good),
        (&["--fork-daemon"], Good),
        (&["--change-lists", "10000"], Good),
        (&["--half-line"], Error),
        (&["--close-stdout"], Error),
        (&["--crash-on", "echo"], Error),
        (&["--huge-result", "4194304"], Error),
    ] {
        Scene::with(&rogue(flags)).assert_ends(&flags.join(" "), "echo", expected);
    }
}

#[test]
fn a_list_that_never_ends_is_not_read_for_ever() {
    let scene = Scene::with(&rogue(&["--endless-list"]));
    let answer = wire::list_tools(scene.node.address(), "/mcp");
    let message: Value = serde_json::from_str(&answer.message()).expect("a list is JSON");
    let reason = &message["result"]["_meta"]["dev.switchboard/servers"]["odd"];
    assert!(reason.to_string().contains("more than 5 pages"), "{reason}");
    assert!(answer.text().contains("fixture_test_simple_text"), "{}", answer.text());
}

#[test]
fn a_session_that_a_server_has_forgotten_is_opened_anew_without_a_word() {
    let fixture = Fixture::start(Era::Legacy);
    let (port, node) = (fixture.port(), Node::start(&fixture.configured("fixture")));
    let count = || wire::call(node.address(), "/servers/fixture/mcp", "1", "count", "{}").text();
    assert!(count().contains(r#""1""#) && count().contains(r#""2""#));
    drop(fixture);
    let _again = Fixture::start_on_port(port, Era::Legacy);
    let counted = count();
    assert!(counted.contains(r#""1""#), "{counted}");
}

#[test]
fn a_server_without_room_refuses_early_and_others_have_theirs() {
    let slow = Fixture::start(Era::Modern);
    let fixture = Fixture::start(Era::Modern);
    let limits = "[queue]\nconcurrency_per_server = 2\nmax_per_server = 0\n";
    let node = Node::start(&format!("{limits}{}{}", slow.configured("slow"), fixture.configured("fixture")));
    let path = "/servers/slow/mcp";
    let headers = wire::modern_call_headers("slow");
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let wait = wire::modern_call("1", "slow", r#"{"ms":60000}"#);
    #[expect(clippy::disallowed_methods, reason = "one answer for each call of the test")]
    let (told, answers) = mpsc::channel();
    for _ in 0..3 {
        let mut client = wire::connect(node.address());
        wire::send(&mut client, &wire::post(node.address(), path, &headers, wait.as_bytes()));
        let told = told.clone();
        thread::spawn(move || told.send(wire::read_answer(&mut BufReader::new(client))));
    }
    let refused = answers.recv_timeout(ANSWERED_WITHIN).expect("one of three calls finds no room");
    assert!(refused.text().contains("too many calls"), "{}", refused.text());
    let healthy = wire::call(node.address(), "/servers/fixture/mcp", "1", "test_simple_text", "{}");
    assert!(healthy.text().contains("simple text response"), "{}", healthy.text());
}
