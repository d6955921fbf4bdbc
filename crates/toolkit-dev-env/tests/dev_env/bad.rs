//! What the tools do with what is wrong, and with what is meant to do harm.

use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use crate::client::{Client, SECRET, client};

#[tokio::test]
async fn what_is_wrong_has_its_code_and_its_argument() {
    let mut client = client();
    client.put("a.txt", "a");
    client.put("taken/a.txt", "a");
    client.put("two/package.json", r#"{"scripts": {"lint": "exit 1"}}"#);
    client.put("two/Cargo.toml", "");
    client.put("n.ipynb", r#"{"cells": [{"cell_type": "raw", "metadata": {}, "source": []}], "nbformat": 4}"#);
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
        ("setup_python_env", json!({}), "INVALID_INPUT", "path"),
        ("setup_python_env", json!({"path": "none"}), "NOT_FOUND", "path"),
        ("setup_python_env", json!({"path": "taken", "env_name": "../x"}), "INVALID_INPUT", "env_name"),
        ("setup_python_env", json!({"path": "taken", "env_name": "-x"}), "INVALID_INPUT", "env_name"),
        ("setup_python_env", json!({"path": ".", "env_name": "taken"}), "ALREADY_EXISTS", "env_name"),
        ("setup_python_env", json!({"path": "taken", "python_version": "latest"}), "INVALID_INPUT", "python_version"),
        ("setup_python_env", json!({"path": "taken", "python_version": "2.7"}), "NOT_SUPPORTED", "python_version"),
        ("setup_python_env", json!({"path": "taken", "tool": "pipenv"}), "INVALID_INPUT", "tool"),
        ("setup_python_env", json!({"path": "taken", "useConda": true, "tool": "uv"}), "INVALID_INPUT", "tool"),
        ("setup_python_env", json!({"path": "taken", "requirements": "none.txt"}), "NOT_FOUND", "requirements"),
        ("setup_python_env", json!({"path": "taken", "requirements": "../.."}), "PATH_DENIED", "requirements"),
        ("setup_node_env", json!({"path": "none"}), "NOT_FOUND", "path"),
        ("setup_node_env", json!({"path": "taken", "package_manager": "bower"}), "INVALID_INPUT", "package_manager"),
        ("setup_node_env", json!({"path": "taken", "node_version": "lts/*"}), "INVALID_INPUT", "node_version"),
        ("setup_env", json!({"path": "taken"}), "INVALID_INPUT", "language"),
        ("setup_env", json!({"path": "taken", "language": "cobol"}), "INVALID_INPUT", "language"),
        ("setup_env", json!({"path": "taken", "language": "rust", "version": "$(id)"}), "INVALID_INPUT", "version"),
        ("install_dependencies", json!({"path": "taken"}), "NOT_FOUND", "path"),
        ("install_dependencies", json!({"path": "two"}), "INVALID_INPUT", "type"),
        ("install_dependencies", json!({"path": "two", "type": "go"}), "NOT_FOUND", "path"),
        (
            "install_dependencies",
            json!({"path": "two", "type": "node", "packages": ["-g"]}),
            "INVALID_INPUT",
            "packages",
        ),
        (
            "install_dependencies",
            json!({"path": "two", "type": "node", "packages": ["git+https://h/x"]}),
            "INVALID_INPUT",
            "packages",
        ),
        (
            "install_dependencies",
            json!({"path": "two", "type": "node", "packages": ["../../../x"]}),
            "PATH_DENIED",
            "packages",
        ),
        (
            "install_dependencies",
            json!({"path": "two", "type": "node", "packages": ["./none"]}),
            "NOT_FOUND",
            "packages",
        ),
        ("list_envs", json!({"path": "none"}), "NOT_FOUND", "path"),
        ("list_envs", json!({"depth": 0}), "INVALID_INPUT", "depth"),
        ("list_envs", json!({"type": "cobol"}), "INVALID_INPUT", "type"),
        ("auto_setup", json!({"path": "taken"}), "NOT_FOUND", "path"),
        ("auto_setup", json!({"path": "two", "steps": ["all"]}), "INVALID_INPUT", "steps[0]"),
        ("auto_setup", json!({"path": "two", "undo": "../../x"}), "NOT_FOUND", "undo"),
        ("auto_setup", json!({"path": "two", "undo": "0123456789abcdef01234567"}), "NOT_FOUND", "undo"),
        ("list_notebooks", json!({"path": "none"}), "NOT_FOUND", "path"),
        ("read_notebook", json!({"path": "a.txt"}), "INVALID_INPUT", "path"),
        ("read_notebook", json!({"path": "none.ipynb"}), "NOT_FOUND", "path"),
        ("read_notebook", json!({"path": "n.ipynb", "cells": [7]}), "INVALID_INPUT", "cells"),
        ("edit_notebook", json!({"path": "n.ipynb", "cells": []}), "INVALID_INPUT", "cells"),
        ("edit_notebook", json!({"path": "n.ipynb", "cells": [{"cell": 3}]}), "INVALID_INPUT", "cells"),
        (
            "edit_notebook",
            json!({"path": "n.ipynb", "cells": [{"cell": 0, "txt": "x"}]}),
            "INVALID_INPUT",
            "cells[0].txt",
        ),
        ("run_notebook", json!({"path": "n.ipynb", "kernel": "../x"}), "INVALID_INPUT", "kernel"),
        ("run_notebook", json!({"path": "n.ipynb", "cells": [9]}), "INVALID_INPUT", "cells"),
        ("list_tasks", json!({"path": "none"}), "NOT_FOUND", "path"),
        ("run_task", json!({"path": "two"}), "INVALID_INPUT", "task"),
        ("run_task", json!({"path": "two", "task": "none"}), "NOT_FOUND", "task"),
        ("run_task", json!({"path": "two", "task": "lint", "args": ["a\0b"]}), "INVALID_INPUT", "args"),
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
        "setup_python_env" | "setup_node_env" | "install_dependencies" => json!({"path": ".", "dry_run": true}),
        "setup_env" => json!({"path": ".", "language": "rust", "dry_run": true}),
        "edit_notebook" => json!({"path": "n.ipynb", "cells": [{"cell": 0, "source": "x"}], "dry_run": true}),
        "run_notebook" => json!({"path": "n.ipynb", "dry_run": true}),
        "run_task" => json!({"path": ".", "task": "show", "dry_run": true}),
        _ => json!({"path": "."}),
    }
}

#[tokio::test]
async fn no_text_in_any_argument_of_any_tool_leads_out() {
    let mut client = client();
    client.put("a.txt", "a");
    client.put("package.json", r#"{"scripts": {"show": "exit 1"}}"#);
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
        for (argument, schema) in properties {
            let is_list = is_text(&schema["items"]);
            for text in hostile(&client).into_iter().filter(|_| is_list || is_text(schema)) {
                let mut arguments = usual(name);
                arguments[argument] = if is_list { json!([text]) } else { json!(text) };
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
