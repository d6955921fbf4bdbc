//! What the tools do with what is wrong, and with what is meant to do harm.

use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use crate::client::{Client, SECRET};

#[tokio::test]
async fn what_is_wrong_has_its_code_and_its_argument() {
    let mut client = Client::new();
    client.put("a.txt", "a");
    client.put("taken/a.txt", "a");
    let long = "x".repeat(101);
    for (tool, arguments, code, field) in [
        ("create_project", json!({"type": "python"}), "INVALID_INPUT", "name"),
        ("create_project", json!({"name": "a"}), "INVALID_INPUT", "type"),
        ("create_project", json!({"name": "a", "type": "cobol"}), "INVALID_INPUT", "type"),
        ("create_project", json!({"name": "a/b", "type": "rust"}), "INVALID_INPUT", "name"),
        ("create_project", json!({"name": "..", "type": "rust"}), "INVALID_INPUT", "name"),
        ("create_project", json!({"name": "a b", "type": "rust"}), "INVALID_INPUT", "name"),
        ("create_project", json!({"name": long, "type": "rust"}), "INVALID_INPUT", "name"),
        ("create_project", json!({"name": "a", "type": "rust", "template": "python-api"}), "INVALID_INPUT", "template"),
        ("create_project", json!({"name": "a", "type": "rust", "path": "../b"}), "PATH_DENIED", "path"),
        ("create_project", json!({"name": "a", "type": "rust", "path": "a.txt"}), "NOT_FOUND", "path"),
        ("create_project", json!({"name": "taken", "type": "rust"}), "ALREADY_EXISTS", "name"),
        ("create_project", json!({"name": "taken", "type": "rust", "dry_run": true}), "ALREADY_EXISTS", "name"),
        ("create_project", json!({"name": "a", "type": "rust", "git": false}), "INVALID_INPUT", "git"),
        ("list_templates", json!({"type": "cobol"}), "INVALID_INPUT", "type"),
        ("detect_project", json!({}), "INVALID_INPUT", "path"),
        ("detect_project", json!({"path": "none"}), "NOT_FOUND", "path"),
        ("detect_project", json!({"path": "a.txt"}), "NOT_FOUND", "path"),
        ("detect_project", json!({"path": "/etc"}), "PATH_DENIED", "path"),
    ] {
        assert_eq!(
            client.bad(tool, arguments.clone()).await,
            (code.to_owned(), field.to_owned()),
            "{tool} {arguments}"
        );
    }
    client.assert_outside_is_untouched();
}

/// Texts that want to lead out, to run, or to break something.
fn hostile(client: &Client) -> Vec<String> {
    let secret = client.on_disk("").parent().expect("a folder").join("secret").display().to_string();
    let mut texts: Vec<String> = [
        "../secret",
        "..",
        "out",
        "out/secret",
        "/etc/passwd",
        "/proc/self/environ",
        "~/.ssh/id_rsa",
        "a\0b",
        "",
        " ",
        "--help",
        "-rf",
        "--index-url=http://localhost:1/",
        "; touch pwned",
        "$(touch pwned)",
        "`touch pwned`",
        "| sh",
        "a\nb",
        "%2e%2e/secret",
        "file:///etc/passwd",
        "git+ext::sh -c touch% pwned",
        "\u{202e}txt",
        "*",
    ]
    .map(str::to_owned)
    .into();
    texts.extend([secret, "x".repeat(100_000), "../".repeat(1_000), "a/".repeat(2_000)]);
    texts
}

/// Arguments with which a tool comes to look at each of the others.
fn usual(tool: &str) -> Value {
    match tool {
        "create_project" => json!({"name": "new", "type": "generic", "git_init": false, "dry_run": true}),
        "list_templates" => json!({}),
        _ => json!({"path": "."}),
    }
}

#[tokio::test]
async fn no_text_in_any_argument_of_any_tool_leads_out() {
    let mut client = Client::new();
    client.put("a.txt", "a");
    symlink("..", client.on_disk("out")).expect("a link");
    let tools = client.request("tools/list", json!({})).await["result"]["tools"].clone();
    let mut calls = 0;
    for tool in tools.as_array().expect("tools") {
        let name = tool["name"].as_str().expect("a name");
        let properties = tool["inputSchema"]["properties"].as_object().expect("properties");
        let is_text = |schema: &Value| {
            let types = &schema["type"];
            types == "string" || types.as_array().is_some_and(|types| types.contains(&json!("string")))
        };
        for argument in properties.iter().filter(|(_, schema)| is_text(schema)).map(|(argument, _)| argument) {
            for text in hostile(&client) {
                let mut arguments = usual(name);
                arguments[argument] = json!(text);
                let result = client.call(name, &arguments).await;
                assert!(!result.to_string().contains(SECRET), "{name} {argument}={text:.40}");
                assert!(!client.on_disk("pwned").exists(), "{name} {argument}={text:.40}");
                calls += 1;
            }
        }
    }
    assert!(calls > 100, "only {calls} calls were made");
    client.assert_outside_is_untouched();
}
