//! New projects, and what existing ones are made of.

use std::fs;

use serde_json::{Value, json};

use crate::client::client;

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[tokio::test]
async fn a_project_is_made_with_its_history() {
    let mut client = client();
    let made = client.good("create_project", json!({"name": "Web_Shop", "type": "python"})).await;
    assert_eq!(made["path"], client.on_disk("Web_Shop").display().to_string());
    assert!(texts(&made["created"]).contains(&"src/web_shop/__init__.py"), "{made}");
    assert_eq!((&made["git"]["branch"], made["git"]["commit"].as_str().map(str::len)), (&json!("main"), Some(40)));
    assert!(client.text("Web_Shop/pyproject.toml").contains("name = \"web-shop\""));
    assert!(client.text("Web_Shop/.git/HEAD").contains("refs/heads/main"));
    assert!(!client.on_disk("Web_Shop/.git/hooks").exists(), "a template of git was used");
}

#[tokio::test]
async fn a_project_without_history_is_made_where_it_is_wanted() {
    let mut client = client();
    let arguments =
        json!({"name": "lib", "type": "rust", "template": "rust-library", "path": "deep/er", "initGit": false});
    let made = client.good("create_project", arguments).await;
    assert_eq!(made["git"], Value::Null);
    assert!(client.on_disk("deep/er/lib/src/lib.rs").exists() && !client.on_disk("deep/er/lib/.git").exists());
}

#[tokio::test]
async fn a_plan_says_every_step_and_makes_nothing() {
    let mut client = client();
    let plan = client.good("create_project", json!({"name": "a", "type": "node", "dry_run": true})).await;
    let plan = texts(&plan["plan"]);
    assert!(plan[0].starts_with("make the folder") && plan.contains(&"write `package.json`"), "{plan:?}");
    assert!(plan.last().is_some_and(|step| step.contains("commit")), "{plan:?}");
    assert!(!client.on_disk("a").exists());
}

#[tokio::test]
async fn an_existing_folder_is_left_as_it_is() {
    let mut client = client();
    client.put("shop/kept.txt", "kept");
    let arguments = json!({"name": "shop", "type": "generic"});
    assert_eq!(client.bad("create_project", arguments).await, ("ALREADY_EXISTS".to_owned(), "name".to_owned()));
    let names: Vec<_> = fs::read_dir(client.on_disk("shop")).expect("the folder").flatten().collect();
    assert_eq!((names.len(), client.text("shop/kept.txt")), (1, "kept".to_owned()));
}

#[tokio::test]
async fn templates_are_listed_by_type() {
    let mut client = client();
    let all = client.good("list_templates", json!({})).await;
    assert_eq!(all["total"], 11);
    let python = client.good("list_templates", json!({"projectType": "python"})).await;
    assert_eq!((&python["total"], &python["templates"][0]["name"]), (&json!(2), &json!("python-package")));
    assert!(texts(&python["templates"][0]["files"]).contains(&"src/example/__init__.py"));
}

#[tokio::test]
async fn what_was_made_is_recognised() {
    let mut client = client();
    for (kind, language, manager, entry) in [
        ("python", "python", "pip", "src/a/__main__.py"),
        ("node", "node", "npm", "src/main.js"),
        ("rust", "rust", "cargo", "src/main.rs"),
        ("go", "go", "go", "main.go"),
        ("java", "java", "maven", "src/main/java/com/example/a/Main.java"),
        ("ruby", "ruby", "bundler", ""),
    ] {
        client.good("create_project", json!({"name": "a", "type": kind, "path": kind, "git_init": false})).await;
        let found = client.good("detect_project", json!({"project_path": format!("{kind}/a")})).await;
        assert_eq!((texts(&found["languages"]), texts(&found["managers"])), (vec![language], vec![manager]), "{found}");
        assert!(entry.is_empty() || texts(&found["entry_points"]).contains(&entry), "{found}");
        assert_eq!(found["confidence"], 0.9);
    }
}

#[tokio::test]
async fn a_project_of_several_parts_is_recognised_with_evidence() {
    let mut client = client();
    client.put("api/pyproject.toml", "[project]\nname = 'api'\ndependencies = ['fastapi', 'psycopg[binary]']\n");
    client.put("api/uv.lock", "");
    client.put("web/package.json", r#"{"dependencies": {"react": "19"}, "scripts": {"dev": "vite --port 5173"}}"#);
    client.put("web/node_modules/express/package.json", r#"{"dependencies": {"mongodb": "6"}}"#);
    client.put("compose.yaml", "services:\n  cache:\n    image: redis:8\n    ports: ['6379:6379']\n");
    let found = client.good("detect_project", json!({"path": "."})).await;
    assert_eq!(texts(&found["languages"]), ["python", "node"]);
    assert_eq!(texts(&found["frameworks"]), ["fastapi", "react"]);
    assert_eq!((texts(&found["managers"]), &found["ports"]), (vec!["uv", "npm"], &json!([5173, 6379])));
    let services: Vec<_> = found["services"].as_array().into_iter().flatten().map(|it| &it["name"]).collect();
    assert_eq!(services, ["cache", "postgresql"]);
    assert_eq!(found["confidence"], 1.0);
    let evidence = found["evidence"].to_string();
    assert!(evidence.contains("api/uv.lock") && !evidence.contains("node_modules"), "{evidence}");
}

#[tokio::test]
async fn sources_alone_are_a_guess_and_an_empty_folder_is_nothing() {
    let mut client = client();
    client.put("scripts/a.rb", "puts 1");
    client.put("empty/README.md", "x");
    let guess = client.good("detect_project", json!({"path": "scripts"})).await;
    assert_eq!((texts(&guess["languages"]), &guess["confidence"]), (vec!["ruby"], &json!(0.5)));
    let nothing = client.good("detect_project", json!({"path": "empty"})).await;
    assert_eq!((texts(&nothing["languages"]).len(), &nothing["confidence"]), (0, &json!(0.0)));
}
