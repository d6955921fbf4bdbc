//! A project from nothing to its first commit, in one conversation of a real client with the toolkits behind the gateway.

use std::{env, fs, path::Path};

use e2e::program::{built, command};
use e2e::talk::Talk;
use e2e::tools::{Python, python};
use e2e::{Client, Node, Outcome};
use serde_json::{Value, json};

/// One full client of each era.
const CLIENTS: [Client; 2] = [Client::PythonAuto, Client::TypeScriptV1];
/// What makes a package with one module, as a wheel.
const MAKE_WHEEL: &str = r"
import zipfile
info = 'greeter-1.0.dist-info/'
with zipfile.ZipFile('greeter-1.0-py3-none-any.whl', 'w') as wheel:
    wheel.writestr('greeter.py', 'GREETING = 1')
    wheel.writestr(info + 'METADATA', 'Metadata-Version: 2.1\nName: greeter\nVersion: 1.0\n')
    wheel.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n')
    wheel.writestr(info + 'RECORD', '')
";
/// A test of what that package has.
const TEST: &str = "import unittest\nimport greeter\n\n\nclass TestGreeter(unittest.TestCase):\n    \
    def test_it_greets(self):\n        self.assertEqual(greeter.GREETING, 1)\n";
/// What the project needs, from the folder that it lies in: no network.
const REQUIREMENTS: &str = "--no-index\n--find-links ..\ngreeter==1.0\n";
/// A script that tries what nobody wants of a package.
const SPY: &str =
    r#"{"scripts": {"spy": "cat ~/.netrc ~/.bash_history /etc/shadow; touch ../../spied ~/spied; true"}}"#;

fn call(name: &str, arguments: &Value) -> Value {
    json!({ "do": "call", "name": name, "arguments": arguments })
}

fn drive(client: Client, url: &str, actions: &[Value]) -> Vec<Outcome> {
    let mut outcomes = client.drive(url, actions).expect("the client comes to its end");
    outcomes.remove(0);
    outcomes
}

fn node(root: &Path) -> Node {
    let root = root.display();
    let toolkit = |name: &str| format!("[servers.{name}]\ntoolkit = \"{name}\"\nroots = [\"{root}\"]\n");
    Node::start(&format!("{}{}", toolkit("dev_env"), toolkit("project")))
}

#[test]
fn a_project_is_made_filled_tested_and_committed_in_one_conversation() {
    for client in CLIENTS {
        let folder = tempfile::tempdir().expect("a folder");
        let made = command("python3").args(["-c", MAKE_WHEEL]).current_dir(folder.path()).status();
        assert!(made.expect("python is there").success());
        let node = node(folder.path());
        let seen = drive(
            client,
            &node.everything(),
            &[
                call("dev_env_create_project", &json!({"name": "shop", "type": "generic", "initGit": false})),
                call("dev_env_setup_python", &json!({"projectPath": "shop"})),
                call("project_write_file", &json!({"path": "shop/tests/test_greeter.py", "content": TEST})),
                call("project_write_file", &json!({"path": "shop/requirements.txt", "content": REQUIREMENTS})),
                call("dev_env_install_dependencies", &json!({"project_path": "shop", "projectType": "python"})),
                call(
                    "dev_env_run_task",
                    &json!({"path": "shop", "task": "python:test", "args": ["tests/test_greeter.py"]}),
                ),
                call("dev_env_list", &json!({"filter": "python"})),
                call("project_git_init", &json!({"path": "shop"})),
                call("project_git_commit", &json!({"path": "shop", "message": "shop: it greets"})),
                call("project_git_log", &json!({"path": "shop"})),
            ],
        );
        for step in &seen {
            assert!(!step.has_failed(), "{client:?} {}", step.line());
        }
        assert!(seen[4].line().contains("greeter"), "{client:?} {}", seen[4].line());
        assert!(seen[5].line().contains("Ran 1 test"), "{client:?} {}", seen[5].line());
        assert!(seen[9].line().contains("shop: it greets"), "{client:?} {}", seen[9].line());
        assert!(folder.path().join("shop/venv/bin/python").exists(), "{client:?}");
    }
}

#[test]
fn what_a_project_runs_stays_behind_the_wall() {
    let outer = tempfile::tempdir().expect("a folder");
    let root = outer.path().join("root");
    fs::create_dir_all(root.join("web")).expect("a project");
    fs::write(root.join("web/package.json"), SPY).expect("a manifest");
    let node = node(&root);
    let seen = drive(
        Client::PythonAuto,
        &node.everything(),
        &[call("dev_env_run_task", &json!({"path": "web", "task": "spy"}))],
    );
    assert!(!seen[0].has_failed() && seen[0].line().contains("Permission denied"), "{}", seen[0].line());
    assert!(!outer.path().join("spied").exists() && !seen[0].line().contains("root:"), "{}", seen[0].line());
}

#[test]
fn uv_makes_an_environment_and_fills_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = command("python3").args(["-c", MAKE_WHEEL]).current_dir(folder.path()).status();
    assert!(made.expect("python is there").success());
    fs::create_dir(folder.path().join("shop")).expect("a project");
    fs::write(folder.path().join("shop/requirements.txt"), REQUIREMENTS).expect("requirements");
    let programs = python(Python::DevEnv, "uv").parent().map(Path::to_owned);
    let path = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths(programs.into_iter().chain(env::split_paths(&path))).expect("a path");
    let mut program = command(built("switchboard"));
    let mut talk = Talk::start(program.args(["toolkit", "dev_env", "--root"]).arg(folder.path()).env("PATH", path));
    let modern = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {},
    });
    let arguments = json!({"path": "shop", "tool": "uv", "env_name": ".venv"});
    let params = json!({"name": "setup_python_env", "arguments": arguments, "_meta": modern});
    talk.say(&json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).to_string());
    let answer = talk.hear_answer(&json!(1));
    assert_eq!(answer["result"]["structuredContent"]["packages_installed"], 1, "{answer}");
    assert!(folder.path().join("shop/.venv/pyvenv.cfg").exists());
    assert!(talk.ends_when_left());
}
