//! Tasks, found and run.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::client;

#[tokio::test]
async fn the_tests_of_a_project_are_run_and_counted() {
    let mut client = client();
    client.good("create_project", json!({"name": "web", "type": "node", "git_init": false})).await;
    let tasks = client.good("list_tasks", json!({"path": "web"})).await;
    assert_eq!((&tasks["total"], &tasks["tasks"][1]["name"]), (&json!(2), &json!("test")), "{tasks}");
    assert_eq!(tasks["tasks"][1]["about"], "node --test");
    let run = client.good("run_task", json!({"path": "web", "task": "test"})).await;
    assert_eq!((&run["exit_code"], &run["tests"]), (&json!(0), &json!({"passed": 2, "failed": 0})), "{run}");
    assert!(run["stdout"].as_str().is_some_and(|text| text.contains("somebody is greeted by name")));

    client.put("web/src/index.js", "export const greet = () => 'no';\n");
    let run = client.good("run_task", json!({"path": "web", "task": "test"})).await;
    assert_eq!((&run["exit_code"], &run["tests"]["failed"]), (&json!(1), &json!(2)), "{run}");
}

#[tokio::test]
async fn a_rust_project_is_tested_whole() {
    let mut client = client();
    client.good("create_project", json!({"name": "tool", "type": "rust", "git_init": false})).await;
    let run = client.good("run_task", json!({"path": "tool", "task": "test"})).await;
    assert_eq!((&run["exit_code"], &run["tests"]), (&json!(0), &json!({"passed": 2, "failed": 0})), "{run}");
}

#[tokio::test]
async fn arguments_reach_the_task_as_they_are() {
    let mut client = client();
    client.put("package.json", r#"{"scripts": {"show": "node show.js"}}"#);
    client.put("show.js", "console.log(JSON.stringify(process.argv.slice(2)));\n");
    let args = ["--help", "$(touch pwned)", "a b", "'", "; touch pwned"];
    let run = client.good("run_task", json!({"path": ".", "task": "show", "args": args})).await;
    let last = run["stdout"].as_str().and_then(|text| text.trim().lines().last()).expect("output");
    assert_eq!(last, serde_json::to_string(&args).expect("JSON"), "{run}");
    assert!(!client.on_disk("pwned").exists());
}

#[tokio::test]
async fn a_task_that_does_not_end_is_stopped_with_all_it_started() {
    let mut client = client();
    client.put("Makefile", "wait:\n\tsleep 1000 & sleep 1000\n");
    let begun = Instant::now();
    assert_eq!(client.bad("run_task", json!({"path": ".", "task": "wait", "timeout_s": 1})).await.0, "TIMEOUT");
    assert!(begun.elapsed() < Duration::from_secs(20));
}
