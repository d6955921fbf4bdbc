//! What the tools do when all is well.

use serde_json::{Value, json};

use crate::client::client;

fn names(list: &Value, member: &str) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items.map(|item| item[member].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn a_file_is_written_read_edited_and_deleted() {
    let mut client = client();
    let written = client.good("write_file", json!({"path": "app/main.py", "content": "a = 1\nb = 2\n"})).await;
    assert_eq!((&written["size"], &written["backup_path"]), (&json!(12), &Value::Null));

    let edits = json!([{"old": "a = 1", "new": "a = 3"}, {"old": "a = 3\nb", "new": "a = 3\nc"}]);
    let edited = client.good("edit_file", json!({"path": "app/main.py", "edits": edits})).await;
    assert_eq!(client.text("app/main.py"), "a = 3\nc = 2\n");
    assert!(
        edited["diff"].as_str().is_some_and(|diff| diff.contains("-a = 1\n") && diff.contains("+a = 3\n")),
        "{edited}"
    );
    let backup = edited["backup_path"].as_str().expect("a backup");
    assert_eq!(std::fs::read_to_string(backup).expect("the backup"), "a = 1\nb = 2\n");

    let read = client.good("read_file", json!({"path": "app/main.py", "start_line": 2})).await;
    assert_eq!((&read["content"], &read["mime_type"]), (&json!("c = 2\n"), &json!("text/x-python")));
    assert_eq!(read["digest"], edited["digest"]);

    let deleted = client.good("delete_file", json!({"path": "app/main.py", "confirm": true})).await;
    assert!(!client.on_disk("app/main.py").exists());
    client.good("move_path", json!({"path": deleted["trash_path"], "to": "app/main.py"})).await;
    assert_eq!(client.text("app/main.py"), "a = 3\nc = 2\n");
}

#[tokio::test]
async fn a_file_grows_and_bytes_come_back_as_they_went() {
    let mut client = client();
    client.good("write_file", json!({"path": "log.txt", "content": "one\n"})).await;
    client
        .good("write_file", json!({"path": "log.txt", "content": "two\n", "append": true, "create_backup": false}))
        .await;
    assert_eq!(client.text("log.txt"), "one\ntwo\n");
    client.good("write_file", json!({"path": "dot.png", "content": "AP8K", "encoding": "base64"})).await;
    let read = client.good("read_file", json!({"path": "dot.png", "encoding": "base64"})).await;
    assert_eq!((&read["content"], &read["mime_type"], &read["size"]), (&json!("AP8K"), &json!("image/png"), &json!(3)));
}

#[tokio::test]
async fn text_that_was_read_is_the_text_of_the_result() {
    let mut client = client();
    client.put("a.txt", "hello\n");
    let result = client.call("read_file", &json!({"path": "a.txt"})).await;
    assert_eq!(result["content"][0]["text"], "hello\n");
}

#[tokio::test]
async fn a_folder_is_listed_page_by_page() {
    let mut client = client();
    for file in ["b.rs", "a.rs", "c.txt", ".hidden", "src/deep/d.rs", "~odd"] {
        client.put(file, "x");
    }
    let list = client.good("list_directory", json!({"path": "."})).await;
    assert_eq!(names(&list["entries"], "name"), ["a.rs", "b.rs", "c.txt", "src", "~odd"]);
    assert_eq!(
        (&list["total"], &list["entries"][0]["size"], &list["entries"][3]["type"]),
        (&json!(5), &json!(1), &json!("directory"))
    );
    let page = client.good("list_directory", json!({"path": ".", "limit": 2, "cursor": "2"})).await;
    assert_eq!(
        (names(&page["entries"], "name"), &page["next_cursor"]),
        (vec!["c.txt".to_owned(), "src".to_owned()], &json!("4"))
    );
    let rust = client.good("list_directory", json!({"path": ".", "recursive": true, "pattern": "*.rs"})).await;
    assert_eq!(names(&rust["entries"], "name"), ["a.rs", "b.rs", "d.rs"]);
    let hidden = client.good("list_directory", json!({"path": ".", "include_hidden": true, "pattern": ".*"})).await;
    assert_eq!(names(&hidden["entries"], "name"), [".hidden"]);
}

#[tokio::test]
async fn a_path_is_looked_at_whether_or_not_it_is_there() {
    let mut client = client();
    client.put("a.txt", "12345");
    let there = client.good("path_info", json!({"path": "a.txt"})).await;
    assert_eq!((&there["exists"], &there["type"], &there["size"]), (&json!(true), &json!("file"), &json!(5)));
    let absent = client.good("path_info", json!({"path": "none/b.txt"})).await;
    assert_eq!((&absent["exists"], &absent["type"]), (&json!(false), &Value::Null));
    let root = client.good("path_info", json!({"path": "."})).await;
    assert_eq!(root["type"], "directory");
}

#[tokio::test]
async fn folders_are_made_and_things_are_moved() {
    let mut client = client();
    let made = client.good("create_directory", json!({"path": "a/b"})).await;
    assert_eq!(made["created"].as_array().map(Vec::len), Some(2));
    let again = client.good("create_directory", json!({"path": "a/b"})).await;
    assert_eq!(again["created"], json!([]));
    client.put("a/b/x.md", "x");
    let moved = client.good("move_path", json!({"path": "a/b", "to": "c/d"})).await;
    assert_eq!(moved["path"], client.on_disk("c/d").display().to_string());
    assert_eq!(client.text("c/d/x.md"), "x");
}

#[tokio::test]
async fn a_text_is_found_with_what_is_around_it() {
    let mut client = client();
    client.put("src/a.rs", "one\ntwo\nfn Needle() {}\nfour\nfive\nsix\n");
    client.put("src/b.py", "needle = 1\n");
    client.put("ignored/c.rs", "needle\n");
    client.put(".gitignore", "ignored/\n");
    client.put("picture.bin", b"needle\0needle");
    let found = client.good("find_in_files", json!({"path": ".", "query": "needle"})).await;
    assert_eq!(names(&found["matches"], "file"), ["src/a.rs", "src/b.py"]);
    let first = &found["matches"][0];
    assert_eq!((&first["line"], &first["column"], &first["text"]), (&json!(3), &json!(4), &json!("fn Needle() {}")));
    assert_eq!((&first["before"], &first["after"]), (&json!(["one", "two"]), &json!(["four", "five"])));
    assert_eq!(found["truncated"], false);
    let exact = json!({"path": ".", "query": "^n.*1$", "regex": true, "case_sensitive": true, "include": ["*.py"], "context": 0});
    let found = client.good("find_in_files", exact).await;
    assert_eq!((names(&found["matches"], "file"), &found["files_searched"]), (vec!["src/b.py".to_owned()], &json!(1)));
    let one = client.good("find_in_files", json!({"path": "src", "query": "e", "limit": 1})).await;
    assert_eq!((one["matches"].as_array().map(Vec::len), &one["truncated"]), (Some(1), &json!(true)));
}

#[tokio::test]
async fn a_text_is_replaced_in_all_files_that_have_it() {
    let mut client = client();
    client.put("a.rs", "old(1) old\n");
    client.put("deep/b.rs", "nothing\n");
    client.put("deep/c.rs", "older\n");
    let arguments = json!({"path": ".", "query": r"\bold\((\d)\)", "replacement": "new[$1]", "regex": true});
    let mut plan = arguments.clone();
    plan["dry_run"] = json!(true);
    let plan = client.good("replace_in_files", plan).await;
    assert_eq!((plan["plan"].as_array().map(Vec::len), client.text("a.rs")), (Some(1), "old(1) old\n".to_owned()));
    let mut act = arguments;
    act["confirm"] = json!(true);
    let done = client.good("replace_in_files", act).await;
    assert_eq!((client.text("a.rs"), &done["total"]), ("new[1] old\n".to_owned(), &json!(1)));
    assert!(done["files"][0]["backup_path"].is_string(), "{done}");
    let literal = json!({"path": ".", "query": "old", "replacement": "$1", "confirm": true, "create_backup": false});
    client.good("replace_in_files", literal).await;
    assert_eq!((client.text("a.rs"), client.text("deep/c.rs")), ("new[1] $1\n".to_owned(), "$1er\n".to_owned()));
}

#[tokio::test]
async fn a_project_is_drawn_in_three_ways() {
    let mut client = client();
    for file in ["src/main.rs", "node_modules/x/index.js", "README.md", ".git/config"] {
        client.put(file, "x");
    }
    let json = client.good("project_tree", json!({"path": "."})).await;
    assert_eq!(names(&json["tree"]["children"], "name"), ["README.md", "node_modules", "src"]);
    assert_eq!((&json["stats"]["files"], &json["stats"]["languages"]), (&json!(2), &json!({"Markdown": 1, "Rust": 1})));
    let text = client.call("project_tree", &json!({"path": ".", "format": "text"})).await;
    assert!(
        text["content"][0]["text"].as_str().is_some_and(|text| text.ends_with("└── src/\n    └── main.rs\n")),
        "{text}"
    );
    let mermaid = client.good("project_tree", json!({"path": ".", "format": "mermaid", "depth": 1})).await;
    assert!(mermaid["tree"].as_str().is_some_and(|text| text.starts_with("graph LR\n")), "{mermaid}");
}

#[tokio::test]
async fn a_plan_changes_nothing() {
    let mut client = client();
    client.put("a.txt", "a");
    for (tool, arguments) in [
        ("write_file", json!({"path": "a.txt", "content": "b"})),
        ("edit_file", json!({"path": "a.txt", "edits": [{"old": "a", "new": "b"}]})),
        ("delete_file", json!({"path": "a.txt"})),
        ("move_path", json!({"path": "a.txt", "to": "b.txt"})),
        ("create_directory", json!({"path": "dir"})),
        ("replace_in_files", json!({"path": ".", "query": "a", "replacement": "b"})),
    ] {
        let mut arguments = arguments;
        arguments["dry_run"] = json!(true);
        let plan = client.good(tool, arguments).await;
        assert!(plan["plan"].as_array().is_some_and(|plan| !plan.is_empty()), "{tool}: {plan}");
    }
    let list = client.good("list_directory", json!({"path": ".", "include_hidden": true})).await;
    assert_eq!((names(&list["entries"], "name"), client.text("a.txt")), (vec!["a.txt".to_owned()], "a".to_owned()));
}

#[tokio::test]
async fn earlier_names_of_arguments_still_work() {
    let mut client = client();
    client.put("a.txt", "needle");
    for alias in [
        "project_path",
        "projectPath",
        "repo_path",
        "repositoryPath",
        "repository_path",
        "file_path",
        "filePath",
        "basePath",
        "search_path",
    ] {
        let read = client.good("read_file", json!({alias: "a.txt", "maxSize": 100})).await;
        assert_eq!(read["content"], "needle", "{alias}");
    }
    let list = client.good("list_directory", json!({"path": ".", "includeHidden": true, "filter": "*.txt"})).await;
    assert_eq!(list["total"], 1);
    for alias in ["createBackup", "backup"] {
        let written = client
            .good("write_file", json!({"path": "a.txt", "content": "b", alias: false, "createDirs": false}))
            .await;
        assert_eq!(written["backup_path"], Value::Null, "{alias}");
    }
}
