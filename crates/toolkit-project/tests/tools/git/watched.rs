//! Repositories that are watched. A watch looks by the clock, so the tests ask until it has done its part.

use std::time::Duration;

use serde_json::{Value, json};

use super::{git, repository};
use crate::client::{Client, client, trusting};

/// How long a watch may need; it looks twice a second here.
const PATIENCE: Duration = Duration::from_mins(1);

/// Calls a tool until its result is so.
async fn until(client: &mut Client, tool: &str, arguments: Value, is: impl Fn(&Value) -> bool) -> Value {
    let asking = async {
        loop {
            let result = client.good(tool, arguments.clone()).await;
            if is(&result) {
                return result;
            }
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.expect("the watch does its part")
}

#[tokio::test]
async fn what_comes_to_rest_is_committed_and_what_is_not_watched_is_not() {
    let mut client = client();
    repository(&client, "app");
    client.put("app/src/new.rs", "one\ntwo\n");
    client.put("app/notes.txt", "not watched\n");
    let rules = json!({"quiet_s": 1, "paths": ["src"], "min_lines": 2});
    let begun = client.good("git_auto_commit", json!({"path": "app", "enabled": true, "rules": rules})).await;
    assert!(begun["watch_id"].is_string() && begun["last_commit"].is_null(), "{begun}");
    let log = until(&mut client, "git_log", json!({"path": "app"}), |log| log["commits"][1].is_object()).await;
    assert_eq!(log["commits"][0]["summary"], "feat: add new.rs");
    let status = client.good("git_status", json!({"path": "app"})).await;
    assert_eq!(status["untracked"], json!(["notes.txt"]));
    let ended = client.good("git_auto_commit", json!({"path": "app", "enabled": false})).await;
    assert_eq!((&ended["watch_id"], &ended["last_commit"]), (&begun["watch_id"], &log["commits"][0]["commit"]));
    let again = client.good("git_auto_commit", json!({"path": "app", "enabled": false})).await;
    assert_eq!(again["watch_id"], Value::Null);
}

#[tokio::test]
async fn tests_that_fail_keep_a_watch_from_committing() {
    let mut client = trusting(&["app"]);
    repository(&client, "app");
    client.put("app/Makefile", "test:\n\t@exit 3\n");
    let arguments = json!({"path": "app", "enabled": true, "rules": {"quiet_s": 1, "tests_must_pass": true}});
    client.good("git_auto_commit", arguments).await;
    let watched =
        json!({"path": "app", "enabled": true, "rules": {"quiet_s": 1, "tests_must_pass": true}, "dry_run": true});
    let told =
        until(&mut client, "git_auto_commit", watched, |told| told["plan"].to_string().contains("make test")).await;
    assert!(told["plan"][1].as_str().is_some_and(|plan| plan.contains("exit code 2")), "{told}");
    let log = client.good("git_log", json!({"path": "app"})).await;
    assert_eq!(log["commits"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_watch_with_wrong_rules_does_not_begin() {
    let mut client = client();
    repository(&client, "app");
    for (rules, code, field) in [
        (json!({"quiet_s": 0}), "INVALID_INPUT", "rules.quiet_s"),
        (json!({"min_lines": 0}), "INVALID_INPUT", "rules.min_lines"),
        (json!({"quite_s": 1}), "INVALID_INPUT", "rules.quite_s"),
        (json!({"paths": ["../x"]}), "PATH_DENIED", "rules.paths"),
        (json!({"tests_must_pass": true}), "FORBIDDEN", "rules.tests_must_pass"),
    ] {
        let found =
            client.bad("git_auto_commit", json!({"path": "app", "enabled": true, "rules": rules.clone()})).await;
        assert_eq!(found, (code.to_owned(), field.to_owned()), "{rules}");
    }
    let found = client.bad("git_auto_commit", json!({"path": "app", "enabled": true, "branch": "-x"})).await;
    assert_eq!(found, ("INVALID_INPUT".to_owned(), "branch".to_owned()));
    git(&client.on_disk("app"), &["checkout", "--quiet", "--detach"]);
    assert_eq!(client.bad("git_auto_commit", json!({"path": "app", "enabled": true})).await.0, "GIT_ERROR");
}
