//! Built-in toolkits as clients meet them: alone on stdio, and behind the gateway under both families of names.

use std::fs;

use e2e::control::Control;
use e2e::program::{built, command};
use e2e::talk::Talk;
use e2e::wire::{self, META};
use e2e::{Client, Node, Outcome};
use serde_json::{Value, json};

/// One full client of each era.
const CLIENTS: [Client; 2] = [Client::PythonAuto, Client::TypeScriptV1];

fn call(name: &str, arguments: &Value) -> Value {
    json!({ "do": "call", "name": name, "arguments": arguments })
}

fn drive(client: Client, url: &str, actions: &[Value]) -> Vec<Outcome> {
    let mut outcomes = client.drive(url, actions).expect("the client comes to its end");
    outcomes.remove(0);
    outcomes
}

#[test]
fn a_toolkit_alone_is_a_server_of_both_eras() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a.txt"), "hello").expect("a file");
    let mut program = command(built("switchboard"));
    let mut talk = Talk::start(program.args(["toolkit", "project", "--root"]).arg(folder.path()));
    let modern = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {},
    });
    let params = json!({"name": "read_file", "arguments": {"path": "a.txt"}, "_meta": modern});
    talk.say(&json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).to_string());
    assert_eq!(talk.hear_answer(&json!(1))["result"]["structuredContent"]["content"], "hello");
    let params =
        json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}});
    talk.say(&json!({"jsonrpc": "2.0", "id": 2, "method": "initialize", "params": params}).to_string());
    assert_eq!(talk.hear_answer(&json!(2))["result"]["serverInfo"]["name"], "project");
    let params = json!({"name": "path_info", "arguments": {"path": "../"}});
    talk.say(&json!({"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": params}).to_string());
    assert_eq!(talk.hear_answer(&json!(3))["result"]["isError"], true);
    assert!(talk.ends_when_left());
}

#[test]
fn a_toolkit_behind_the_gateway_works_for_clients_of_both_eras() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().display();
    let node = Node::start(&format!("[servers.project]\ntoolkit = \"project\"\nroots = [\"{root}\"]\n"));
    for client in CLIENTS {
        for (url, prefix) in [(node.everything(), "project_"), (node.server("project"), "")] {
            let name = |tool: &str| format!("{prefix}{tool}");
            let seen = drive(
                client,
                &url,
                &[
                    call(&name("write_file"), &json!({"path": "app/main.py", "content": "x = 1\n"})),
                    call(&name("read_file"), &json!({"filePath": "app/main.py"})),
                    call(&name("find_in_files"), &json!({"path": ".", "query": "x ="})),
                    call(&name("read_file"), &json!({"path": "/etc/passwd"})),
                    call(&name("read_file"), &json!({"path": "app/none.py"})),
                ],
            );
            for good in &seen[..3] {
                assert!(!good.has_failed(), "{client:?} {}", good.line());
            }
            assert!(
                seen[1].line().contains("x = 1") && seen[2].line().contains("main.py"),
                "{client:?} {}",
                seen[1].line()
            );
            assert!(seen[3].has_failed() && seen[3].line().contains("PATH_DENIED"), "{client:?} {}", seen[3].line());
            assert!(seen[4].has_failed() && seen[4].line().contains("NOT_FOUND"), "{client:?} {}", seen[4].line());
        }
    }
    assert_eq!(fs::read_to_string(folder.path().join("app/main.py")).expect("the file"), "x = 1\n");
}

#[test]
fn what_is_kept_of_files_is_void_when_a_tool_has_changed_one() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a.txt"), "first").expect("a file");
    fs::write(folder.path().join("Makefile"), "greet:\n\techo hello\n").expect("a file");
    let root = folder.path().display();
    let toolkit = |name: &str, toolkit: &str, keep: &str| {
        format!(
            "[servers.{name}]\ntoolkit = \"{toolkit}\"\nroots = [\"{root}\"]\n[servers.{name}.tool.{keep}]\ncache_s = 60\n"
        )
    };
    let files = toolkit("files", "project", "\"{read_file,list_directory,git_log}\"");
    let node = Node::start(&format!("{files}{}", toolkit("env", "dev_env", "list_tasks")));
    let call = |server: &str, tool: &str, arguments: Value| {
        let path = format!("/servers/{server}/mcp");
        let answer = wire::call(node.address(), &path, "1", tool, &arguments.to_string());
        serde_json::from_str::<Value>(&answer.message()).unwrap_or_else(|_| panic!("{answer:?}"))
    };
    let is_kept = |answer: &Value| answer["result"]["_meta"]["dev.switchboard/cached"].is_object();
    let read = || call("files", "read_file", json!({"path": "a.txt"}));
    let tasks = || call("env", "list_tasks", json!({"path": "."}));
    let log = || call("files", "git_log", json!({"path": "."}));
    call("files", "git_init", json!({"path": "."}));
    let _ = [read(), tasks(), log()];
    assert!(is_kept(&read()) && is_kept(&tasks()) && is_kept(&log()), "{} {}", tasks(), log());

    fs::write(folder.path().join("a.txt"), "from outside").expect("a file");
    assert_eq!(read()["result"]["structuredContent"]["content"], "first", "nobody has told the gateway");
    call("files", "write_file", json!({"path": "a.txt", "content": "second"}));
    let anew = read();
    assert_eq!((&anew["result"]["structuredContent"]["content"], is_kept(&anew)), (&json!("second"), false));
    assert!(!is_kept(&tasks()), "another toolkit reads these files too");
    assert!(is_kept(&log()), "a written file is not a commit");
}

#[test]
fn a_toolkit_says_of_its_own_constants_how_long_they_are_good() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().display();
    let section = format!("[servers.env]\ntoolkit = \"dev_env\"\nroots = [\"{root}\"]\n");
    let is_kept = |more: &str| {
        let node = Node::start(&format!("{section}{more}"));
        let ask = || wire::call(node.address(), "/servers/env/mcp", "1", "list_templates", "{}").message();
        wire::list_tools(node.address(), "/servers/env/mcp");
        ask();
        ask().contains("dev.switchboard/cached")
    };
    assert!(is_kept(""));
    assert!(!is_kept("[servers.env.tool.list_templates]\ncache_s = 0\n"));
    assert!(!is_kept("[cache]\nhint_s_max = 0\n"));
}

#[test]
fn a_toolkit_that_does_not_exist_is_answered_with_the_nearest() {
    let output = command(built("switchboard")).args(["toolkit", "projct"]).output().expect("the program runs");
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && talk.contains("did you mean `project`?"), "{talk}");
}

#[test]
fn both_families_of_names_work_in_the_ready_made_bundles() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a.txt"), "hello").expect("a file");
    let root = folder.path().display();
    let node = Node::start(&format!("[servers.project]\ntoolkit = \"project\"\nroots = [\"{root}\"]\n"));
    for client in CLIENTS {
        for (bundle, listed, also) in
            [("workspace", "project_read_file", "project_read_file"), ("devops", "read_file", "project_read_file")]
        {
            let arguments = json!({"path": "a.txt"});
            let actions = [json!({ "do": "list_tools" }), call(listed, &arguments), call(also, &arguments)];
            let seen = drive(client, &node.bundle(bundle), &actions);
            assert!(seen[0].line().contains(&format!("\"{listed}\"")), "{client:?} {bundle} {}", seen[0].line());
            for call in &seen[1..] {
                assert!(!call.has_failed() && call.line().contains("hello"), "{client:?} {bundle} {}", call.line());
            }
        }
    }
}

#[test]
fn a_toolkit_that_nobody_uses_is_stopped_and_comes_back_when_it_is_called() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a.txt"), "hello").expect("a file");
    let root = folder.path().display();
    let node = Node::start(&format!(
        "[servers.project]\ntoolkit = \"project\"\nroots = [\"{root}\"]\nmode = \"shared\"\nidle_stop_s = 1\n"
    ));
    let control = Control::of(&node.folder().join("state"), node.address());
    let read = || wire::call(node.address(), "/servers/project/mcp", "1", "read_file", r#"{"path":"a.txt"}"#);
    let runs = |count: u64| {
        let processes = |seen: &Value| {
            seen["servers"].as_array()?.iter().find(|server| server["name"] == "project")?["instances"].as_u64()
        };
        control.wait_until("/status", |seen| processes(seen) == Some(count));
    };
    for _ in 0..2 {
        let answer = read();
        assert!(!answer.is_error() && answer.text().contains("hello"), "{}", answer.text());
        runs(1);
        runs(0);
    }
}

#[test]
fn the_commands_behind_a_result_are_seen_through_the_gateway_by_who_asks_and_where_the_section_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let section = |name: &str, more: &str| {
        let root = folder.path().display();
        format!("[servers.{name}]\ntoolkit = \"server\"\nroots = [\"{root}\"]\n{more}")
    };
    let node = Node::start(&(section("server", "") + &section("shown", "show_commands = true\n")));
    let uname = json!({"program": "uname", "args": ["-s"], "confirm": true});
    for client in CLIENTS {
        for (server, shows) in [("server", false), ("shown", true)] {
            let seen = drive(client, &node.server(server), &[call("run_command", &uname)]);
            assert!(!seen[0].has_failed(), "{client:?} {}", seen[0].line());
            assert_eq!(seen[0].line().contains("$ uname -s"), shows, "{client:?} {}", seen[0].line());
        }
    }
    let meta = META.replacen('{', r#"{"dev.switchboard/commands":true,"#, 1);
    let params = format!(r#"{{"name":"run_command","arguments":{uname},"_meta":{meta}}}"#);
    let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}"#);
    let headers = wire::modern_call_headers("run_command");
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let request = wire::post(node.address(), "/servers/server/mcp", &headers, body.as_bytes());
    let answer = wire::exchange(node.address(), &request);
    let message: Value = serde_json::from_str(&answer.message()).expect("an answer in JSON");
    assert_eq!(message["result"]["_meta"]["dev.switchboard/commands"][0]["command"], "uname -s", "{message}");
}
