//! The other ways in: HTTP+SSE of 2024, WebSockets, unix sockets, stdin and stdout, and the verbs of the command line.
//! And the other ways out: WebSockets and unix sockets.

use std::process::{Command, Output};

use e2e::fixture::{Era, Fixture};
use e2e::program::{built, command};
use e2e::talk::Talk;
use e2e::wire::{META, modern_call};
use e2e::{Client, Node};
use serde_json::{Value, json};
use tempfile::TempDir;

#[test]
fn clients_of_2024_come_in_over_http_with_sse() {
    for era in [Era::Legacy, Era::Modern] {
        let fixture = Fixture::start(era);
        let node = Node::start(&fixture.configured("fixture"));
        let url = node.server("fixture").replace("/mcp", "/sse");
        for client in [Client::InspectorLegacy, Client::PythonLegacy, Client::TypeScriptV1] {
            let actions = [json!({ "do": "list_tools" }), json!({ "do": "call", "name": "test_simple_text" })];
            let outcomes = client.drive(&url, &actions).unwrap_or_else(|error| panic!("{client:?} {error}"));
            assert!(outcomes[1].line().contains("test_simple_text"), "{client:?} {}", outcomes[1].line());
            assert!(outcomes[2].line().contains("simple text response"), "{client:?} {}", outcomes[2].line());
        }
    }
}

#[test]
fn questions_reach_clients_of_2024_too() {
    let fixture = Fixture::start(Era::Modern);
    let node = Node::start(&fixture.configured("fixture"));
    let url = node.server("fixture").replace("/mcp", "/sse");
    let answer = json!({ "username": "ada", "email": "ada@example.com" });
    let ask = json!({ "do": "call", "name": "test_elicitation", "arguments": { "message": "Who?" }, "answer": answer });
    for client in [Client::PythonLegacy, Client::TypeScriptV1] {
        let outcomes =
            client.drive(&url, std::slice::from_ref(&ask)).unwrap_or_else(|error| panic!("{client:?} {error}"));
        assert_eq!(outcomes[1].asked(), ["Who?"], "{client:?} {}", outcomes[1].line());
        assert!(outcomes[1].line().contains("ada@example.com"), "{client:?} {}", outcomes[1].line());
    }
}

#[test]
fn clients_of_2024_come_in_to_a_bundle_and_to_everything() {
    let fixture = Fixture::start(Era::Modern);
    let bundle = "[bundles.all]\nservers = [\"fixture\"]\nnaming = \"bare\"\n";
    let node = Node::start(&format!("{}{bundle}", fixture.configured("fixture")));
    for (url, prefix) in [(node.bundle("all"), ""), (node.everything(), "fixture_")] {
        check_use(Client::TypeScriptV1, &url.replace("/mcp", "/sse"), prefix);
    }
}

#[test]
fn clients_come_in_over_a_websocket() {
    for era in [Era::Legacy, Era::Modern] {
        let fixture = Fixture::start(era);
        let node = Node::start(&fixture.configured("fixture"));
        let web_socket = |url: String| format!("{}/ws", url.replace("http:", "ws:"));
        check_use(Client::TypeScriptV1, &web_socket(node.server("fixture")), "");
        check_use(Client::TypeScriptV1, &web_socket(node.everything()), "fixture_");
    }
}

#[test]
fn clients_of_both_eras_come_in_over_a_unix_socket() {
    for era in [Era::Legacy, Era::Modern] {
        let fixture = Fixture::start(era);
        let node = Node::start(&fixture.configured("fixture"));
        check_both_eras(&node.socket(), "fixture_");
    }
}

#[test]
fn servers_of_every_era_are_reached_over_a_websocket() {
    for era in [Era::Dual, Era::Legacy, Era::Modern] {
        let fixture = Fixture::start_on_websockets(era);
        let node = Node::start(&fixture.configured("fixture"));
        check_both_eras(&node.server("fixture"), "");
    }
}

#[test]
fn servers_of_every_era_are_reached_over_a_unix_socket() {
    for era in [Era::Dual, Era::Legacy, Era::Modern] {
        let fixture = Fixture::start_on_a_unix_socket(era);
        let node = Node::start(&fixture.configured("fixture"));
        check_both_eras(&node.server("fixture"), "");
    }
}

fn check_both_eras(url: &str, prefix: &str) {
    check_use(Client::RmcpLegacy, url, prefix);
    check_use(Client::RmcpAuto, url, prefix);
}

/// Lets `client` use the fixture at `url`, where each name begins with `prefix`: a list, a call, its error, progress, a
/// cancel, a resource, a prompt, a completion and a question.
fn check_use(client: Client, url: &str, prefix: &str) {
    let tool = |action: &str, name: &str, arguments: Value| {
        let answer = json!({ "username": "ada", "email": "ada@example.com" });
        json!({ "do": action, "name": format!("{prefix}{name}"), "arguments": arguments, "answer": answer })
    };
    let prompt = format!("{prefix}test_prompt_with_arguments");
    let steps = [
        (json!({ "do": "list_tools" }), "test_simple_text"),
        (tool("call", "test_simple_text", json!({})), "simple text response"),
        (tool("call", "test_error_handling", json!({})), "intentionally returns an error"),
        (tool("progress", "test_tool_with_progress", json!({})), "50"),
        (tool("cancel", "slow", json!({ "ms": 60_000 })), r#""cancelled":true"#),
        (tool("call", "take_cancelled", json!({})), "one call was cancelled"),
        (json!({ "do": "read", "uri": "test://static-text" }), "static text resource"),
        (tool("prompt", "test_prompt_with_arguments", json!({ "arg1": "x", "arg2": "y" })), "arg1='x'"),
        (
            json!({ "do": "complete", "ref": { "type": "ref/prompt", "name": prompt }, "argument": { "name": "arg1", "value": "" } }),
            "completion",
        ),
        (tool("call", "test_elicitation", json!({ "message": "Who?" })), "ada@example.com"),
    ];
    let actions: Vec<Value> = steps.iter().map(|(action, _)| action.clone()).collect();
    let outcomes = client.drive(url, &actions).unwrap_or_else(|error| panic!("{client:?} at {url} {error}"));
    for ((action, expected), outcome) in steps.iter().zip(&outcomes[1..]) {
        let line = outcome.line();
        assert!(line.contains(expected), "{client:?} at {url} did {action} and saw {line}");
    }
}

/// `switchboard stdio` in front of a fixture, and the folder of its configuration.
fn stdio(fixture: &Fixture, arguments: &[&str]) -> (Talk, TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("switchboard.toml");
    std::fs::write(&file, fixture.configured("fixture")).expect("a temporary file can be written");
    let mut command = command(built("switchboard"));
    command.arg("stdio").arg("--config").arg(&file).args(arguments).env("SWITCHBOARD_STATE_DIR", folder.path());
    (Talk::start(&mut command), folder)
}

#[test]
fn a_legacy_desktop_client_speaks_on_stdin_and_stdout() {
    let fixture = Fixture::start(Era::Modern);
    let (mut talk, _folder) = stdio(&fixture, &[]);
    let client = r#"{"name":"desk","version":"1"}"#;
    talk.say(&format!(
        r#"{{"jsonrpc":"2.0","id":0,"method":"initialize","params":{{"protocolVersion":"2025-11-25","capabilities":{{}},"clientInfo":{client}}}}}"#
    ));
    assert_eq!(talk.hear_answer(&json!(0))["result"]["protocolVersion"], "2025-11-25");
    talk.say(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    talk.say(r#"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"fixture_test_simple_text"}}"#);
    let answer = talk.hear_answer(&json!("a"));
    assert!(answer.to_string().contains("simple text response"), "{answer}");
    assert!(talk.ends_when_left());
}

#[test]
fn a_modern_desktop_client_speaks_on_stdin_and_stdout() {
    let fixture = Fixture::start(Era::Legacy);
    let (mut talk, _folder) = stdio(&fixture, &["--server", "fixture"]);
    talk.say(&format!(r#"{{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{{"_meta":{META}}}}}"#));
    let discovered = talk.hear_answer(&json!(1));
    assert_eq!(discovered["result"]["supportedVersions"][0], "2026-07-28", "{discovered}");
    talk.say(&modern_call("2", "test_simple_text", "{}"));
    let answer = talk.hear_answer(&json!(2));
    assert!(answer.to_string().contains("simple text response"), "{answer}");
    assert!(talk.ends_when_left());
}

#[test]
fn nonsense_on_stdin_is_answered_and_survived() {
    let fixture = Fixture::start(Era::Dual);
    let (mut talk, _folder) = stdio(&fixture, &["--server", "fixture"]);
    for nonsense in ["{", "[]", "null", "hello", "{}"] {
        talk.say(nonsense);
        assert!(talk.hear().contains("\"error\""), "{nonsense}");
    }
    talk.say(&modern_call("2", "test_simple_text", "{}"));
    assert!(talk.hear_answer(&json!(2)).to_string().contains("simple text response"));
}

#[test]
fn the_command_line_lists_and_calls_the_tools_of_a_node() {
    let fixture = Fixture::start(Era::Dual);
    let node = Node::start(&fixture.configured("fixture"));
    let verb =
        |arguments: &[&str]| run(command(built("switchboard")).args(arguments).args(["--url", &node.everything()]));
    let (code, text) = verb(&["tools"]);
    assert!(code == Some(0) && text.contains("fixture_test_simple_text"), "{code:?} {text}");
    let (code, text) = verb(&["call", "fixture_test_simple_text"]);
    assert!(code == Some(0) && text.contains("simple text response"), "{code:?} {text}");
    let (code, text) = verb(&["call", "fixture_test_error_handling"]);
    assert!(code == Some(1), "{code:?} {text}");
}

#[test]
fn the_command_line_calls_a_tool_that_is_not_listed() {
    let fixture = Fixture::start(Era::Dual);
    let node = Node::start(&format!("[tools]\nsearch = \"on\"\n{}", fixture.configured("fixture")));
    let call = |arguments: &[&str]| {
        run(command(built("switchboard")).arg("call").args(arguments).args(["--url", &node.everything()]))
    };
    let (code, text) = call(&["fixture_test_simple_text"]);
    assert!(code == Some(0) && text.contains("simple text response"), "{code:?} {text}");
    let (code, text) = call(&["fixture_slow", "ms=3"]);
    assert!(code == Some(0) && text.contains("waited 3 ms"), "{code:?} {text}");
    let (code, text) = call(&["fixture_nowhere"]);
    assert!(code == Some(3) && text.contains("there is no tool `fixture_nowhere`"), "{code:?} {text}");
}

/// The exit code of `command` and what it said, stdout first.
fn run(command: &mut Command) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = command.output().expect("a built program starts");
    (status.code(), String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
}
