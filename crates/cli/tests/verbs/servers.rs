//! The verbs that talk to an MCP server.

use crate::fake::node::FakeNode;
use crate::fake::shell::{Ended, run, run_answering};
use cli::Exit;
use serde_json::{Value, json};

fn result(result: &Value) -> (&'static str, String) {
    ("application/json", json!({ "jsonrpc": "2.0", "id": null, "result": result }).to_string())
}

fn says(text: &str) -> (&'static str, String) {
    result(&json!({ "content": [{ "type": "text", "text": text }], "resultType": "complete" }))
}

/// Two pages of tools, a prompt, two resources, and the answer of `call` to anything else.
fn node(call: impl Fn(&Value) -> (&'static str, String) + Send + 'static) -> FakeNode {
    FakeNode::start(move |request| match request.body["method"].as_str() {
        Some("server/discover") => result(&json!({ "supportedVersions": ["2026-07-28"], "capabilities": {} })),
        Some("tools/list") if request.body["params"]["cursor"] == "2" => result(&json!({
            "tools": [{ "name": "git_log", "description": "The commits.\nNewest first.", "inputSchema": {
                "type": "object",
                "properties": {
                    "count": { "type": "integer", "description": "How many." },
                    "region": { "type": "string", "x-mcp-header": "Region" },
                },
                "required": ["count"],
                "additionalProperties": false,
            } }],
            "_meta": { "dev.switchboard/servers": { "time": { "state": "unavailable", "reason": "it is late" } } },
        })),
        Some("tools/list") => result(&json!({
            "tools": [{ "name": "echo", "description": "Says it again.", "inputSchema": { "type": "object" } }],
            "nextCursor": "2",
            "resultType": "complete",
        })),
        Some("prompts/list") => result(&json!({ "prompts": [
            { "name": "review", "description": "Looks at code.", "arguments": [{ "name": "file", "required": true }] },
        ] })),
        Some("resources/list") => result(&json!({ "resources": [{ "uri": "file:///a.txt", "name": "a" }] })),
        Some("resources/templates/list") => {
            result(&json!({ "resourceTemplates": [{ "uriTemplate": "file:///{path}", "description": "Any file." }] }))
        }
        _ => call(&request.body),
    })
}

/// Runs `words` at `node`.
async fn run_at(node: &FakeNode, words: &[&str]) -> Ended {
    run(&[words, &["--url", &node.url]].concat()).await
}

#[tokio::test]
async fn tools_are_listed_over_all_pages_and_what_is_missing_is_named() {
    let node = node(|_| says(""));
    let ended = run_at(&node, &["tools"]).await;
    assert_eq!((ended.exit, ended.out.as_str()), (Exit::Done, "echo     Says it again.\ngit_log  The commits.\n"));
    assert_eq!(
        ended.talk,
        "warning: without the server `time`: it is late\nhint: `switchboard server test time` says more\n"
    );
}

#[tokio::test]
async fn long_list_shows_the_arguments() {
    let node = node(|_| says(""));
    let ended = run_at(&node, &["tools", "git_*", "--long"]).await;
    let expected =
        "git_log\n  The commits.\n  Newest first.\n  count (a whole number, required)  How many.\n  region (a text)\n";
    assert_eq!(ended.out, expected);
    let ended = run_at(&node, &["prompts", "--long"]).await;
    assert_eq!(ended.out, "review\n  Looks at code.\n  file (a text, required)\n");
}

#[tokio::test]
async fn resources_are_listed_with_their_templates() {
    let node = node(|_| says(""));
    let ended = run_at(&node, &["resources"]).await;
    assert_eq!(ended.out, "file:///a.txt   a\nfile:///{path}  Any file.\n");
    let ended = run_at(&node, &["resources", "nothing"]).await;
    assert_eq!((ended.exit, ended.out.as_str(), ended.talk.as_str()), (Exit::Done, "", "nothing to list\n"));
    let ended = run_at(&node, &["resources", "nothing", "--quiet", "--json"]).await;
    assert_eq!((ended.exit, ended.out.as_str(), ended.talk.as_str()), (Exit::Done, "[]\n", ""));
}

#[tokio::test]
async fn tools_of_one_server_come_from_its_endpoint_as_json() {
    let node = node(|_| says(""));
    let ended = run_at(&node, &["tools", "git_*", "--json", "--server", "git"]).await;
    let tools: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((ended.exit, &tools[0]["name"], tools.as_array().unwrap().len()), (Exit::Done, &json!("git_log"), 1));
    assert!(node.requests().iter().all(|request| request.path == "/servers/git/mcp"));
}

#[tokio::test]
async fn call_is_typed_mirrored_and_printed() {
    let node = node(|_| says("42 commits"));
    let ended = run_at(&node, &["call", "git_log", "count=42", "region=é"]).await;
    assert_eq!((ended.exit, ended.out.as_str(), ended.talk.as_str()), (Exit::Done, "42 commits\n", ""));
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
async fn result_is_json_where_a_program_reads_it() {
    let node = node(|_| says("42 commits"));
    let ended = run_at(&node, &["call", "echo", "--json"]).await;
    let result: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(result["content"][0]["text"], "42 commits");
}

#[tokio::test]
async fn missing_argument_is_asked_for_on_a_terminal_and_refused_elsewhere() {
    let node = node(|_| says("done"));
    let words = ["call", "git_log", "--url", &node.url];
    let ended = run_answering(&words, "many\n3\n").await;
    assert_eq!((ended.exit, ended.out.as_str()), (Exit::Done, "done\n"));
    let question = "count (a whole number): How many. ";
    assert_eq!(ended.talk, format!("{question}warning: `count`: expected a whole number\n{question}"));
    assert_eq!(node.requests().pop().unwrap().body["params"]["arguments"], json!({ "count": 3 }));
    let ended = run(&words).await;
    assert_eq!((ended.exit, ended.out.as_str()), (Exit::Usage, ""));
    assert_eq!(ended.talk, "error: argument `count` is required\nhint: give it as `count=VALUE`\n");
}

#[tokio::test]
async fn progress_is_talk_and_the_answer_is_data() {
    let node = node(|_| {
        let progress = json!({ "jsonrpc": "2.0", "method": "notifications/progress",
            "params": { "progressToken": 1, "progress": 1, "total": 2, "message": "reading" } });
        let (_, answer) = says("done");
        ("text/event-stream", format!(": hello\n\ndata: {progress}\n\ndata: {answer}\n\n"))
    });
    let ended = run_at(&node, &["call", "echo", r#"{"a":[1]}"#]).await;
    assert_eq!(
        (ended.exit, ended.out.as_str(), ended.talk.as_str()),
        (Exit::Done, "done\n", "progress: 1/2 reading\n")
    );
    assert_eq!(node.requests().pop().unwrap().body["params"]["arguments"], json!({ "a": [1] }));
    let ended = run_at(&node, &["call", "echo", "--quiet"]).await;
    assert_eq!((ended.out.as_str(), ended.talk.as_str()), ("done\n", ""));
}

/// A tool that asks who is there before it answers.
fn asking_node() -> FakeNode {
    node(|request| match &request["params"]["inputResponses"]["r1"] {
        Value::Null => result(&json!({
            "resultType": "input_required",
            "requestState": "sealed",
            "inputRequests": { "r1": { "method": "elicitation/create", "params": {
                "message": "Who is there?",
                "requestedSchema": { "type": "object", "properties": { "name": { "type": "string" } }, "required": ["name"] },
            } } },
        })),
        answer => says(&format!("{} {}", request["params"]["requestState"], answer)),
    })
}

#[tokio::test]
async fn question_of_the_tool_is_answered_on_the_terminal() {
    let node = asking_node();
    let ended = run_answering(&["call", "echo", "--url", &node.url], "ada\n").await;
    assert_eq!(ended.out, "\"sealed\" {\"action\":\"accept\",\"content\":{\"name\":\"ada\"}}\n");
    assert_eq!(ended.talk, "`echo` asks: Who is there? (Ctrl-D declines)\nname (a text): ");
    let declared =
        &node.requests().pop().unwrap().body["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"];
    assert_eq!(declared, &json!({ "elicitation": { "form": {}, "url": {} } }));
    let ended = run_answering(&["call", "echo", "--url", &node.url], "").await;
    assert_eq!(ended.out, "\"sealed\" {\"action\":\"decline\"}\n");
}

#[tokio::test]
async fn question_of_the_tool_fails_the_call_where_nobody_answers() {
    let ended = run_at(&asking_node(), &["call", "echo"]).await;
    assert_eq!(ended.exit, Exit::Failure);
    assert_eq!(
        ended.talk,
        "error: the server asks a question that cannot be answered here: nobody is there to answer\n\
         hint: call it from a terminal, where you can answer\n"
    );
}

#[tokio::test]
async fn exit_of_a_failed_tool_says_why() {
    let cases = [
        (json!({}), Exit::Failure),
        (json!({ "dev.switchboard/error": { "code": "UNAVAILABLE" } }), Exit::Unavailable),
        (json!({ "dev.switchboard/error": { "code": "FORBIDDEN" } }), Exit::Denied),
    ];
    for (meta, expected) in cases {
        let content = json!([{ "type": "text", "text": "no such file" }]);
        let node = node(move |_| result(&json!({ "content": content, "isError": true, "_meta": meta })));
        let ended = run_at(&node, &["call", "echo"]).await;
        assert_eq!((ended.exit, ended.out.as_str()), (expected, "no such file\n"));
        assert_eq!(ended.talk, "error: the tool `echo` failed\n");
    }
}

#[tokio::test]
async fn unknown_name_is_hinted_and_never_called() {
    let node = node(|_| panic!("called"));
    let ended = run_at(&node, &["call", "git_lgo"]).await;
    assert_eq!(ended.exit, Exit::NotFound);
    assert_eq!(ended.talk, "error: there is no tool `git_lgo`\nhint: did you mean `git_log`?\n");
    let ended = run_at(&node, &["prompt", "reviw"]).await;
    assert_eq!(ended.exit, Exit::NotFound);
    assert_eq!(ended.talk, "error: there is no prompt `reviw`\nhint: did you mean `review`?\n");
}

#[tokio::test]
async fn prompt_is_filled_in_and_shown_by_role() {
    let node = node(|request| {
        assert_eq!(request["params"]["arguments"], json!({ "file": "a.rs" }));
        result(&json!({ "messages": [{ "role": "user", "content": { "type": "text", "text": "Review a.rs" } }] }))
    });
    let ended = run_at(&node, &["prompt", "review", "file=a.rs"]).await;
    assert_eq!((ended.exit, ended.out.as_str()), (Exit::Done, "user: Review a.rs\n"));
}

#[tokio::test]
async fn resource_is_read_as_text_also_from_bytes() {
    let node = node(|_| result(&json!({ "contents": [{ "text": "hello\n" }, { "blob": "d29ybGQ=" }] })));
    let ended = run_at(&node, &["read", "file:///a.txt"]).await;
    assert_eq!((ended.exit, ended.out.as_str()), (Exit::Done, "hello\n\nworld\n"));
}

#[tokio::test]
async fn resource_that_does_not_exist_is_exit_3() {
    let gone = json!({ "jsonrpc": "2.0", "id": null, "error": { "code": -32602, "message": "no" } }).to_string();
    let node = node(move |_| ("application/json", gone.clone()));
    let ended = run_at(&node, &["read", "file:///b.txt"]).await;
    assert_eq!(ended.exit, Exit::NotFound);
    assert_eq!(ended.talk, "error: there is no resource `file:///b.txt`\nhint: `switchboard resources` lists them\n");
}

#[tokio::test]
async fn node_that_does_not_run_is_exit_5() {
    let socket = tempfile::tempdir().unwrap();
    let url = format!("unix:{}", socket.path().join("none.sock").display());
    let ended = run(&["tools", "--url", &url]).await;
    assert_eq!((ended.exit, ended.out.as_str()), (Exit::Unavailable, ""));
    assert!(ended.talk.starts_with("error: cannot reach a node at unix:"), "{}", ended.talk);
    let hint = "hint: start one with `switchboard serve`, or name another with `--url`\n";
    assert!(ended.talk.ends_with(hint), "{}", ended.talk);
}

#[tokio::test]
async fn answer_that_is_an_error_or_no_mcp_is_a_failure() {
    let refused = json!({ "jsonrpc": "2.0", "id": null, "error": { "code": -32603, "message": "no" } }).to_string();
    let cases = [
        (("application/json", refused), "error: the answer was: no (-32603)"),
        (("text/html", "<html>".to_owned()), "http status 200"),
        (("text/event-stream", ": nothing\n\n".to_owned()), "the stream ended without an answer"),
        (result(&json!({ "resultType": "riddle" })), "a result of the unknown type `riddle`"),
    ];
    for (answer, expected) in cases {
        let node = node(move |_| answer.clone());
        let ended = run_at(&node, &["call", "echo"]).await;
        assert_eq!(ended.exit, Exit::Failure, "{}", ended.talk);
        assert!(ended.talk.contains(expected), "{}", ended.talk);
    }
}

#[tokio::test]
async fn check_says_every_problem_and_is_exit_2() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("switchboard.toml");
    std::fs::write(&path, "[limits]\ncall_ms_mx = 1\n\n[servers.git]\n").unwrap();
    let file = path.to_str().unwrap();
    let ended = run(&["config", "check", "--config", file]).await;
    assert_eq!((ended.exit, ended.out.as_str()), (Exit::Usage, ""));
    let expected = [
        "FILE:2:1: limits.call_ms_mx: unknown key\nhint: did you mean `call_ms_max`?",
        "FILE:4:10: servers.git: neither `command` nor `url` is given\n\
         hint: give `command` to run a program, `url` to reach a server, `toolkit` for a built-in one, or `openapi`, `rest`, `graphql` or `grpc` for an api",
        "the configuration has 2 problems\n",
    ];
    assert_eq!(ended.talk.replace(file, "FILE"), format!("error: {}", expected.join("\nerror: ")));
}

#[tokio::test]
async fn show_prints_what_check_accepts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("switchboard.toml");
    let file = path.to_str().unwrap();
    std::fs::write(&path, "[servers.git]\ncommand = \"git\"\n").unwrap();
    let shown = run(&["config", "show", "--config", file]).await;
    assert_eq!(shown.exit, Exit::Done);
    std::fs::write(&path, shown.out).unwrap();
    let ended = run(&["config", "check", "--config", file]).await;
    assert_eq!((ended.exit, ended.out), (Exit::Done, format!("{file}: no problems\n")));
    let ended = run(&["config", "show", "--json", "--config", file]).await;
    let shown: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(shown["servers"]["git"]["command"], "git");
}

#[tokio::test]
async fn schema_is_the_schema_of_the_configuration() {
    let ended = run(&["config", "schema"]).await;
    let schema: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((ended.exit, schema), (Exit::Done, config::schema()));
}

#[tokio::test]
async fn version_says_what_it_was_built_from_and_speaks() {
    let ended = run(&["version", "--json"]).await;
    let version: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    assert!(version["rust"].as_str().unwrap().starts_with("rustc 1."), "{version}");
    assert!(version["protocols"].as_array().unwrap().contains(&json!("2026-07-28")), "{version}");
    let ended = run(&["version"]).await;
    assert!(ended.out.starts_with(concat!("switchboard ", env!("CARGO_PKG_VERSION"), "\ncommit ")), "{}", ended.out);
}

#[tokio::test]
async fn manual_has_a_page_for_every_verb() {
    let folder = tempfile::tempdir().unwrap();
    let ended = run(&["man", "--out", folder.path().to_str().unwrap()]).await;
    assert_eq!(ended.exit, Exit::Done, "{}", ended.talk);
    let page = std::fs::read_to_string(folder.path().join("switchboard-call.1")).unwrap();
    assert!(page.contains("KEY=VALUE"), "{page}");
    let ended = run(&["man"]).await;
    assert!(ended.out.contains(".TH switchboard 1"), "{}", ended.out);
}

#[tokio::test]
async fn mistyped_verb_is_exit_2_and_help_is_data() {
    let ended = run(&["tols"]).await;
    assert_eq!((ended.exit, ended.out.as_str()), (Exit::Usage, ""));
    assert_eq!(ended.talk, "error: there is no verb `tols`\nhint: did you mean `tools`?\n");
    let ended = run(&["--help"]).await;
    assert_eq!((ended.exit, ended.talk.as_str()), (Exit::Done, ""));
    assert!(ended.out.contains("  5  a node or server cannot be reached"), "{}", ended.out);
}

#[tokio::test]
async fn node_that_runs_already_is_found_by_up() {
    let node = node(|_| says(""));
    let ended = run_at(&node, &["up"]).await;
    assert_eq!((ended.exit, ended.out), (Exit::Done, format!("a node runs at {}\n", node.url)));
}

#[tokio::test]
async fn completion_script_asks_this_program() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let ended = run(&["completions", shell]).await;
        assert_eq!(ended.exit, Exit::Done, "{}", ended.talk);
        assert!(ended.out.contains("SWITCHBOARD_COMPLETE"), "{shell}: {}", ended.out);
    }
    let ended = run(&["completions", "bsh"]).await;
    assert_eq!(ended.exit, Exit::Usage);
    assert!(ended.talk.ends_with("hint: did you mean `bash`?\n"), "{}", ended.talk);
}

#[tokio::test]
async fn verbs_of_the_node_are_exit_5_where_none_runs() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("unix:{}", folder.path().join("none.sock").display());
    let verbs: [&[&str]; 5] = [
        &["status"],
        &["logs"],
        &["server", "restart", "git"],
        &["server", "reset-breaker", "git"],
        &["server", "logs", "git"],
    ];
    for verb in verbs {
        let ended = run(&[verb, &["--url", &url]].concat()).await;
        assert_eq!((ended.exit, ended.out.as_str()), (Exit::Unavailable, ""), "{verb:?}");
        assert!(ended.talk.starts_with("error: no node of this user is running at "), "{}", ended.talk);
    }
}
