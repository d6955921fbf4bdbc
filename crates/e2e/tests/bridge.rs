//! Plain HTTP, as a program without any MCP library uses it: every route with good and with bad input, and what a web page
//! must not be able to do.

#![expect(clippy::disallowed_methods, reason = "the validator is a real program")]

use std::process::Command;

use e2e::Node;
use e2e::events::Stream;
use e2e::fixture::{Era, Fixture};
use e2e::tools::{self, Python};
use e2e::wire::{Answer, exchange};
use serde_json::{Value, json};

/// A gateway in front of one fixture, spoken to in plain HTTP.
struct Plain {
    node: Node,
    _fixture: Fixture,
}

impl Plain {
    fn start(era: Era, configuration: &str) -> Self {
        let fixture = Fixture::start(era);
        let node = Node::start(&format!("{configuration}\n{}", fixture.configured("fixture")));
        Self { node, _fixture: fixture }
    }

    fn send(&self, verb: &str, path: &str, headers: &[&str], body: &str) -> Answer {
        exchange(self.node.address(), request(self.node.address(), verb, path, headers, body).as_bytes())
    }

    fn get(&self, path: &str) -> Value {
        read(&self.send("GET", path, &[], ""), 200)
    }

    fn post(&self, path: &str, headers: &[&str], body: &Value) -> Answer {
        let headers = [&["Content-Type: application/json"], headers].concat();
        self.send("POST", path, &headers, &body.to_string())
    }

    /// Opens a session at `base` and gives the header that names it.
    fn session(&self, base: &str) -> String {
        let opened = self.post(&format!("{base}/mcp/initialize"), &[], &hello());
        format!("X-Session-ID: {}", opened.header("x-session-id").expect("a session is named"))
    }

    /// How many calls the fixture has been sent.
    fn calls(&self) -> u64 {
        self.get("/stats")["servers"]["fixture"]["calls"].as_u64().expect("calls are counted")
    }
}

fn request(address: &str, verb: &str, path: &str, headers: &[&str], body: &str) -> String {
    let (headers, length) = (headers.join("\r\n"), body.len());
    let separator = if headers.is_empty() { "" } else { "\r\n" };
    format!("{verb} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\n{headers}{separator}\r\n{body}")
}

/// The JSON of an answer that has to have this status.
fn read(answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{}", answer.text());
    serde_json::from_slice(&answer.body).expect("an answer is JSON")
}

fn hello() -> Value {
    json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "a script", "version": "1" } })
}

#[test]
fn every_request_of_a_session_is_answered_in_both_eras() {
    for era in [Era::Legacy, Era::Modern] {
        let plain = Plain::start(era, "");
        let session = plain.session("");
        let asked = [
            ("tools/list", json!({}), "fixture_test_simple_text"),
            ("tools/call", json!({ "name": "fixture_test_simple_text" }), "simple text response"),
            ("tools/call", json!({ "name": "fixture_test_error_handling" }), r#""isError":true"#),
            ("resources/list", json!({ "id": 3, "params": {} }), "test://static-text"),
            ("resources/read", json!({ "params": { "uri": "test://static-text" } }), "static text resource"),
            ("prompts/list", json!({}), "fixture_test_simple_prompt"),
            (
                "prompts/get",
                json!({ "name": "fixture_test_prompt_with_arguments", "arguments": { "arg1": "x", "arg2": "y" } }),
                "arg1='x'",
            ),
        ];
        for (method, body, expected) in asked {
            let answer = plain.post(&format!("/mcp/{method}"), &[&session, "X-Request-ID: mine-1"], &body);
            let message = read(&answer, 200);
            assert!(answer.text().contains(expected), "{era:?} {method}: {message}");
            assert_eq!(message["id"], body.get("id").cloned().unwrap_or_else(|| json!("mine-1")), "{message}");
            assert_eq!(message["bridge_info"]["request_id"], "mine-1", "{message}");
            assert!(message["bridge_info"]["execution_time_ms"].is_u64(), "{message}");
            assert_eq!(answer.header("x-request-id"), Some("mine-1"));
        }
    }
}

#[test]
fn a_session_says_what_it_is_and_goes_on_by_its_id() {
    let plain = Plain::start(Era::Dual, "");
    let opened = read(&plain.post("/mcp/initialize", &[], &hello()), 200);
    let result = &opened["result"];
    assert_eq!(result["protocolVersion"], "2025-11-25", "{opened}");
    assert!(result["expires_at"].as_str().is_some_and(|expires| expires.ends_with('Z')), "{opened}");
    let mut again = hello();
    again["session_id"] = result["session_id"].clone();
    let resumed = read(&plain.post("/mcp/initialize", &[], &again), 200);
    assert_eq!(resumed["result"]["session_id"], result["session_id"], "{resumed}");
    assert_eq!(resumed["result"]["expires_at"], result["expires_at"], "{resumed}");
    again["session_id"] = json!("made up");
    assert_eq!(plain.post("/mcp/initialize", &[], &again).code(), Some(-31001));
    let status = read(&plain.send("GET", "/mcp/status", &[], ""), 200);
    assert_eq!(status["sessions"]["open"], 1, "{status}");
    assert!(status["servers"]["fixture"]["state"].is_string(), "{status}");
}

#[test]
fn bad_requests_are_refused_by_name_and_call_nothing() {
    let plain = Plain::start(Era::Dual, "");
    let session = plain.session("");
    let elsewhere = plain.session("/servers/fixture");
    let call = json!({ "name": "fixture_test_simple_text" });
    let before = plain.calls();
    let cases: [(&[&str], &Value, u16, i64, &str); 12] = [
        (&[], &call, 400, -31000, "initialize"),
        (&["X-Session-ID: made-up"], &call, 404, -31001, "ended"),
        (&[&elsewhere], &call, 404, -31001, "ended"),
        (&[&session, "X-Priority: URGENT"], &call, 400, -32602, "BULK, LOW, MEDIUM, HIGH, CRITICAL"),
        (&[&session, "X-Timeout: 0"], &call, 400, -32602, "1 to 300"),
        (&[&session, "X-Timeout: abc"], &call, 400, -32602, "1 to 300"),
        (&[&session, "X-Cache-Control: maybe"], &call, 400, -32602, "only-if-cached"),
        (&[&session, "X-Request-ID: <b>"], &call, 400, -32602, "x-request-id"),
        (&[&session, "X-Client-ID: a b"], &call, 400, -32602, "x-client-id"),
        (&[&session], &json!({ "params": [] }), 400, -32602, "params"),
        (&[&session], &json!({ "method": "tools/list" }), 400, -32602, "tools/call"),
        (&[&session], &json!({ "name": "nothing" }), 200, -32602, "unknown tool"),
    ];
    for (headers, body, status, code, text) in cases {
        let answer = plain.post("/mcp/tools/call", headers, body);
        let message = read(&answer, status);
        assert_eq!(answer.code(), Some(code), "{headers:?} {message}");
        assert!(message["error"]["message"].as_str().is_some_and(|said| said.contains(text)), "{headers:?} {message}");
        assert!(message["bridge_info"]["request_id"].is_string(), "{message}");
        let legacy = (-31004..=-31000).contains(&code).then_some(code - 1_000);
        assert_eq!(message["error"]["data"]["legacy_code"].as_i64(), legacy, "{message}");
    }
    assert_eq!(plain.calls(), before);
}

#[test]
fn a_server_that_has_a_question_is_told_of_plainly() {
    for era in [Era::Legacy, Era::Modern] {
        let plain = Plain::start(era, "bridge.sessionless = true");
        let call = json!({ "name": "fixture_test_elicitation", "arguments": { "message": "Who?" } });
        let answer = plain.post("/mcp/tools/call", &[], &call);
        assert!(answer.is_error(), "{era:?} {}", answer.text());
        if era == Era::Modern {
            assert_eq!((answer.status, answer.code()), (400, Some(-32021)), "{}", answer.text());
            assert!(answer.text().contains("use an MCP client at /mcp"), "{}", answer.text());
        }
    }
}

#[test]
fn tools_are_called_by_programs_that_know_nothing_of_mcp() {
    let plain = Plain::start(Era::Dual, "[bundles.bare]\nservers = [\"fixture\"]\nnaming = \"bare\"\n");
    let called = |path: &str, body: &Value, status| read(&plain.post(path, &["X-Request-ID: r-1"], body), status);
    let answer = called("/tools/call", &json!({ "name": "fixture_test_simple_text", "arguments": {} }), 200);
    assert_eq!((&answer["success"], &answer["error"]), (&json!(true), &Value::Null), "{answer}");
    assert_eq!(answer["data"], "This is a simple text response for testing.");
    assert_eq!(answer["request_id"], "r-1");
    let failed = called("/tools/call", &json!({ "name": "fixture_test_error_handling" }), 200);
    assert_eq!(failed["success"], false, "{failed}");
    assert!(failed["error"].as_str().is_some_and(|error| error.starts_with("[UPSTREAM_ERROR] ")), "{failed}");
    assert!(called("/tools/call", &json!({ "arguments": {} }), 400)["error"].as_str().unwrap().contains("`name`"));
    assert!(called("/tools/call", &json!({ "name": "none" }), 404)["error"].as_str().unwrap().contains("unknown tool"));

    let echo = json!({ "big": 12_345_678_901_234_567_890_u64, "ratio": 1.0 });
    let bare = plain.post("/tools/fixture_echo", &[], &echo);
    assert_eq!(bare.status, 200, "{}", bare.text());
    assert!(bare.text().contains("12345678901234567890") && bare.text().contains("1.0"), "{}", bare.text());
    for path in [
        "/tools/test_simple_text?bundle=bare",
        "/bundles/bare/tools/test_simple_text",
        "/servers/fixture/tools/test_simple_text",
    ] {
        assert_eq!(called(path, &json!({}), 200), "This is a simple text response for testing.", "{path}");
    }
    assert_eq!(called("/tools/none", &json!({}), 404)["error"]["code"], "NOT_FOUND");
    assert_eq!(called("/tools/fixture_test_error_handling", &json!({}), 422)["error"]["code"], "UPSTREAM_ERROR");
    assert_eq!(called("/tools/fixture_echo", &json!([]), 400)["error"]["code"], "INVALID_INPUT");
    assert_eq!(called("/tools/fixture_echo?bundle=none", &json!({}), 404)["success"], false);
}

#[test]
fn tools_are_listed_searched_and_paged() {
    let plain = Plain::start(Era::Dual, "tools.search = \"on\"");
    let names = |path: &str| -> Vec<String> {
        let list = plain.get(path);
        let tools = list["data"]["tools"].as_array().unwrap_or_else(|| panic!("{list}"));
        tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
    };
    let all = names("/tools");
    assert!(all.len() > 40, "tools are listed also where a model would search for them");
    let first = plain.get("/tools?limit=3");
    assert_eq!(first["data"]["total"], all.len());
    let next = first["data"]["next_cursor"].as_str().unwrap();
    assert_eq!([names("/tools?limit=3"), names(&format!("/tools?limit=1000&cursor={next}"))].concat(), all);
    assert_eq!(names(&format!("/tools?cursor={}", all.len())), [""; 0]);
    assert_eq!(names("/tools?q=simple+text")[0], "fixture_test_simple_text");
    assert_eq!(plain.get("/tools/fixture_test_simple_text")["data"]["name"], "fixture_test_simple_text");
    for (path, status) in
        [("/tools?limit=0", 400), ("/tools?limit=1001", 400), ("/tools?search=x", 400), ("/tools/none", 404)]
    {
        assert_eq!(plain.send("GET", path, &[], "").status, status, "{path}");
    }
    let health = plain.get("/health");
    assert_eq!(health["tools"]["by_server"]["fixture"], all.len(), "{health}");
}

#[test]
fn the_openapi_document_is_valid_and_its_operations_work() {
    let plain =
        Plain::start(Era::Dual, "[servers.server]\ntoolkit = \"server\"\n[servers.git]\ntoolkit = \"project\"\n");
    let document = plain.get("/tools/openapi.json");
    let file = plain.node.folder().join("openapi.json");
    std::fs::write(&file, document.to_string()).expect("a temporary file can be written");
    let python = tools::python(Python::OpenApi, "python");
    let checked = Command::new(python).args(["-m", "openapi_spec_validator"]).arg(&file).output();
    let checked = checked.expect("the validator starts");
    let said = String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success(), "{said}{}", String::from_utf8_lossy(&checked.stderr));
    let total = plain.get("/tools")["data"]["total"].as_u64().unwrap();
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.len() as u64, total);
    let operation = &document["paths"]["/tools/server_get_system_info"]["post"];
    assert_eq!(operation["operationId"], "server_get_system_info", "{operation}");
    let data = read(&plain.post("/tools/server_get_system_info", &[], &json!({})), 200);
    let camel = read(&plain.post("/tools/server_get_system_info?compat=camel", &[], &json!({})), 200);
    assert!(data["boot_time"].is_string() && camel["bootTime"] == data["boot_time"], "{camel}");
    let own = plain.get("/servers/git/tools/openapi.json");
    assert_eq!(own["servers"][0]["url"], "/servers/git");
    assert!(own["paths"]["/tools/git_status"].is_object(), "names are the server's own");
}

#[test]
fn a_web_page_calls_no_tool() {
    let plain = Plain::start(Era::Dual, "bridge.sessionless = true");
    let before = plain.calls();
    let body = r#"{"name":"fixture_test_simple_text"}"#;
    let foreign = "Origin: https://evil.example";
    for path in ["/tools/call", "/tools/fixture_test_simple_text", "/mcp/tools/call"] {
        let refused =
            |headers: &[&str], status| assert_eq!(plain.send("POST", path, headers, body).status, status, "{path}");
        refused(&["Content-Type: text/plain"], 415);
        refused(&["Content-Type: application/x-www-form-urlencoded"], 415);
        refused(&[], 415);
        refused(&["Content-Type: application/json", foreign], 403);
        let rebound = request("evil.example", "POST", path, &["Content-Type: application/json"], body);
        assert_eq!(exchange(plain.node.address(), rebound.as_bytes()).status, 403, "{path}");
    }
    assert_eq!(plain.send("GET", "/tools", &[foreign], "").status, 403);
    assert_eq!(plain.send("GET", "/tools/call", &[], "").status, 405);
    assert_eq!(plain.calls(), before);
}

#[test]
fn what_changes_is_told_to_who_listens() {
    let plain = Plain::start(Era::Legacy, "");
    let session = plain.session("");
    let listen = request(plain.node.address(), "GET", "/mcp/events", &[&session], "");
    let mut events = Stream::open(plain.node.address(), listen.as_bytes());
    assert_eq!(events.status, 200);
    read(&plain.post("/mcp/tools/call", &[&session], &json!({ "name": "fixture_test_trigger_tool_change" })), 200);
    let told =
        std::iter::repeat_with(|| events.message()).find(|event| event["method"] == "notifications/tools/list_changed");
    assert!(told.is_some());
    assert_eq!(plain.send("GET", "/mcp/events", &[], "").status, 400);
    assert_eq!(plain.send("GET", "/mcp/events", &["X-Session-ID: x"], "").status, 404);
}

#[test]
fn the_bridge_can_be_turned_off() {
    let plain = Plain::start(Era::Dual, "bridge.enabled = false");
    for path in ["/tools", "/health", "/mcp/status", "/tools/openapi.json"] {
        assert_eq!(plain.send("GET", path, &[], "").status, 404, "{path}");
    }
    assert_eq!(plain.post("/mcp/initialize", &[], &hello()).status, 404);
}
