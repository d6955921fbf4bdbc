//! Arguments that are meant to do harm never reach an engine: they are refused before one is looked for.

use serde_json::json;
use toolkit::Connection;

use crate::client::Client;

#[tokio::test]
async fn what_is_no_name_is_refused_before_an_engine_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let mut client = Client::connect(folder.path(), Connection::to("unix:///run/nobody.sock"));
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
    ] {
        let error = client.error(tool, &arguments).await;
        assert_eq!(error["code"], "INVALID_INPUT", "{tool} {arguments}: {error}");
    }
}
