//! The verbs as an operator meets them: words in, stdout, stderr and exit code out.

mod fake;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use clap::Parser;
use cli::{Cli, Exit, Terminal, Verb};
use fake::FakeNode;
use serde_json::{Value, json};

/// A writer that can be read afterwards.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Page {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// Runs `words`; gives the exit, stdout and stderr.
async fn run(words: &[&str]) -> (Exit, String, String) {
    let (out, talk) = (Page::default(), Page::default());
    let mut terminal = Terminal::plain(out.clone(), talk.clone());
    let typed = Cli::try_parse_from([&["switchboard"], words].concat()).unwrap();
    let result = match typed.verb {
        Verb::Config(verb) => verb.run(&mut terminal),
        Verb::Tools(verb) => verb.run(&mut terminal).await,
        Verb::Call(verb) => verb.run(&mut terminal).await,
        Verb::Serve(_) | Verb::Stdio(_) => panic!("not run by this crate"),
    };
    let exit = terminal.end(result);
    (exit, out.text(), talk.text())
}

fn result(result: &Value) -> (&'static str, String) {
    ("application/json", json!({ "jsonrpc": "2.0", "id": 1, "result": result }).to_string())
}

/// Two pages of tools, and the answer of `call` to any call.
fn node(call: impl Fn(&Value) -> (&'static str, String) + Send + 'static) -> FakeNode {
    FakeNode::start(move |request| match request.body["method"].as_str() {
        Some("tools/list") if request.body["params"]["cursor"] == "2" => result(&json!({
            "tools": [{ "name": "git_log", "description": "The commits.\nNewest first.", "inputSchema": {
                "type": "object",
                "properties": {
                    "count": { "type": "integer" },
                    "region": { "type": "string", "x-mcp-header": "Region" },
                },
                "additionalProperties": false,
            } }],
            "resultType": "complete",
        })),
        Some("tools/list") => result(&json!({
            "tools": [{ "name": "echo", "description": "Says it again.", "inputSchema": { "type": "object" } }],
            "nextCursor": "2",
            "resultType": "complete",
        })),
        _ => call(&request.body),
    })
}

fn says(text: &str) -> (&'static str, String) {
    result(&json!({ "content": [{ "type": "text", "text": text }], "resultType": "complete" }))
}

#[tokio::test]
async fn tools_are_listed_over_all_pages() {
    let node = node(|_| says(""));
    let (exit, out, talk) = run(&["tools", "--url", &format!("{}/mcp", node.url)]).await;
    assert_eq!((exit, talk.as_str()), (Exit::Done, ""));
    assert_eq!(out, "echo     Says it again.\ngit_log  The commits.\n");
}

#[tokio::test]
async fn tools_of_one_server_come_from_its_endpoint_as_json() {
    let node = node(|_| says(""));
    let (exit, out, _) = run(&["tools", "git_*", "--json", "--server", "git", "--url", &node.url]).await;
    let tools: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((exit, &tools[0]["name"], tools.as_array().unwrap().len()), (Exit::Done, &json!("git_log"), 1));
    assert!(node.requests().iter().all(|request| request.path == "/servers/git/mcp"));
}

#[tokio::test]
async fn call_is_typed_mirrored_and_printed() {
    let node = node(|_| says("42 commits"));
    let (exit, out, talk) = run(&["call", "git_log", "count=42", "region=é", "--url", &node.url]).await;
    assert_eq!((exit, out.as_str(), talk.as_str()), (Exit::Done, "42 commits\n", ""));
    let call = node.requests().pop().unwrap();
    assert_eq!(call.body["params"]["arguments"], json!({ "count": 42, "region": "é" }));
    let meta = &call.body["params"]["_meta"];
    assert_eq!(meta["io.modelcontextprotocol/protocolVersion"], "2026-07-28");
    assert_eq!(meta["io.modelcontextprotocol/clientCapabilities"], json!({}));
    for header in [
        "mcp-protocol-version: 2026-07-28",
        "mcp-method: tools/call",
        "mcp-name: git_log",
        "mcp-param-region: =?base64?w6k=?=",
        "accept: application/json, text/event-stream",
    ] {
        assert!(call.head.contains(&header.to_lowercase()), "{header} is missing in {}", call.head);
    }
}

#[tokio::test]
async fn progress_is_talk_and_the_answer_is_data() {
    let node = node(|_| {
        let progress = json!({ "jsonrpc": "2.0", "method": "notifications/progress",
            "params": { "progressToken": 1, "progress": 1, "total": 2, "message": "reading" } });
        let (_, answer) = says("done");
        ("text/event-stream", format!(": hello\n\ndata: {progress}\n\ndata: {answer}\n\n"))
    });
    let (exit, out, talk) = run(&["call", "echo", "--json", r#"{"a":[1]}"#, "--url", &node.url]).await;
    assert_eq!((exit, out.as_str(), talk.as_str()), (Exit::Done, "done\n", "progress: 1/2 reading\n"));
    assert_eq!(node.requests().pop().unwrap().body["params"]["arguments"], json!({ "a": [1] }));
}

#[tokio::test]
async fn failure_of_the_tool_is_exit_1() {
    let node = node(|_| result(&json!({ "content": [{ "type": "text", "text": "no such file" }], "isError": true })));
    let (exit, out, talk) = run(&["call", "echo", "--url", &node.url]).await;
    assert_eq!((exit, out.as_str()), (Exit::ToolFailed, "no such file\n"));
    assert_eq!(talk, "error: the tool `echo` failed\n");
}

#[tokio::test]
async fn unknown_tool_is_hinted_and_never_called() {
    let node = node(|_| panic!("called"));
    let (exit, _, talk) = run(&["call", "git_lgo", "--url", &node.url]).await;
    assert_eq!(exit, Exit::Usage);
    assert_eq!(talk, "error: there is no tool `git_lgo`\nhint: did you mean `git_log`?\n");
}

#[tokio::test]
async fn node_that_does_not_run_is_exit_3() {
    let socket = tempfile::tempdir().unwrap();
    let url = format!("unix:{}", socket.path().join("none.sock").display());
    let (exit, out, talk) = run(&["tools", "--url", &url]).await;
    assert_eq!((exit, out.as_str()), (Exit::Unreachable, ""));
    assert!(talk.starts_with("error: cannot reach a node at unix:"), "{talk}");
    assert!(talk.ends_with("hint: start one with `switchboard serve`, or name another with `--url`\n"), "{talk}");
}

#[tokio::test]
async fn answer_that_is_an_error_or_no_mcp_is_exit_4() {
    let refused = json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": -32602, "message": "no" } }).to_string();
    let cases = [
        (("application/json", refused), "error: the node answered: no (-32602)"),
        (("text/html", "<html>".to_owned()), "http status 200"),
        (("text/event-stream", "data: {}\n\n".to_owned()), "the stream ended without an answer"),
        (result(&json!({ "resultType": "input_required" })), "error: the tool asks a question"),
        (result(&json!({ "resultType": "riddle" })), "a result of the unknown type `riddle`"),
    ];
    for (answer, expected) in cases {
        let node = node(move |_| answer.clone());
        let (exit, _, talk) = run(&["call", "echo", "--url", &node.url]).await;
        assert_eq!(exit, Exit::Protocol, "{talk}");
        assert!(talk.contains(expected), "{talk}");
    }
}

#[tokio::test]
async fn check_says_every_problem_and_is_exit_2() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("switchboard.toml");
    std::fs::write(&path, "[limits]\ncall_ms_mx = 1\n\n[servers.git]\n").unwrap();
    let file = path.to_str().unwrap();
    let (exit, out, talk) = run(&["config", "check", "--config", file]).await;
    assert_eq!((exit, out.as_str()), (Exit::Usage, ""));
    let expected = [
        "FILE:2:1: limits.call_ms_mx: unknown key\nhint: did you mean `call_ms_max`?",
        "FILE:4:10: servers.git: neither `command` nor `url` is given\n\
         hint: give `command` to run a program, or `url` to reach a server",
        "the configuration has 2 problems\n",
    ];
    assert_eq!(talk.replace(file, "FILE"), format!("error: {}", expected.join("\nerror: ")));
}

#[tokio::test]
async fn show_prints_what_check_accepts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("switchboard.toml");
    let (exit, shown, _) = run(&["config", "show"]).await;
    assert_eq!(exit, Exit::Done);
    std::fs::write(&path, shown).unwrap();
    let (exit, out, _) = run(&["config", "check", "--config", path.to_str().unwrap()]).await;
    assert_eq!(exit, Exit::Done);
    assert!(out.ends_with(": no problems\n"), "{out}");
}

#[tokio::test]
async fn schema_is_the_schema_of_the_configuration() {
    let (exit, out, _) = run(&["config", "schema"]).await;
    let schema: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((exit, schema), (Exit::Done, config::schema()));
}
