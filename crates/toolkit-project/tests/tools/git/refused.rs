//! What the git tools do with what is wrong.

use serde_json::json;

use super::{git, repository, try_git};
use crate::client::client;

#[tokio::test]
async fn what_is_wrong_with_git_has_its_code_and_its_argument() {
    let mut client = client();
    repository(&client, "app");
    client.put("plain/x.txt", "x");
    client.put("app/x.txt", "x");
    client.put("broken/.git", "nonsense");
    client.put("lost/.git", "gitdir: ../nowhere");
    client.put("hollow/.git/config", "");
    client.put("twisted/.git/HEAD", "ref: refs/heads/main\n");
    client.put("twisted/.git/config", "[core\n");
    for (tool, arguments, code, field) in [
        ("git_init", json!({"path": "../x"}), "PATH_DENIED", "path"),
        ("git_init", json!({"path": "app/x.txt"}), "NOT_FOUND", "path"),
        ("git_init", json!({"path": "new", "branch": "a..b"}), "INVALID_INPUT", "branch"),
        ("git_status", json!({}), "INVALID_INPUT", "path"),
        ("git_status", json!({"path": "plain"}), "GIT_ERROR", "path"),
        ("git_status", json!({"path": "none"}), "NOT_FOUND", "path"),
        ("git_status", json!({"path": "broken"}), "GIT_ERROR", ""),
        ("git_status", json!({"path": "lost"}), "NOT_FOUND", "path"),
        ("git_status", json!({"path": "hollow"}), "GIT_ERROR", "path"),
        ("git_status", json!({"path": "twisted"}), "GIT_ERROR", ""),
        ("git_commit", json!({"path": "plain"}), "GIT_ERROR", "path"),
        ("git_commit", json!({"path": "app", "files": ["none.txt"]}), "NOT_FOUND", "files"),
        ("git_commit", json!({"path": "app", "files": ["../plain/x.txt"]}), "PATH_DENIED", "files"),
        ("git_commit", json!({"path": "app", "files": [""]}), "INVALID_INPUT", "files"),
        ("git_commit", json!({"path": "app", "add_all": false}), "GIT_ERROR", ""),
        ("git_commit", json!({"path": "app", "message": "a\0b"}), "INVALID_INPUT", "message"),
        ("git_commit", json!({"path": "app", "message": "x".repeat(100_000)}), "TOO_LARGE", "message"),
        ("git_commit", json!({"path": "app", "author": {"name": "A<", "email": "a"}}), "INVALID_INPUT", "author.name"),
        ("git_commit", json!({"path": "app", "author": {"name": "A"}}), "INVALID_INPUT", "author"),
        ("git_log", json!({"path": "app", "range": "--output=x"}), "INVALID_INPUT", "range"),
        ("git_log", json!({"path": "app", "range": "nowhere"}), "NOT_FOUND", ""),
        ("git_log", json!({"path": "app", "limit": 0}), "INVALID_INPUT", "limit"),
        ("git_diff", json!({"path": "app", "range": "-O/etc/passwd"}), "INVALID_INPUT", "range"),
        ("git_diff", json!({"path": "app", "range": "nowhere"}), "NOT_FOUND", ""),
        ("git_diff", json!({"path": "app", "limit": 0}), "INVALID_INPUT", "limit"),
        ("git_diff", json!({"path": "app", "file": "/etc/passwd"}), "PATH_DENIED", "file"),
        ("git_branches", json!({"path": "plain"}), "GIT_ERROR", "path"),
        ("git_branches", json!({"path": "app", "cursor": "x"}), "INVALID_INPUT", "cursor"),
        ("git_checkout", json!({"path": "app", "ref": "none"}), "NOT_FOUND", ""),
        ("git_checkout", json!({"path": "app", "ref": "-f"}), "INVALID_INPUT", "ref"),
        ("git_checkout", json!({"path": "app", "ref": "main", "create": true}), "ALREADY_EXISTS", ""),
        ("git_checkout", json!({"path": "app", "ref": "a b", "create": true}), "INVALID_INPUT", "ref"),
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
async fn changes_that_a_checkout_would_lose_stop_it() {
    let mut client = client();
    repository(&client, "app");
    client.good("git_checkout", json!({"path": "app", "ref": "dev", "create": true})).await;
    client.put("app/a.txt", "dev\n");
    client.good("git_commit", json!({"path": "app", "message": "dev"})).await;
    client.put("app/a.txt", "not committed\n");
    let result = client.call("git_checkout", &json!({"path": "app", "ref": "main"})).await;
    let error = &result["_meta"]["dev.switchboard/error"];
    assert_eq!(error["code"], "GIT_ERROR");
    assert!(error["hint"].as_str().is_some_and(|hint| hint.contains("git_commit")), "{error}");
    assert_eq!(client.text("app/a.txt"), "not committed\n");
}

#[tokio::test]
async fn a_merge_in_progress_is_told_and_conflicts_are_not_committed() {
    let mut client = client();
    repository(&client, "app");
    let folder = client.on_disk("app");
    git(&folder, &["checkout", "--quiet", "-b", "dev"]);
    client.put("app/a.txt", "dev\n");
    git(&folder, &["commit", "--quiet", "-am", "dev"]);
    git(&folder, &["checkout", "--quiet", "main"]);
    client.put("app/a.txt", "main\n");
    git(&folder, &["commit", "--quiet", "-am", "main"]);
    assert!(try_git(&folder, &["merge", "dev"]).is_err());
    let status = client.good("git_status", json!({"path": "app"})).await;
    assert_eq!((&status["in_progress"], &status["conflicts"]), (&json!("merge"), &json!(["a.txt"])));
    let result = client.call("git_commit", &json!({"path": "app", "message": "merge"})).await;
    let error = &result["_meta"]["dev.switchboard/error"];
    assert_eq!(error["code"], "GIT_ERROR");
    assert!(error["message"].as_str().is_some_and(|text| text.contains("`a.txt` is in conflict")), "{error}");
}

#[tokio::test]
async fn another_git_at_work_is_told() {
    let mut client = client();
    repository(&client, "app");
    client.put("app/b.txt", "b");
    client.put("app/.git/index.lock", "");
    let result = client.call("git_commit", &json!({"path": "app", "message": "b"})).await;
    let error = &result["_meta"]["dev.switchboard/error"];
    assert!(error["message"].as_str().is_some_and(|text| text.contains("another git is at work")), "{error}");
}
