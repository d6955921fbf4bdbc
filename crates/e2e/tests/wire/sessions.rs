//! Legacy sessions at the gateway, over servers of both eras: how they begin, what they carry, how they end.

use e2e::fixture::Era;
use e2e::wire::Answer;

use crate::gateway::{Gateway, PATH, TOOL};

/// An open session.
struct Session<'gateway> {
    gateway: &'gateway Gateway,
    header: String,
    version: &'static str,
}

impl<'gateway> Session<'gateway> {
    fn open(gateway: &'gateway Gateway, version: &'static str) -> Self {
        let answer = gateway.post_with(&[], initialize(version).as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(answer.message().contains(&format!("\"protocolVersion\":\"{version}\"")), "{}", answer.text());
        let id = answer.header("mcp-session-id").expect("a session has an id");
        let session = Self { gateway, header: format!("Mcp-Session-Id: {id}"), version };
        let answer = session.post(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        assert_eq!(answer.status, 202, "{}", answer.text());
        session
    }

    fn post(&self, body: &str) -> Answer {
        let version = format!("MCP-Protocol-Version: {}", self.version);
        self.gateway.post_with(&[&self.header, &version], body.as_bytes())
    }

    fn delete(&self) -> Answer {
        let host = self.gateway.address();
        let header = &self.header;
        let request = format!("DELETE {PATH} HTTP/1.1\r\nHost: {host}\r\n{header}\r\nConnection: close\r\n\r\n");
        self.gateway.raw(request)
    }
}

fn initialize(version: &str) -> String {
    let client = r#"{"name":"wire","version":"1"}"#;
    format!(
        r#"{{"jsonrpc":"2.0","id":0,"method":"initialize","params":{{"protocolVersion":"{version}","capabilities":{{}},"clientInfo":{client}}}}}"#
    )
}

fn call(id: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"{TOOL}","arguments":{{}}}}}}"#)
}

fn call_of(tool: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}","arguments":{{}}}}}}"#)
}

#[test]
fn every_legacy_version_is_served_over_every_server() {
    for era in [Era::Dual, Era::Legacy, Era::Modern] {
        let gateway = Gateway::with(era, "");
        for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
            let answer = Session::open(&gateway, version).post(&call("1"));
            assert!(answer.message().contains("simple text response"), "{era:?} {version}: {}", answer.text());
        }
    }
}

#[test]
fn a_version_nobody_knows_gets_the_newest_legacy_one() {
    let gateway = Gateway::start();
    for version in ["1999-01-01", "2099-01-01", "2026-07-28"] {
        let answer = gateway.post_with(&[], initialize(version).as_bytes());
        assert!(answer.message().contains(r#""protocolVersion":"2025-11-25""#), "{version}: {}", answer.text());
    }
}

#[test]
fn a_session_that_declared_nothing_is_told_when_a_tool_needs_its_model() {
    for era in [Era::Legacy, Era::Modern] {
        let gateway = Gateway::with(era, "");
        let answer = Session::open(&gateway, "2025-11-25").post(&call_of("test_input_required_result_sampling"));
        assert!(answer.is_error(), "{era:?}: {}", answer.text());
        assert!(answer.text().contains("declare"), "{era:?}: {}", answer.text());
    }
}

#[test]
fn a_page_to_visit_first_is_told_to_a_session_as_its_server_said_it() {
    let gateway = Gateway::with(Era::Legacy, "");
    let session = Session::open(&gateway, "2025-11-25");
    let answer = session.post(&call_of("test_elicitation_required"));
    assert_eq!(answer.code(), Some(-32042), "{}", answer.text());
    assert!(answer.text().contains(r#""url":"https://example.com/sign-in""#), "{}", answer.text());
    let answer = session.post(&call_of("test_elicitation_required"));
    assert!(answer.text().contains("Visit: signed in"), "{}", answer.text());
}

#[test]
fn ids_of_a_session_come_back_as_the_same_token() {
    for era in [Era::Legacy, Era::Modern] {
        let gateway = Gateway::with(era, "");
        let session = Session::open(&gateway, "2025-11-25");
        for id in ["0", "-7", "9007199254740993", "18446744073709551615", "\"\"", "\"x\"", "\"\\u00e9\""] {
            let message = session.post(&call(id)).message();
            assert!(message.contains(&format!("\"id\":{id}")), "{era:?}: {id} came back in {message}");
        }
    }
}

#[test]
fn results_of_a_session_carry_nothing_of_the_modern_era() {
    let gateway = Gateway::with(Era::Modern, "");
    let session = Session::open(&gateway, "2025-11-25");
    let list = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
    for body in [call("1"), list.to_owned()] {
        let message = session.post(&body).message();
        for field in ["resultType", "ttlMs", "cacheScope"] {
            assert!(!message.contains(field), "{field} in {message}");
        }
    }
}

#[test]
fn a_batch_is_answered_where_the_version_has_batches() {
    let gateway = Gateway::start();
    let session = Session::open(&gateway, "2025-03-26");
    let answer = session.post(&format!("[{},{}]", call("1"), call("\"two\"")));
    assert_eq!(answer.status, 200, "{}", answer.text());
    for id in ["\"id\":1", "\"id\":\"two\""] {
        assert!(answer.text().contains(id), "{}", answer.text());
    }
}

#[test]
fn a_batch_is_refused_where_the_version_has_none() {
    let gateway = Gateway::start();
    let session = Session::open(&gateway, "2025-11-25");
    let answer = session.post(&format!("[{}]", call("1")));
    assert_eq!((answer.status, answer.code()), (400, Some(-32600)), "{}", answer.text());
}

#[test]
fn a_session_that_was_ended_is_not_found() {
    let gateway = Gateway::start();
    let session = Session::open(&gateway, "2025-11-25");
    assert!(matches!(session.delete().status, 200 | 202 | 204));
    assert_eq!(session.post(&call("1")).status, 404);
}

#[test]
fn a_session_nobody_opened_is_not_found() {
    let gateway = Gateway::start();
    let long = "x".repeat(4096);
    for id in ["nobody", "00000000-0000-0000-0000-000000000000", &long] {
        let session = Session { gateway: &gateway, header: format!("Mcp-Session-Id: {id}"), version: "2025-11-25" };
        assert_eq!(session.post(&call("1")).status, 404, "{id}");
    }
}

#[test]
fn a_modern_request_ignores_a_session() {
    let gateway = Gateway::start();
    let session = Session::open(&gateway, "2025-11-25");
    let body = e2e::wire::modern_call("1", TOOL, "{}");
    let mut headers = e2e::wire::modern_call_headers(TOOL);
    headers.push(session.header.clone());
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let answer = gateway.post_with(&headers, body.as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("mcp-session-id"), None);
}
