//! Signals reach the processes that they are meant for, and no others.

use std::os::unix::process::ExitStatusExt;

use serde_json::json;

use crate::{client::client, native::start};

#[tokio::test]
async fn a_process_is_ended_and_reported_as_ended() {
    let mut client = client();
    for (signal, number) in [("TERM", 15), ("INT", 2), ("KILL", 9)] {
        let mut sleeper = start("sleep", &["600"]);
        let arguments = json!({"pid": sleeper.id(), "signal": signal, "confirm": true});
        let result = client.good("process_signal", &arguments).await;
        assert_eq!(result["ended"], true, "{signal}: {result}");
        assert_eq!(sleeper.wait().unwrap().signal(), Some(number));
        // its parent has taken note of its end, so its number belongs to nobody
        assert_eq!(client.bad("process_signal", &arguments).await.0, "NOT_FOUND");
    }
}

#[tokio::test]
async fn a_stopped_process_goes_on() {
    let mut sleeper = start("sleep", &["600"]);
    let mut client = client();
    for signal in ["STOP", "CONT"] {
        let arguments = json!({"pid": sleeper.id(), "signal": signal, "confirm": true});
        assert_eq!(client.good("process_signal", &arguments).await["ended"], false, "{signal}");
    }
    assert!(sleeper.try_wait().unwrap().is_none());
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
}

#[tokio::test]
async fn a_plan_and_an_unconfirmed_call_change_nothing() {
    let mut sleeper = start("sleep", &["600"]);
    let mut client = client();
    let plan = client.good("process_signal", &json!({"pid": sleeper.id(), "dry_run": true})).await;
    assert!(plan["plan"][0].as_str().unwrap().starts_with("send TERM to `sleep`"), "{plan}");
    let (unconfirmed, _) = client.bad("process_signal", &json!({"pid": sleeper.id()})).await;
    assert_eq!(unconfirmed, "CONFIRMATION_REQUIRED");
    assert!(sleeper.try_wait().unwrap().is_none());
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
}

#[tokio::test]
async fn the_first_process_and_our_own_are_out_of_reach() {
    let mut client = client();
    let mut check = async |pid: i64, code: &str| {
        for confirmed in [json!({"pid": pid, "confirm": true}), json!({"pid": pid, "dry_run": true})] {
            assert_eq!(client.bad("process_signal", &confirmed).await.0, code, "{pid}");
        }
    };
    check(1, "FORBIDDEN").await;
    check(2, "FORBIDDEN").await;
    check(std::process::id().into(), "FORBIDDEN").await;
    check(std::os::unix::process::parent_id().into(), "FORBIDDEN").await;
    check(0, "INVALID_INPUT").await;
    check(-1, "INVALID_INPUT").await;
    check(-i64::from(std::process::id()), "INVALID_INPUT").await;
    check(i64::MAX, "INVALID_INPUT").await;
    check(4_294_967_297, "INVALID_INPUT").await;
    check(2_147_483_647, "NOT_FOUND").await;
}
