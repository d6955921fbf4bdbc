//! What the tools do with what is wrong, and with what is meant to do harm.

use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use crate::client::{Client, SECRET};

#[tokio::test]
async fn what_is_wrong_has_its_code_and_its_argument() {
    let mut client = Client::new();
    client.put("a.txt", "one two one");
    client.put("dir/b.txt", "b");
    client.put("image.png", [0x89, b'P', 0, 1]);
    for (tool, arguments, code, field) in [
        ("read_file", json!({}), "INVALID_INPUT", "path"),
        ("read_file", json!({"path": "none"}), "NOT_FOUND", "path"),
        ("read_file", json!({"path": "dir"}), "INVALID_INPUT", "path"),
        ("read_file", json!({"path": "a.txt", "max_size": 3}), "TOO_LARGE", "path"),
        ("read_file", json!({"path": "a.txt", "max_size": 0}), "INVALID_INPUT", "max_size"),
        ("read_file", json!({"path": "a.txt", "start_line": 9}), "INVALID_INPUT", "start_line"),
        ("read_file", json!({"path": "a.txt", "encoding": "latin1"}), "INVALID_INPUT", "encoding"),
        ("read_file", json!({"path": "image.png"}), "INVALID_INPUT", "encoding"),
        ("read_file", json!({"path": "a.txt", "filePath": "dir/b.txt"}), "INVALID_INPUT", "path"),
        ("read_file", json!({"path": "a.txt", "pth": "x"}), "INVALID_INPUT", "pth"),
        ("write_file", json!({"path": "lib.so", "content": "x"}), "PATH_DENIED", "path"),
        ("write_file", json!({"path": "dir", "content": "x"}), "INVALID_INPUT", "path"),
        ("write_file", json!({"path": "a.txt/b", "content": "x"}), "NOT_FOUND", "path"),
        ("write_file", json!({"path": "x.txt", "content": "§", "encoding": "base64"}), "INVALID_INPUT", "content"),
        ("write_file", json!({"path": "no/x.txt", "content": "x", "create_dirs": false}), "NOT_FOUND", "path"),
        (
            "write_file",
            json!({"path": "a.txt", "content": "x", "expect_digest": "sha256:0"}),
            "CONFLICT",
            "expect_digest",
        ),
        ("edit_file", json!({"path": "a.txt", "edits": []}), "INVALID_INPUT", "edits"),
        ("edit_file", json!({"path": "a.txt", "edits": [{"old": "one", "new": "1"}]}), "INVALID_INPUT", "edits[0].old"),
        ("edit_file", json!({"path": "a.txt", "edits": [{"old": "six", "new": "6"}]}), "INVALID_INPUT", "edits[0].old"),
        ("edit_file", json!({"path": "a.txt", "edits": [{"old": "two", "nw": "2"}]}), "INVALID_INPUT", "edits[0].nw"),
        ("edit_file", json!({"path": "none.txt", "edits": [{"old": "a", "new": "b"}]}), "NOT_FOUND", "path"),
        ("delete_file", json!({"path": "a.txt"}), "CONFIRMATION_REQUIRED", "confirm"),
        ("delete_file", json!({"path": "none", "confirm": true}), "NOT_FOUND", "path"),
        ("delete_file", json!({"path": "dir", "confirm": true}), "INVALID_INPUT", "recursive"),
        ("delete_file", json!({"path": ".", "recursive": true, "confirm": true}), "PATH_DENIED", "path"),
        ("create_directory", json!({"path": "a.txt"}), "ALREADY_EXISTS", "path"),
        ("create_directory", json!({"path": "a.txt/b"}), "NOT_FOUND", "path"),
        ("move_path", json!({"path": "a.txt", "to": "dir/b.txt"}), "ALREADY_EXISTS", "to"),
        ("move_path", json!({"path": "a.txt", "to": "a.exe"}), "PATH_DENIED", "to"),
        ("move_path", json!({"path": "dir", "to": "dir/below"}), "INVALID_INPUT", "to"),
        ("list_directory", json!({"path": "a.txt"}), "NOT_FOUND", "path"),
        ("list_directory", json!({"path": ".", "pattern": "["}), "INVALID_INPUT", "pattern"),
        ("list_directory", json!({"path": ".", "limit": 0}), "INVALID_INPUT", "limit"),
        ("list_directory", json!({"path": ".", "max_depth": 1_000}), "INVALID_INPUT", "max_depth"),
        ("find_in_files", json!({"path": ".", "query": ""}), "INVALID_INPUT", "query"),
        ("find_in_files", json!({"path": ".", "query": "(", "regex": true}), "INVALID_INPUT", "query"),
        ("find_in_files", json!({"path": "none", "query": "x"}), "NOT_FOUND", "path"),
        ("find_in_files", json!({"path": ".", "query": "x", "context": 99}), "INVALID_INPUT", "context"),
        (
            "replace_in_files",
            json!({"path": ".", "query": "a", "replacement": "b"}),
            "CONFIRMATION_REQUIRED",
            "confirm",
        ),
        (
            "replace_in_files",
            json!({"path": ".", "query": "x*", "replacement": "b", "regex": true, "confirm": true}),
            "INVALID_INPUT",
            "query",
        ),
        ("project_tree", json!({"path": ".", "depth": 0}), "INVALID_INPUT", "depth"),
        ("project_tree", json!({"path": ".", "format": "xml"}), "INVALID_INPUT", "format"),
        ("analyze_performance", json!({"path": "none"}), "NOT_FOUND", "path"),
        ("analyze_performance", json!({"path": "../secret"}), "PATH_DENIED", "path"),
        ("analyze_performance", json!({"path": ".", "target": "all"}), "INVALID_INPUT", "target"),
        ("analyze_performance", json!({"path": ".", "target": "command"}), "INVALID_INPUT", "command"),
        ("analyze_performance", json!({"path": ".", "command": "python a.py"}), "INVALID_INPUT", "command"),
        ("analyze_performance", json!({"path": ".", "target": "command", "command": "'"}), "INVALID_INPUT", "command"),
        ("analyze_performance", json!({"path": "a.txt", "target": "tests"}), "INVALID_INPUT", "path"),
        ("analyze_performance", json!({"path": "dir", "target": "tests"}), "FORBIDDEN", "target"),
        ("analyze_performance", json!({"path": ".", "timeout_s": 9_999}), "INVALID_INPUT", "timeout_s"),
    ] {
        assert_eq!(
            client.bad(tool, arguments.clone()).await,
            (code.to_owned(), field.to_owned()),
            "{tool} {arguments}"
        );
    }
    assert_eq!(client.text("a.txt"), "one two one");
    client.assert_outside_is_untouched();
}

/// Texts that want to lead out, to run, or to break something.
fn hostile(client: &Client) -> Vec<String> {
    let secret = client.on_disk("").parent().expect("a folder").join("secret").display().to_string();
    let mut texts: Vec<String> = [
        "../secret",
        "..",
        "./../secret",
        "dir/../../secret",
        "out",
        "out/secret",
        "/etc/passwd",
        "/etc/shadow",
        "/proc/self/environ",
        "~/.ssh/id_rsa",
        "~root",
        "a\0b",
        "",
        "--help",
        "-rf",
        "; touch pwned",
        "$(touch pwned)",
        "`touch pwned`",
        "| sh",
        "a\nb",
        "..\\secret",
        "%2e%2e/secret",
        "file:///etc/passwd",
        "\u{202e}txt",
        "\u{2024}\u{2024}/secret",
        "*",
        "CON",
    ]
    .map(str::to_owned)
    .into();
    texts.extend([secret, "x".repeat(100_000), "../".repeat(1_000), "a/".repeat(2_000)]);
    texts
}

#[tokio::test]
async fn no_text_in_any_argument_of_any_tool_leads_out() {
    let mut client = Client::new();
    client.put("a.txt", "a");
    client.put("dir/b.txt", "b");
    crate::git::repository(&client, "app");
    symlink("..", client.on_disk("out")).expect("a link");
    let tools = client.request("tools/list", json!({})).await["result"]["tools"].clone();
    let tools = tools.as_array().expect("tools");
    let mut calls = 0;
    for tool in tools {
        let name = tool["name"].as_str().expect("a name");
        let properties = tool["inputSchema"]["properties"].as_object().expect("properties");
        let is_text = |schema: &Value| {
            schema["type"] == "string"
                || schema["type"].as_array().is_some_and(|types| types.contains(&json!("string")))
        };
        for argument in properties.iter().filter(|(_, schema)| is_text(schema)).map(|(argument, _)| argument) {
            for text in hostile(&client) {
                let mut arguments = usual(name);
                arguments[argument] = json!(text);
                let result = client.call(name, &arguments).await;
                assert!(!result.to_string().contains(SECRET), "{name} {argument}={text:?}: {result}");
                assert_ne!(
                    result["_meta"]["dev.switchboard/error"]["code"], "INTERNAL_ERROR",
                    "{name} {argument}={text:?}: {result}"
                );
                calls += 1;
            }
        }
    }
    assert!(calls > 500, "{calls}");
    client.assert_outside_is_untouched();
    assert!(!client.on_disk("pwned").exists());
}

/// Arguments with which a tool does something harmless.
fn usual(tool: &str) -> Value {
    match tool {
        "write_file" => json!({"path": "new.txt", "content": "x"}),
        "edit_file" => json!({"path": "a.txt", "edits": [{"old": "a", "new": "a"}]}),
        "delete_file" => json!({"path": "none.txt", "confirm": true}),
        "move_path" => json!({"path": "none.txt", "to": "new.txt"}),
        "find_in_files" => json!({"path": "dir", "query": "x"}),
        "replace_in_files" => json!({"path": "dir", "query": "none", "replacement": "x", "confirm": true}),
        "analyze_performance" => json!({"path": "app", "target": "command", "command": "python none.py"}),
        "git_commit" => json!({"path": "app", "message": "x"}),
        "git_checkout" => json!({"path": "app", "ref": "main"}),
        "git_clone" => json!({"url": "none", "path": "copy"}),
        "git_push" => json!({"path": "app", "branch": "main"}),
        "git_resolve_conflict" => json!({"path": "app", "file": "a.txt", "resolution": "ours"}),
        git if git.starts_with("git_") && git != "git_init" => json!({"path": "app"}),
        _ => json!({"path": "."}),
    }
}
