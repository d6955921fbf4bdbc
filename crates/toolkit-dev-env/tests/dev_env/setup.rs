//! What an existing project lacks, given to it and taken back.

use serde_json::{Value, json};

use crate::client::client;

fn acts(plan: &Value) -> Vec<String> {
    let planned = plan.as_array().into_iter().flatten();
    planned.map(|it| it["act"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn a_project_is_set_up_in_one_call_and_taken_back_in_another() {
    let mut client = client();
    client.put("web/package.json", r#"{"name": "web", "scripts": {"start": "node a.js", "test": "node --test"}}"#);
    client.put("web/a.js", "");
    client.put("web/.editorconfig", "root = true\n");

    let preview = client.good("auto_setup", json!({"path": "web"})).await;
    let plan = acts(&preview["plan"]);
    for part in ["npm install", "write `Dockerfile`", "git", "ci.yml", "devcontainer.json"] {
        assert!(plan.iter().any(|act| act.contains(part)), "{part}: {plan:?}");
    }
    assert!(!plan.iter().any(|act| act.contains(".editorconfig")), "{plan:?}");
    assert_eq!((&preview["done"], &preview["undo_id"]), (&json!([]), &Value::Null));
    assert!(!client.on_disk("web/Dockerfile").exists());

    let done = client.good("auto_setup", json!({"path": "web", "apply": true})).await;
    assert_eq!(done["done"].as_array().map(Vec::len), Some(plan.len()), "{done}");
    assert!(client.text("web/Dockerfile").contains(r#"CMD ["npm", "start"]"#));
    assert!(client.on_disk("web/.git/HEAD").exists());
    let nothing = client.good("auto_setup", json!({"path": "web", "steps": ["docker", "git", "ci"]})).await;
    assert_eq!(nothing["plan"], json!([]));

    client.put("web/.github/workflows/ci.yml", "mine");
    let undone = client.good("auto_setup", json!({"path": "web", "undo": done["undo_id"]})).await;
    assert!(undone["message"].as_str().is_some_and(|text| text.contains("ci.yml")), "{undone}");
    assert!(!client.on_disk("web/Dockerfile").exists() && !client.on_disk("web/.git").exists());
    assert!(!client.on_disk("web/package-lock.json").exists());
    assert_eq!(client.text("web/.github/workflows/ci.yml"), "mine");
    assert_eq!(client.text("web/.editorconfig"), "root = true\n");
    let again = client.bad("auto_setup", json!({"path": "web", "undo": done["undo_id"]})).await;
    assert_eq!(again, ("NOT_FOUND".to_owned(), "undo".to_owned()));
}

#[tokio::test]
async fn what_was_done_before_a_failure_is_taken_back() {
    let mut client = client();
    client.put("app/requirements.txt", "--no-index\nnot-there==1.0\n");
    let wanted = json!({"path": "app", "steps": ["deps", "ci"], "apply": true});
    assert_eq!(client.bad("auto_setup", wanted).await.0, "COMMAND_FAILED");
    assert!(!client.on_disk("app/venv").exists() && !client.on_disk("app/.github").exists());
}
