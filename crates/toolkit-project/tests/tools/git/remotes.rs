//! What the git tools do with remotes: a bare repository beneath the root stands for one.

use std::fs;

use serde_json::{Value, json};

use super::{git, repository, try_git};
use crate::client::{Client, client};

/// A repository with a commit, and a bare one that is its remote.
fn with_remote(client: &Client) {
    repository(client, "app");
    fs::create_dir(client.on_disk("hub.git")).expect("a folder");
    git(&client.on_disk("hub.git"), &["init", "--quiet", "--bare"]);
    git(&client.on_disk("app"), &["remote", "add", "origin", "../hub.git"]);
}

/// The same with somebody else who has pushed a commit that is not here.
async fn with_other(client: &mut Client, file: &str, content: &str) {
    with_remote(client);
    client.good("git_push", json!({"path": "app", "set_upstream": true})).await;
    let hub = client.on_disk("hub.git").display().to_string();
    git(&client.on_disk(""), &["clone", "--quiet", &hub, "other"]);
    client.put(&format!("other/{file}"), content);
    git(&client.on_disk("other"), &["add", "."]);
    git(&client.on_disk("other"), &["commit", "--quiet", "-m", "theirs"]);
    git(&client.on_disk("other"), &["push", "--quiet"]);
}

async fn error(client: &mut Client, tool: &str, arguments: Value) -> Value {
    let result = client.call(tool, &arguments).await;
    assert_eq!(result["isError"], true, "{tool} {arguments}: {result}");
    result["_meta"]["dev.switchboard/error"].clone()
}

#[tokio::test]
async fn a_branch_is_pushed_and_cloned() {
    let mut client = client();
    with_remote(&client);
    let refused = error(&mut client, "git_push", json!({"path": "app"})).await;
    assert_eq!(refused["code"], "GIT_ERROR");
    assert!(refused["hint"].as_str().is_some_and(|hint| hint.contains("set_upstream: true")), "{refused}");
    let pushed = client.good("git_push", json!({"path": "app", "setUpstream": true})).await;
    assert_eq!((&pushed["pushed"], &pushed["branch"]), (&json!(true), &json!("main")));
    let again = client.good("git_push", json!({"path": "app"})).await;
    assert_eq!(again["pushed"], false);
    assert_eq!(client.good("git_status", json!({"path": "app"})).await["upstream"], "origin/main");

    let hub = client.on_disk("hub.git").display().to_string();
    let cloned = client.good("git_clone", json!({"url": hub})).await;
    assert_eq!(
        (&cloned["path"], &cloned["branch"]),
        (&json!(client.on_disk("hub").display().to_string()), &json!("main"))
    );
    assert_eq!(client.text("hub/a.txt"), "one\ntwo\nthree\n");
    let url = format!("file://{hub}");
    let shallow =
        client.good("git_clone", json!({"url": url, "path": "deep/copy", "branch": "main", "depth": 1})).await;
    assert_eq!(shallow["commit"], cloned["commit"]);
}

#[tokio::test]
async fn an_empty_repository_is_cloned_as_well() {
    let mut client = client();
    with_remote(&client);
    let cloned = client.good("git_clone", json!({"url": client.on_disk("hub.git").display().to_string()})).await;
    assert_eq!(cloned["commit"], Value::Null);
}

#[tokio::test]
async fn what_others_have_pushed_is_pulled() {
    let mut client = client();
    with_other(&mut client, "b.txt", "b\n").await;
    let pulled = client.good("git_pull", json!({"path": "app"})).await;
    assert_eq!((&pulled["updated"], &pulled["commits"][0]["summary"]), (&json!(true), &json!("theirs")));
    assert_eq!(client.text("app/b.txt"), "b\n");
    let again = client.good("git_pull", json!({"path": "app", "remote": "origin", "branch": "main"})).await;
    assert_eq!((&again["updated"], &again["commits"]), (&json!(false), &json!([])));
}

#[tokio::test]
async fn a_push_that_is_behind_is_refused_and_a_pull_mends_it() {
    for mode in ["rebase", "merge"] {
        let mut client = client();
        with_other(&mut client, "b.txt", "b\n").await;
        client.put("app/c.txt", "c\n");
        client.good("git_commit", json!({"path": "app", "message": "ours"})).await;
        let refused = error(&mut client, "git_push", json!({"path": "app"})).await;
        assert_eq!(refused["code"], "GIT_ERROR");
        assert!(refused["hint"].as_str().is_some_and(|hint| hint.contains("git_pull")), "{refused}");
        let refused = error(&mut client, "git_pull", json!({"path": "app"})).await;
        assert!(refused["hint"].as_str().is_some_and(|hint| hint.contains("rebase")), "{refused}");
        let pulled = client.good("git_pull", json!({"path": "app", "mode": mode})).await;
        assert_eq!(pulled["updated"], true, "{mode}: {pulled}");
        assert_eq!(client.good("git_push", json!({"path": "app"})).await["pushed"], true, "{mode}");
        assert_eq!(client.good("git_status", json!({"path": "app"})).await["clean"], true, "{mode}");
    }
}

#[tokio::test]
async fn conflicts_of_a_pull_are_told_and_a_rebase_is_taken_back() {
    let mut client = client();
    with_other(&mut client, "a.txt", "theirs\n").await;
    client.put("app/a.txt", "ours\n");
    client.good("git_commit", json!({"path": "app", "message": "ours"})).await;
    let rebased = client.good("git_pull", json!({"path": "app", "mode": "rebase"})).await;
    assert_eq!((&rebased["updated"], &rebased["conflicts"]), (&json!(false), &json!(["a.txt"])));
    let status = client.good("git_status", json!({"path": "app"})).await;
    assert_eq!(
        (&status["in_progress"], &status["clean"], &status["branch"]),
        (&Value::Null, &json!(true), &json!("main"))
    );
    let merged = client.good("git_pull", json!({"path": "app", "mode": "merge"})).await;
    assert_eq!(merged["conflicts"], json!(["a.txt"]));
    assert_eq!(client.good("git_status", json!({"path": "app"})).await["in_progress"], "merge");
    let refused = error(&mut client, "git_pull", json!({"path": "app"})).await;
    assert!(refused["message"].as_str().is_some_and(|text| text.contains("a merge is in progress")), "{refused}");
}

#[tokio::test]
async fn a_forced_push_needs_a_word_and_replaces_only_what_was_seen() {
    let mut client = client();
    with_other(&mut client, "b.txt", "b\n").await;
    let folder = client.on_disk("app");
    git(&folder, &["commit", "--quiet", "--amend", "-m", "otherwise"]);
    let refused = error(&mut client, "git_push", json!({"path": "app", "force": true})).await;
    assert_eq!((&refused["code"], &refused["field"]), (&json!("CONFIRMATION_REQUIRED"), &json!("confirm")));
    let refused = error(&mut client, "git_push", json!({"path": "app", "force": true, "confirm": true})).await;
    assert!(refused["message"].as_str().is_some_and(|text| text.contains("has moved")), "{refused}");
    git(&folder, &["fetch", "--quiet"]);
    let pushed = client.good("git_push", json!({"path": "app", "force": true, "confirm": true})).await;
    assert_eq!(pushed["pushed"], true);
    assert_eq!(git(&client.on_disk("hub.git"), &["log", "--format=%s", "main"]).trim(), "otherwise");
}

#[tokio::test]
async fn what_is_wrong_with_a_remote_has_its_code() {
    let mut client = client();
    with_remote(&client);
    repository(&client, "alone");
    git(&client.on_disk("alone"), &["checkout", "--quiet", "--detach"]);
    client.good("git_init", json!({"path": "new"})).await;
    let outside = tempfile::tempdir().expect("a folder");
    git(outside.path(), &["init", "--quiet", "--bare"]);
    let outside = outside.path().display().to_string();
    let hub = client.on_disk("hub.git").display().to_string();
    for (tool, arguments, code, field) in [
        ("git_push", json!({"path": "app", "remote": "nope", "branch": "main"}), "GIT_ERROR", "remote"),
        ("git_push", json!({"path": "app", "remote": "-x"}), "INVALID_INPUT", "remote"),
        ("git_push", json!({"path": "app", "remote": outside.clone()}), "INVALID_INPUT", "remote"),
        ("git_push", json!({"path": "app", "branch": "--all"}), "INVALID_INPUT", "branch"),
        ("git_push", json!({"path": "app", "branch": "none"}), "GIT_ERROR", ""),
        ("git_push", json!({"path": "alone"}), "GIT_ERROR", ""),
        ("git_push", json!({"path": "new", "set_upstream": true}), "GIT_ERROR", ""),
        ("git_pull", json!({"path": "app"}), "GIT_ERROR", ""),
        ("git_pull", json!({"path": "alone"}), "GIT_ERROR", ""),
        ("git_pull", json!({"path": "app", "remote": "origin", "branch": "none"}), "GIT_ERROR", ""),
        ("git_pull", json!({"path": "app", "mode": "squash"}), "INVALID_INPUT", "mode"),
        ("git_clone", json!({"url": "ext::sh -c touch% x"}), "INVALID_INPUT", "url"),
        ("git_clone", json!({"url": "--upload-pack=touch x"}), "INVALID_INPUT", "url"),
        ("git_clone", json!({"url": "http://example.com/x.git"}), "INVALID_INPUT", "url"),
        ("git_clone", json!({"url": "https://127.0.0.1:1/x.git"}), "FORBIDDEN", "url"),
        ("git_clone", json!({"url": "https://169.254.169.254/x.git"}), "FORBIDDEN", "url"),
        ("git_clone", json!({"url": "git@localhost:x.git"}), "FORBIDDEN", "url"),
        ("git_clone", json!({"url": outside}), "PATH_DENIED", "url"),
        ("git_clone", json!({"url": hub.clone(), "path": "app"}), "ALREADY_EXISTS", "path"),
        ("git_clone", json!({"url": hub.clone(), "path": "../x"}), "PATH_DENIED", "path"),
        ("git_clone", json!({"url": hub.clone(), "depth": 0}), "INVALID_INPUT", "depth"),
        ("git_clone", json!({"url": hub, "branch": "none"}), "GIT_ERROR", ""),
        ("git_clone", json!({"url": client.on_disk("none").display().to_string()}), "NOT_FOUND", "url"),
    ] {
        assert_eq!(
            client.bad(tool, arguments.clone()).await,
            (code.to_owned(), field.to_owned()),
            "{tool} {arguments}"
        );
    }
    client.assert_outside_is_untouched();
}

#[tokio::test]
async fn nothing_of_a_hostile_remote_runs() {
    let mut client = client();
    with_other(&mut client, "b.txt", "b\n").await;
    let (hub, canary) = (client.on_disk("hub.git"), client.on_disk("CANARY"));
    let script = format!("#!/bin/sh\ntouch {}\n", canary.display());
    for hook in ["pre-receive", "update", "post-receive", "post-update", "reference-transaction"] {
        let path = hub.join("hooks").join(hook);
        fs::write(&path, &script).expect("a hook");
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a mode");
    }
    let touch = format!("touch {}", canary.display());
    for (key, value) in [("core.alternateRefsCommand", touch.as_str()), ("uploadpack.packObjectsHook", touch.as_str())]
    {
        git(&hub, &["config", key, value]);
    }
    let folder = client.on_disk("app");
    for (key, value) in
        [("remote.origin.receivepack", &touch), ("remote.origin.uploadpack", &touch), ("core.sshCommand", &touch)]
    {
        git(&folder, &["config", key, value]);
    }
    let _ = try_git(&folder, &["fetch"]);
    assert!(canary.exists(), "plain git did not fall for it, so nothing is proved");
    fs::remove_file(&canary).expect("the canary");
    client.good("git_pull", json!({"path": "app"})).await;
    client.put("app/c.txt", "c\n");
    client.good("git_commit", json!({"path": "app", "message": "c"})).await;
    client.good("git_push", json!({"path": "app"})).await;
    client.good("git_clone", json!({"url": hub.display().to_string(), "path": "copy"})).await;
    assert!(!canary.exists());
    git(&client.on_disk("copy"), &["push", "--quiet", "origin", "main:more"]);
    assert!(canary.exists(), "the hooks of the remote were no danger, so nothing is proved");
}

#[tokio::test]
async fn a_remote_that_leads_elsewhere_is_refused() {
    let outside = tempfile::tempdir().expect("a folder");
    git(outside.path(), &["init", "--quiet", "--bare"]);
    let outside = outside.path().display().to_string();
    for (settings, code) in [
        (vec![("remote.origin.url", outside.as_str())], "PATH_DENIED"),
        (vec![("remote.origin.pushurl", outside.as_str())], "NOT_SUPPORTED"),
        (vec![("remote.origin.url", "ext::sh -c touch% CANARY")], "INVALID_INPUT"),
        (vec![("remote.origin.url", "https://127.0.0.1:1/x.git")], "FORBIDDEN"),
        (vec![("remote.origin.vcs", "ext")], "GIT_ERROR"),
        (vec![("http.proxy", "http://127.0.0.1:1")], "GIT_ERROR"),
        (vec![("credential.helper", "!touch CANARY")], "GIT_ERROR"),
        (vec![("url.ext::sh -c touch% CANARY;.insteadOf", "../hub.git")], "INVALID_INPUT"),
    ] {
        let mut client = client();
        with_remote(&client);
        for (key, value) in &settings {
            git(&client.on_disk("app"), &["config", key, value]);
        }
        let (found, _) = client.bad("git_push", json!({"path": "app", "branch": "main"})).await;
        assert_eq!(found, code, "{settings:?}");
        let (found, _) = client.bad("git_pull", json!({"path": "app", "remote": "origin", "branch": "main"})).await;
        assert_eq!(found, code, "{settings:?}");
        assert!(!client.on_disk("app/CANARY").exists(), "{settings:?}");
    }
}
