//! What the git tools do when all is well.

use serde_json::{Value, json};

use super::{git, repository};
use crate::client::client;

#[tokio::test]
async fn a_project_is_written_made_a_repository_and_committed() {
    let mut client = client();
    client.good("write_file", json!({"path": "app/main.py", "content": "print('hello')\n"})).await;
    let made = client.good("git_init", json!({"path": "app"})).await;
    assert_eq!((&made["branch"], &made["path"]), (&json!("main"), &json!(client.on_disk("app").display().to_string())));
    let again = client.good("git_init", json!({"path": "app", "branch": "other"})).await;
    assert_eq!(again["branch"], "main");

    let status = client.good("git_status", json!({"path": "app"})).await;
    assert_eq!(
        (&status["untracked"], &status["clean"], &status["commit"]),
        (&json!(["main.py"]), &json!(false), &Value::Null)
    );
    let log = client.good("git_log", json!({"path": "app"})).await;
    assert_eq!(log["commits"], json!([]));
    let diff = client.good("git_diff", json!({"path": "app"})).await;
    assert_eq!(diff["diff"], "");

    let author = json!({"name": "Ada", "email": "ada@example.com"});
    let done =
        client.good("git_commit", json!({"path": "app", "message": "say hello\n\nat last", "author": author})).await;
    assert_eq!(
        (&done["branch"], &done["summary"], &done["files_changed"]),
        (&json!("main"), &json!("say hello"), &json!(1))
    );
    let log = client.good("git_log", json!({"path": "app"})).await;
    let commit = &log["commits"][0];
    assert_eq!(
        (&commit["commit"], &commit["summary"], &commit["body"], &commit["author"]),
        (&done["commit"], &json!("say hello"), &json!("at last"), &author)
    );
    assert_eq!(client.good("git_status", json!({"path": "app"})).await["clean"], true);
}

#[tokio::test]
async fn only_the_named_files_or_only_what_is_staged_is_committed() {
    let mut client = client();
    repository(&client, "app");
    for file in ["b.txt", "dir/c.txt", "dir/d e.txt", "-f.txt", "*.txt"] {
        client.put(&format!("app/{file}"), file);
    }
    std::fs::remove_file(client.on_disk("app/a.txt")).expect("a file");
    let absolute = client.on_disk("app/b.txt").display().to_string();
    let done =
        client.good("git_commit", json!({"path": "app", "files": ["dir", absolute, "a.txt"], "message": "some"})).await;
    assert_eq!(done["files_changed"], 4);
    let status = client.good("git_status", json!({"path": "app/dir"})).await;
    assert_eq!(status["untracked"], json!(["*.txt", "-f.txt"]));
    git(&client.on_disk("app"), &["add", "--", "-f.txt"]);
    let status = client.good("git_status", json!({"path": "app"})).await;
    assert_eq!((&status["staged"], &status["untracked"]), (&json!(["-f.txt"]), &json!(["*.txt"])));
    let done = client.good("git_commit", json!({"path": "app", "addAll": false, "auto_message": true})).await;
    assert_eq!((&done["files_changed"], &done["summary"]), (&json!(1), &json!("feat: add -f.txt")));
    let done = client.good("git_commit", json!({"path": "app"})).await;
    assert_eq!(done["summary"], "Add *.txt");
}

#[tokio::test]
async fn a_difference_is_shown_with_its_statistics() {
    let mut client = client();
    repository(&client, "app");
    client.put("app/a.txt", "one\n2\nthree\n");
    client.put("app/b.txt", "b\n");
    git(&client.on_disk("app"), &["add", "b.txt"]);
    let result = client.call("git_diff", &json!({"path": "app"})).await;
    let text = result["content"][0]["text"].as_str().expect("text");
    assert!(text.contains("-two\n+2\n") && text.contains("+++ b/b.txt"), "{text}");
    let stats = &result["structuredContent"]["stats"];
    assert_eq!((&stats["files_changed"], &stats["insertions"], &stats["deletions"]), (&json!(2), &json!(2), &json!(1)));
    let one = client.good("git_diff", json!({"path": "app", "file": "b.txt", "limit": 1})).await;
    assert_eq!((&one["truncated"], &one["stats"]["files"][0]["file"]), (&json!(true), &json!("b.txt")));
    client.good("git_commit", json!({"path": "app", "message": "two"})).await;
    let range = client.good("git_diff", json!({"path": "app", "range": "HEAD~1..HEAD"})).await;
    assert_eq!(range["stats"]["files_changed"], 2);
    assert_eq!(client.good("git_diff", json!({"path": "app"})).await["diff"], "");
}

#[tokio::test]
async fn commits_are_listed_page_by_page_and_by_file() {
    let mut client = client();
    repository(&client, "app");
    for number in 0..4 {
        client.put("app/n.txt", number.to_string());
        client.good("git_commit", json!({"path": "app", "message": format!("number {number}")})).await;
    }
    let page = client.good("git_log", json!({"path": "app", "limit": 2, "cursor": "1"})).await;
    let summaries: Vec<&Value> =
        page["commits"].as_array().expect("commits").iter().map(|one| &one["summary"]).collect();
    assert_eq!((summaries, &page["next_cursor"]), (vec![&json!("number 2"), &json!("number 1")], &json!("3")));
    let begin = client.good("git_log", json!({"path": "app", "file": "a.txt"})).await;
    assert_eq!((begin["commits"].as_array().map(Vec::len), &begin["next_cursor"]), (Some(1), &Value::Null));
    let range = client.good("git_log", json!({"path": "app", "range": "HEAD~2..HEAD"})).await;
    assert_eq!(range["commits"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn branches_begin_are_listed_and_checked_out() {
    let mut client = client();
    repository(&client, "app");
    let begun = client.good("git_checkout", json!({"path": "app", "ref": "feature/x", "create": true})).await;
    assert_eq!(begun["branch"], "feature/x");
    client.put("app/b.txt", "b");
    client.good("git_commit", json!({"path": "app", "message": "b"})).await;
    let list = client.good("git_branches", json!({"path": "app"})).await;
    let short: Vec<(&Value, &Value)> =
        list["branches"].as_array().expect("branches").iter().map(|one| (&one["name"], &one["current"])).collect();
    assert_eq!(short, [(&json!("feature/x"), &json!(true)), (&json!("main"), &json!(false))]);
    let back = client.good("git_checkout", json!({"path": "app", "ref": "main"})).await;
    assert_eq!((&back["branch"], client.on_disk("app/b.txt").exists()), (&json!("main"), false));
    let alone = client.good("git_checkout", json!({"path": "app", "ref": "feature/x~0"})).await;
    assert_eq!(alone["branch"], Value::Null);
    assert_eq!(client.good("git_status", json!({"path": "app"})).await["branch"], Value::Null);
}

#[tokio::test]
async fn a_branch_begins_before_the_first_commit_as_well() {
    let mut client = client();
    client.good("git_init", json!({"path": "app", "branch": "trunk"})).await;
    let begun = client.good("git_checkout", json!({"path": "app", "ref": "dev", "create": true})).await;
    assert_eq!((&begun["branch"], &begun["commit"]), (&json!("dev"), &Value::Null));
}

#[tokio::test]
async fn a_tree_says_what_git_thinks_of_its_files() {
    let mut client = client();
    repository(&client, "app");
    client.put("app/a.txt", "changed\n");
    client.put("app/src/new.rs", "x");
    let text = client.call("project_tree", &json!({"path": "app", "format": "text"})).await;
    let drawn = "app\n├── a.txt [modified]\n└── src/\n    └── new.rs [untracked]\n";
    assert_eq!(text["content"][0]["text"], drawn);
    let below = client.good("project_tree", json!({"path": "app/src"})).await;
    assert_eq!(below["tree"]["children"][0]["git"], "untracked");
    let plain = client.good("project_tree", json!({"path": "app", "git_status": false})).await;
    assert_eq!(plain["tree"]["children"][0].get("git"), None);
}

#[tokio::test]
async fn a_linked_work_tree_beneath_the_root_is_a_repository() {
    let mut client = client();
    repository(&client, "app");
    git(&client.on_disk("app"), &["worktree", "add", "--quiet", "../other", "-b", "other"]);
    client.put("other/b.txt", "b");
    let done = client.good("git_commit", json!({"path": "other", "message": "b"})).await;
    assert_eq!(done["branch"], "other");
}

#[tokio::test]
async fn earlier_names_of_arguments_still_work_for_git() {
    let mut client = client();
    repository(&client, "app");
    for alias in ["project_path", "projectPath", "repo_path", "repositoryPath", "repository_path", "basePath"] {
        assert_eq!(client.good("git_status", json!({alias: "app"})).await["clean"], true, "{alias}");
    }
}

#[tokio::test]
async fn a_plan_of_git_changes_nothing() {
    let mut client = client();
    repository(&client, "app");
    client.put("app/b.txt", "b");
    for (tool, arguments) in [
        ("git_init", json!({"path": "new"})),
        ("git_commit", json!({"path": "app", "message": "b"})),
        ("git_checkout", json!({"path": "app", "ref": "x", "create": true})),
    ] {
        let mut arguments = arguments;
        arguments["dry_run"] = json!(true);
        let plan = client.good(tool, arguments).await;
        assert!(plan["plan"].as_array().is_some_and(|plan| !plan.is_empty()), "{tool}: {plan}");
    }
    let status = client.good("git_status", json!({"path": "app"})).await;
    assert_eq!(
        (&status["branch"], &status["staged"], &status["untracked"]),
        (&json!("main"), &json!([]), &json!(["b.txt"]))
    );
    assert!(!client.on_disk("new").exists());
}
