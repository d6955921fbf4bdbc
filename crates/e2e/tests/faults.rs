//! Servers that are broken: each gives its caller one honest error in time, and nobody else notices.

use std::path::Path;
use std::time::{Duration, Instant};

use e2e::Node;
use e2e::fake::Fake;
use e2e::fixture::{self, Era, Fixture};
use e2e::wire::{self, Answer};

/// Limits short enough for a test; the margin above them is for a busy machine.
const LIMITS: &str = "[limits]\ncall_ms_max = 1500\ncall_total_ms_max = 2000\nparked_call_ms_max = 2000\nhandshake_ms_max = 1000\nlist_ms_max = 500\n";

/// How long a caller waits at most for the error.
const ANSWERED_WITHIN: Duration = Duration::from_secs(8);

/// A node with a healthy server `fixture` and a broken one.
struct Scene {
    node: Node,
    _fixture: Fixture,
}

impl Scene {
    fn with(broken: &str) -> Self {
        let fixture = Fixture::start(Era::Dual);
        let node = Node::start(&format!("{LIMITS}{}{broken}", fixture.configured("fixture")));
        Self { node, _fixture: fixture }
    }

    fn call(&self, server: &str, tool: &str, arguments: &str) -> Answer {
        wire::call(self.node.address(), &format!("/servers/{server}/mcp"), "7", tool, arguments)
    }

    /// Calls the broken server and asserts one error in time; then that the healthy one still answers.
    fn assert_one_error(&self, name: &str) {
        let started = Instant::now();
        let answer = self.call("broken", "anything", "{}");
        assert!(started.elapsed() < ANSWERED_WITHIN, "{name} took {:?}", started.elapsed());
        assert!(answer.is_error(), "{name}: {}", answer.text());
        assert!(answer.message().contains("\"id\":7"), "{name}: {}", answer.text());
        self.assert_undisturbed(name);
    }

    fn assert_undisturbed(&self, name: &str) {
        let answer = self.call("fixture", "test_simple_text", "{}");
        assert!(answer.text().contains("simple text response"), "after {name}: {answer:?}");
    }
}

fn http(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

#[test]
fn an_upstream_that_answers_nonsense_gives_one_error() {
    let json = "Content-Type: application/json\r\n";
    let events = "Content-Type: text/event-stream\r\n";
    let result = r#"{"jsonrpc":"2.0","id":"foreign","result":{"resultType":"complete","content":[]}}"#;
    let cases = [
        ("html", http("200 OK", "Content-Type: text/html\r\n", "<html>hello</html>")),
        ("nothing", http("204 No Content", "", "")),
        ("accepted", http("202 Accepted", "", "")),
        ("redirect", http("302 Found", "Location: http://169.254.169.254/\r\n", "")),
        ("unauthorized", http("401 Unauthorized", "WWW-Authenticate: Bearer\r\n", "")),
        ("too many", http("429 Too Many Requests", "Retry-After: 1000000000\r\n", "")),
        ("failure", http("500 Internal Server Error", "", &"x".repeat(1_000_000))),
        ("no JSON", http("200 OK", json, "{\"jsonrpc\":")),
        ("JSON but no message", http("200 OK", json, "[1,2,3]")),
        ("an answer to another", http("200 OK", json, result)),
        ("a cut body", format!("HTTP/1.1 200 OK\r\n{json}Content-Length: 1000\r\n\r\n{{\"jsonrpc\"")),
        ("a cut chunk", format!("HTTP/1.1 200 OK\r\n{json}Transfer-Encoding: chunked\r\n\r\nff\r\n{{")),
        ("events without an answer", http("200 OK", events, ": nothing\n\n")),
        ("a cut event", http("200 OK", events, "data: {\"jsonrpc\":\"2.0\",")),
        ("no HTTP", "hello\r\n\r\n".to_owned()),
        ("closed", String::new()),
    ];
    for (name, bytes) in cases {
        let fake = Fake::answering(bytes);
        Scene::with(&fake.configured("broken")).assert_one_error(name);
    }
}

#[test]
fn an_upstream_that_never_answers_is_given_up() {
    let fake = Fake::silent();
    Scene::with(&fake.configured("broken")).assert_one_error("silence");
}

#[test]
fn an_upstream_that_nobody_serves_is_an_error() {
    Scene::with("[servers.broken]\nurl = \"http://127.0.0.1:1/mcp\"\n").assert_one_error("a closed port");
}

#[test]
fn a_child_that_is_no_server_gives_one_error() {
    let cases = [
        ("missing program", "/no/such/program", ""),
        ("not executable", "/etc/hostname", ""),
        ("ends at once", "/bin/sh", "exit 0"),
        ("ends with a failure", "/bin/sh", "echo no >&2; exit 9"),
        ("says nothing", "/bin/sh", "cat >/dev/null"),
        ("never reads", "/bin/sh", "exec sleep 600"),
        ("chatters", "/bin/sh", "yes"),
        ("a line without end", "/bin/sh", "cat /dev/zero"),
        ("no JSON", "/bin/sh", "while read line; do echo '{'; done"),
        ("JSON but no message", "/bin/sh", "while read line; do echo '[]'; done"),
    ];
    for (name, program, script) in cases {
        let broken =
            format!("[servers.broken]\ncommand = {program:?}\nargs = [\"-c\", {script:?}]\nstart_timeout_s = 1\n");
        Scene::with(&broken).assert_one_error(name);
    }
}

#[test]
fn a_child_that_crashes_in_a_call_is_started_again() {
    let node = Node::start(&fixture::configured_over_stdio("fixture", Era::Dual));
    let call = |tool| wire::call(node.address(), "/servers/fixture/mcp", "1", tool, "{}");
    for _ in 0..2 {
        assert!(call("test_simple_text").text().contains("simple text response"), "{}", node.log());
        let answer = call("crash");
        assert!(answer.is_error(), "{}", answer.text());
    }
    assert!(call("test_simple_text").text().contains("simple text response"), "{}", node.log());
}

#[test]
fn a_large_result_passes_whole_and_one_over_the_limit_is_an_error() {
    let fixture = Fixture::start(Era::Dual);
    let node = Node::start(&format!("[limits]\nresult_bytes_max = 4194304\n{}", fixture.configured("fixture")));
    let big = |bytes: usize| {
        wire::call(node.address(), "/servers/fixture/mcp", "1", "big", &format!("{{\"bytes\":{bytes}}}"))
    };
    let answer = big(3_000_000);
    assert!(answer.text().contains(&"x".repeat(3_000_000)), "{} bytes came", answer.body.len());
    let answer = big(50_000_000);
    assert!(answer.is_error(), "{} bytes came", answer.body.len());
    assert!(big(10).text().contains("xxxxxxxxxx"));
}

#[test]
fn a_list_names_the_servers_that_are_missing_from_it() {
    let silent = Fake::silent();
    let broken = [
        silent.configured("silent"),
        "[servers.refused]\nurl = \"http://127.0.0.1:1/mcp\"\n".to_owned(),
        "[servers.absent]\ncommand = \"/no/such/program\"\n".to_owned(),
    ];
    let scene = Scene::with(&broken.concat());
    let started = Instant::now();
    let answer = wire::list_tools(scene.node.address(), "/mcp");
    assert!(started.elapsed() < Duration::from_secs(4), "the list took {:?}", started.elapsed());
    let message: serde_json::Value = serde_json::from_str(&answer.message()).expect("a list is JSON");
    assert!(answer.text().contains("fixture_test_simple_text"), "{}", answer.text());
    let servers = &message["result"]["_meta"]["dev.switchboard/servers"];
    for name in ["silent", "refused", "absent"] {
        assert!(servers.get(name).is_some(), "{name} is not among {servers}");
    }
}

#[test]
fn no_child_outlives_a_gateway_that_is_killed() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let (child, grandchild) = (folder.path().join("child"), folder.path().join("grandchild"));
    let script =
        format!("sleep 600 & echo $! > {}; echo $$ > {}; exec sleep 600", grandchild.display(), child.display());
    let broken =
        format!("[servers.broken]\ncommand = \"/bin/sh\"\nargs = [\"-c\", {script:?}]\nstart_timeout_s = 60\n");
    let scene = Scene::with(&broken);
    let mut caller = wire::connect(scene.node.address());
    let headers = wire::modern_call_headers("anything");
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let call = wire::modern_call("1", "anything", "{}");
    wire::send(&mut caller, &wire::post(scene.node.address(), "/servers/broken/mcp", &headers, call.as_bytes()));
    let processes = [pid_in(&child), pid_in(&grandchild)];
    drop(scene);
    for process in processes {
        until("the process is gone", || !Path::new("/proc").join(&process).exists());
    }
}

/// The process id that a script writes into `file`.
fn pid_in(file: &Path) -> String {
    let read = || std::fs::read_to_string(file).is_ok_and(|text| text.ends_with('\n'));
    until("a process id is written", read);
    std::fs::read_to_string(file).expect("it was there a moment ago").trim().to_owned()
}

/// Looks again and again until `condition` holds.
fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < ANSWERED_WITHIN, "never saw that {what}");
        std::thread::yield_now();
    }
}
