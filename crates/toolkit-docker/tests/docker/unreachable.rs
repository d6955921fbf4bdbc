//! What is said where no engine answers: the right code, the cause, and what to do.

use std::os::unix::net::UnixListener;

use serde_json::json;
use toolkit::Connection;

use crate::client::client;

async fn check(engine: Connection, code: &str, message: &str, hint: &str) {
    let error = client(engine).error("list_containers", &json!({})).await;
    assert_eq!(error["code"], code, "{error}");
    assert!(error["message"].as_str().expect("a text").contains(message), "{error}");
    assert!(error["hint"].as_str().expect("a text").contains(hint), "{error}");
}

#[tokio::test]
async fn a_missing_a_stopped_and_a_wrong_engine_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("engine.sock");
    let url = format!("unix://{}", socket.display());
    check(Connection::to(&url), "UNAVAILABLE", "No such file", "systemctl start docker").await;
    // a socket whose listener has gone is what a stopped engine leaves
    drop(UnixListener::bind(&socket).unwrap());
    check(Connection::to(&url), "UNAVAILABLE", "refused", "systemctl start docker").await;
    check(Connection::to("ssh://far"), "NOT_SUPPORTED", "ssh", "ssh -N -L").await;
    check(Connection::to("far"), "UNAVAILABLE", "no address", "unix:///path").await;
    check(Connection::to("tcp://127.0.0.1:1"), "UNAVAILABLE", "127.0.0.1", "").await;
    let secured = Connection { ca: Some(folder.path().join("ca.pem")), ..Connection::to("tcp://127.0.0.1:1") };
    check(secured, "UNAVAILABLE", "ca.pem", "connection").await;
}
