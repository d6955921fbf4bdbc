//! What the git tools do with a merge that could not decide.

use std::fs;

use serde_json::{Value, json};

use super::{git, repository, try_git};
use crate::client::{Client, client};

/// A repository in the middle of a merge: `a.txt` is changed on both sides, `list.txt` has new lines on both, `gone.txt` is
/// removed here and changed there, `dot.png` is no text.
fn in_conflict(client: &Client) {
    repository(client, "app");
    let folder = client.on_disk("app");
    let commit = |files: &[(&str, &[u8])], message: &str| {
        for (file, content) in files {
            fs::write(folder.join(file), content).expect("a file");
        }
        git(&folder, &["add", "--all"]);
        git(&folder, &["commit", "--quiet", "-m", message]);
    };
    commit(&[("list.txt", b"a\nz\n"), ("gone.txt", b"g\n"), ("dot.png", b"\x89P\0\xff")], "base");
    git(&folder, &["checkout", "--quiet", "-b", "dev"]);
    commit(
        &[("a.txt", b"theirs\n"), ("list.txt", b"a\nc\nz\n"), ("gone.txt", b"G\n"), ("dot.png", b"\x89P\0\xfe")],
        "theirs",
    );
    git(&folder, &["checkout", "--quiet", "main"]);
    fs::remove_file(folder.join("gone.txt")).expect("a file");
    commit(&[("a.txt", b"ours\n"), ("list.txt", b"a\nb\nz\n"), ("dot.png", b"\x89P\0\xfd")], "ours");
    assert!(try_git(&folder, &["merge", "dev"]).is_err());
}

#[tokio::test]
async fn conflicts_are_shown_settled_and_committed() {
    let mut client = client();
    in_conflict(&client);
    let shown = client.good("git_conflicts", json!({"path": "app"})).await;
    let by_name = |name: &str| -> Value {
        let all = shown["conflicts"].as_array().expect("conflicts");
        all.iter().find(|one| one["file"] == name).expect("a conflict").clone()
    };
    assert_eq!(shown["total"], 4);
    let plain = by_name("a.txt");
    assert_eq!(
        (&plain["ours"], &plain["theirs"], &plain["base"]),
        (&json!("ours\n"), &json!("theirs\n"), &json!("one\ntwo\nthree\n"))
    );
    assert_eq!((&plain["proposal"], &plain["confidence"]), (&Value::Null, &json!(0)));
    assert_eq!(by_name("list.txt")["proposal"], "a\nb\nc\nz\n");
    assert_eq!((&by_name("gone.txt")["ours"], &by_name("gone.txt")["theirs"]), (&Value::Null, &json!("G\n")));
    assert_eq!(by_name("dot.png")["ours"], Value::Null);

    let resolve = |file: &str, resolution: &str| json!({"path": "app", "file": file, "resolution": resolution});
    let done = client.good("git_resolve_conflict", resolve("list.txt", "proposal")).await;
    assert_eq!(done["remaining"].as_array().map(Vec::len), Some(3));
    assert_eq!(client.text("app/list.txt"), "a\nb\nc\nz\n");
    let backup = done["backup_path"].as_str().expect("a backup");
    assert!(fs::read_to_string(backup).expect("the backup").contains("<<<<<<<"));
    fs::remove_file(backup).expect("the backup");

    let mut text = resolve("a.txt", "text");
    text["text"] = json!("both\n");
    let done = client.good("git_resolve_conflict", text).await;
    fs::remove_file(done["backup_path"].as_str().expect("a backup")).expect("the backup");
    let done = client.good("git_resolve_conflict", resolve("gone.txt", "ours")).await;
    assert!(!client.on_disk("app/gone.txt").exists() && done["backup_path"].is_string(), "{done}");
    let done = client.good("git_resolve_conflict", resolve("dot.png", "theirs")).await;
    fs::remove_file(done["backup_path"].as_str().expect("a backup")).expect("the backup");
    assert_eq!(fs::read(client.on_disk("app/dot.png")).expect("a file"), b"\x89P\0\xfe");
    assert_eq!(done["remaining"], json!([]));

    client.good("git_commit", json!({"path": "app", "message": "merge dev", "add_all": false})).await;
    let log = client.good("git_log", json!({"path": "app", "limit": 1})).await;
    assert_eq!(log["commits"][0]["parents"].as_array().map(Vec::len), Some(2));
    assert_eq!(client.text("app/a.txt"), "both\n");
    assert_eq!(client.good("git_conflicts", json!({"path": "app"})).await["total"], 0);
}

#[tokio::test]
async fn a_conflict_is_not_settled_by_what_cannot_settle_it() {
    let mut client = client();
    in_conflict(&client);
    for (arguments, code, field) in [
        (json!({"path": "app", "file": "a.txt", "resolution": "mine"}), "INVALID_INPUT", "resolution"),
        (json!({"path": "app", "file": "a.txt", "resolution": "text"}), "INVALID_INPUT", "text"),
        (json!({"path": "app", "file": "a.txt", "resolution": "ours", "text": "x"}), "INVALID_INPUT", "text"),
        (
            json!({"path": "app", "file": "a.txt", "resolution": "text", "text": "<<<<<<< HEAD\n"}),
            "INVALID_INPUT",
            "text",
        ),
        (json!({"path": "app", "file": "a.txt", "resolution": "proposal"}), "INVALID_INPUT", "resolution"),
        (json!({"path": "app", "file": "gone.txt", "resolution": "union"}), "INVALID_INPUT", "resolution"),
        (json!({"path": "app", "file": "none.txt", "resolution": "ours"}), "NOT_FOUND", "file"),
        (json!({"path": "app", "file": "../secret", "resolution": "ours"}), "PATH_DENIED", "file"),
    ] {
        let found = client.bad("git_resolve_conflict", arguments.clone()).await;
        assert_eq!(found, (code.to_owned(), field.to_owned()), "{arguments}");
    }
    assert_eq!(client.good("git_conflicts", json!({"path": "app"})).await["total"], 4);
    client.assert_outside_is_untouched();
}

#[tokio::test]
async fn a_message_is_suggested_with_its_reasons() {
    let mut client = client();
    repository(&client, "app");
    assert_eq!(client.bad("git_suggest_message", json!({"path": "app"})).await.0, "GIT_ERROR");
    assert_eq!(client.bad("git_suggest_message", json!({"path": "app", "style": "poem"})).await.1, "style");
    client.put("app/src/api/login.py", "x");
    let suggested = client.good("git_suggest_message", json!({"path": "app"})).await;
    assert_eq!(suggested["message"], "feat(api): add login.py");
    assert!(suggested["reasons"].as_array().is_some_and(|reasons| reasons.len() == 4), "{suggested}");
    let plain = client.good("git_suggest_message", json!({"path": "app", "style": "plain"})).await;
    assert_eq!(plain["message"], "Add login.py");
}
