//! Arguments that are meant to do harm never reach an engine: they are refused before one is looked for.

use serde_json::json;
use toolkit::Connection;

use crate::client::{NOBODY, client};

#[tokio::test]
async fn what_is_no_name_is_refused_before_an_engine_is_asked() {
    let mut client = client(Connection::to(NOBODY));
    for connection in ["nobody", "", "../default", "unix:///run/docker.sock"] {
        let error = client.error("list_containers", &json!({"connection": connection})).await;
        assert_eq!((&error["code"], &error["field"]), (&json!("INVALID_INPUT"), &json!("connection")), "{error}");
    }
    for (tool, arguments) in [
        ("container_logs", json!({"container": "web", "tail": 0})),
        ("container_logs", json!({"container": "web", "tail": 10_001})),
        ("container_logs", json!({"container": "web", "since": "yesterday; id"})),
        ("container_logs", json!({"container": "web", "grep": "("})),
        ("container_logs", json!({"container": "web", "grep": "(a{1000}){1000}"})),
        ("start_container", json!({"container": "web", "wait_s": 0})),
        ("stop_container", json!({"container": "web", "timeout": -1})),
        ("list_containers", json!({"status": "asleep"})),
        ("list_containers", json!({"name": "a", "filter": "b"})),
        ("inspect_container", json!({"container": "web", "id": "db"})),
        ("rename_container", json!({"container": "web", "name": "../x"})),
        ("run_container", json!({"image": "../../x"})),
        ("run_container", json!({"image": "app", "name": "--privileged"})),
        ("run_container", json!({"image": "app", "ports": ["80;id"]})),
        ("run_container", json!({"image": "app", "limits": {"privileged": true}})),
        ("pull_image", json!({"image": "app?fromSrc=http://example.org"})),
        ("tag_image", json!({"image": "app", "target": "app@sha256:abc"})),
        ("build_image", json!({"image": "-t", "path": "."})),
        ("create_volume", json!({"name": "a/../../b"})),
        ("prune", json!({"targets": ["everything"], "confirm": true})),
    ] {
        let error = client.error(tool, &arguments).await;
        assert_eq!(error["code"], "INVALID_INPUT", "{tool} {arguments}: {error}");
    }
}

#[tokio::test]
async fn what_would_have_the_machine_is_refused_before_an_engine_is_asked() {
    let mut client = client(Connection::to(NOBODY));
    std::os::unix::fs::symlink("/etc", client.on_disk("way")).unwrap();
    for (arguments, code) in [
        (json!({"volumes": ["/:/machine"]}), "FORBIDDEN"),
        (json!({"volumes": ["/var/run/docker.sock:/s"]}), "FORBIDDEN"),
        (json!({"volumes": ["./way:/etc"]}), "FORBIDDEN"),
        (json!({"volumes": ["../:/up"]}), "PATH_DENIED"),
        (json!({"network": "host"}), "FORBIDDEN"),
    ] {
        let mut arguments = arguments.clone();
        arguments["image"] = json!("app");
        let error = client.error("run_container", &arguments).await;
        assert_eq!(error["code"], code, "{arguments}: {error}");
    }
    for path in ["/etc", "../..", "way"] {
        let error = client.error("build_image", &json!({"image": "app", "path": path})).await;
        assert_eq!(error["code"], "PATH_DENIED", "{path}: {error}");
    }
}
