//! Containers of a real Docker and a real Podman: the same calls, the same answers.

use serde_json::{Value, json};

use crate::lab::{IMAGE, Lab};

/// Says that it is up, then writes a line each tenth of a second.
const TALK: &str = "echo up; echo trouble >&2; i=0; while true; do i=$((i+1)); echo line $i; sleep 0.1; done";

fn names(listed: &Value) -> Vec<&str> {
    listed["containers"].as_array().expect("a list").iter().filter_map(|one| one["name"].as_str()).collect()
}

#[test]
fn containers_of_docker_are_seen_and_brought_up_and_down() {
    seen_and_brought_up_and_down("docker");
}

#[test]
fn containers_of_podman_are_seen_and_brought_up_and_down() {
    seen_and_brought_up_and_down("podman");
}

fn seen_and_brought_up_and_down(engine: &'static str) {
    let mut lab = Lab::boot(engine);
    let detected = lab.good("detect_engine", &json!({}));
    assert_eq!(
        (&detected["engines"][0]["engine"], &detected["engines"][0]["reachable"]),
        (&json!(engine), &json!(true))
    );
    lab.native(&[
        "create",
        "--name",
        "talk",
        "--env",
        "TOKEN=hunter2-hunter2",
        "--memory",
        "64m",
        IMAGE,
        "sh",
        "-c",
        TALK,
    ]);
    lab.native(&["create", "--name", "broken", IMAGE, "sh", "-c", "echo the disk is missing >&2; exit 7"]);

    let none = lab.good("list_containers", &json!({}));
    assert_eq!((names(&none), &none["engine"]), (vec![], &json!(engine)));
    assert_eq!(names(&lab.good("list_containers", &json!({"all": true}))), ["broken", "talk"]);
    let first = lab.good("list_containers", &json!({"all": true, "limit": 1}));
    assert_eq!((names(&first), &first["total"], &first["next_cursor"]), (vec!["broken"], &json!(2), &json!("1")));

    let planned = lab.good("start_container", &json!({"container": "talk", "dry_run": true}));
    assert_eq!(planned["plan"], json!(["start the container `talk`"]));
    let started = lab.good("start_container", &json!({"containerId": "talk", "wait_healthy": true}));
    assert_eq!((&started["running"], &started["changed"]), (&json!(true), &json!(true)), "{started}");
    let again = lab.good("start_container", &json!({"container": "/talk"}));
    assert_eq!((&again["running"], &again["changed"]), (&json!(true), &json!(false)), "{again}");
    let id = lab.native(&["inspect", "--format", "{{.Id}}", "talk"]);
    let by_id = lab.good("inspect_container", &json!({"id": &id[..12]}));
    assert_eq!((&by_id["name"], &by_id["state"]["status"]), (&json!("talk"), &json!("running")), "{by_id}");
    assert_eq!(
        (&by_id["env"]["TOKEN"], &by_id["limits"]["memory_bytes"]),
        (&json!("•••"), &json!(64 << 20)),
        "{by_id}"
    );
    assert!(!by_id.to_string().contains("hunter2"), "{by_id}");
    assert_eq!(by_id["privileges"], json!([]), "{by_id}");

    let detailed = lab.good("list_containers", &json!({"format": "detailed", "filters": {"name": "tal"}}));
    assert!(detailed["containers"][0]["memory"]["used_bytes"].as_u64().is_some_and(|bytes| bytes > 0), "{detailed}");
    let stats = lab.good("container_stats", &json!({"container": "talk"}));
    assert_eq!(stats["memory"]["limit_bytes"], 64 << 20, "{stats}");
    assert!(stats["pids"].as_u64().is_some_and(|pids| pids > 0), "{stats}");
    assert!(lab.good("container_top", &json!({"container": "talk"}))["processes"].to_string().contains("while true"));
    lab.native(&["exec", "talk", "touch", "/data/new"]);
    let changes = lab.good("container_diff", &json!({"container": "talk"}));
    assert!(
        changes["changes"].as_array().expect("a list").contains(&json!({"path": "/data/new", "kind": "added"})),
        "{changes}"
    );

    let paused = lab.good("pause_container", &json!({"container": "talk"}));
    assert_eq!((&paused["status"], &paused["changed"]), (&json!("paused"), &json!(true)));
    assert_eq!(lab.good("unpause_container", &json!({"container": "talk"}))["status"], "running");
    assert_eq!(lab.good("unpause_container", &json!({"container": "talk"}))["changed"], false);
    assert_eq!(lab.good("restart_container", &json!({"container": "talk", "timeout": 0}))["running"], true);
    assert_eq!(lab.bad("remove_container", &json!({"container": "talk", "confirm": true})), "CONFLICT");
    let stopped = lab.good("stop_container", &json!({"container": "talk", "timeout": 0}));
    assert_eq!((&stopped["running"], &stopped["changed"]), (&json!(false), &json!(true)), "{stopped}");
    assert_eq!(lab.good("stop_container", &json!({"container": "talk"}))["changed"], false);
    assert_eq!(lab.bad("container_stats", &json!({"container": "talk"})), "CONFLICT");
    assert_eq!(names(&lab.good("list_containers", &json!({"status": "stopped"}))), ["talk"]);

    assert_eq!(lab.bad("rename_container", &json!({"container": "talk", "name": "broken"})), "ALREADY_EXISTS");
    assert_eq!(lab.good("rename_container", &json!({"container": "talk", "name": "quiet"}))["container"], "quiet");
    assert_eq!(lab.bad("remove_container", &json!({"container": "quiet"})), "CONFIRMATION_REQUIRED");
    lab.good("remove_container", &json!({"container": "quiet", "confirm": true}));
    let gone = lab.error("start_container", &json!({"container": "brokn"}));
    assert_eq!((&gone["code"], &gone["hint"]), (&json!("NOT_FOUND"), &json!("did you mean `broken`?")));
    for hostile in ["../broken", "broken?force=1", "broken/../../info", "-a", "", "a b", "a\nb"] {
        assert_eq!(lab.bad("start_container", &json!({"container": hostile})), "INVALID_INPUT", "{hostile:?}");
    }
    assert_eq!(lab.bad("list_containers", &json!({"connection": "stopped"})), "UNAVAILABLE");
    assert_eq!(lab.bad("list_containers", &json!({"connection": "far"})), "NOT_SUPPORTED");
}

#[test]
fn why_a_container_of_docker_is_down_is_told() {
    why_it_is_down("docker");
}

#[test]
fn why_a_container_of_podman_is_down_is_told() {
    why_it_is_down("podman");
}

fn why_it_is_down(engine: &'static str) {
    let mut lab = Lab::boot(engine);
    lab.native(&["create", "--name", "broken", IMAGE, "sh", "-c", "echo ready; echo the disk is missing >&2; exit 7"]);
    lab.native(&[
        "create",
        "--name",
        "sick",
        "--health-cmd",
        "echo no answer; false",
        "--health-interval",
        "1s",
        IMAGE,
        "sleep",
        "60",
    ]);
    lab.good("start_container", &json!({"container": "broken"}));
    lab.native(&["wait", "broken"]);
    let down = lab.good("list_containers", &json!({"all": true, "status": "exited"}));
    assert_eq!(names(&down), ["broken"]);
    let state = &lab.good("inspect_container", &json!({"container": "broken"}))["state"];
    assert_eq!((&state["exit_code"], &state["running"]), (&json!(7), &json!(false)), "{state}");
    let logs = lab.call("container_logs", &json!({"container": "broken", "timestamps": false})).result;
    assert_eq!(logs["structuredContent"]["lines"], 2, "{logs}");
    assert!(logs["content"][0]["text"].as_str().expect("a text").contains("the disk is missing\n"), "{logs}");
    let read = |lab: &mut Lab, more: Value| {
        let mut arguments = json!({"container": "broken", "timestamps": false});
        arguments.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        lab.good("container_logs", &arguments)["logs"].as_str().expect("a text").to_owned()
    };
    assert_eq!(read(&mut lab, json!({"stream": "stderr"})), "the disk is missing\n");
    assert_eq!(read(&mut lab, json!({"stream": "stdout"})), "ready\n");
    assert_eq!(read(&mut lab, json!({"grep": "^rea"})), "ready\n");
    assert_eq!(read(&mut lab, json!({"until": "1970-01-02T00:00:00Z"})), "");
    assert_eq!(lab.bad("container_top", &json!({"container": "broken"})), "CONFLICT");

    let sick = lab.error("start_container", &json!({"container": "sick", "wait_healthy": true, "wait_s": 2}));
    assert_eq!(sick["code"], "TIMEOUT", "{sick}");
    assert_eq!(lab.good("inspect_container", &json!({"container": "sick"}))["state"]["running"], true);
}

#[test]
fn logs_are_followed_until_the_client_leaves() {
    let mut lab = Lab::boot("docker");
    lab.native(&["run", "--detach", "--name", "talk", IMAGE, "sh", "-c", TALK]);
    let followed = lab.call("container_logs", &json!({"container": "talk", "follow": true, "timeout_s": 3}));
    assert!(followed.progress.iter().any(|line| line.ends_with("line 5")), "{:?}", followed.progress);
    assert!(
        followed.result["structuredContent"]["lines"].as_u64().is_some_and(|lines| lines > 5),
        "{}",
        followed.result
    );

    lab.start("container_logs", &json!({"container": "talk", "follow": true, "timeout_s": 600}));
    assert_eq!(lab.hear()["method"], "notifications/progress");
    lab.cancel();
    // the connection to the engine ends with the call: its own log file is all that still grows
    let started = std::time::Instant::now();
    while lab.open_connections() > 0 {
        assert!(started.elapsed().as_secs() < 10, "the stream is still open");
        std::thread::yield_now();
    }
}
