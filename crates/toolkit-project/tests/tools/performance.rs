//! What makes a project slow, as a client is told of it.

use serde_json::{Value, json};

use crate::client::Client;

const SLOW_PYTHON: &str = "def names(db, ids):\n    text = ''\n    for one in ids:\n        row = db.execute('SELECT name FROM users WHERE id = ?', (one,))\n        text += row.name\n    return text\n";

fn places(result: &Value) -> Vec<String> {
    let findings = result["findings"].as_array().expect("findings").iter();
    findings
        .map(|it| {
            format!(
                "{} {}:{}",
                it["kind"].as_str().unwrap_or_default(),
                it["file"].as_str().unwrap_or_default(),
                it["line"]
            )
        })
        .collect()
}

#[tokio::test]
async fn what_is_slow_in_a_project_is_found_with_evidence() {
    let mut client = Client::new();
    client.put("shop/names.py", SLOW_PYTHON);
    client.put(
        "shop/web/app.ts",
        "async function f(urls: string[]) {\n  for (const url of urls) {\n    await load(url)\n  }\n}\n",
    );
    client.put("shop/schema/1.sql", "CREATE TABLE orders (id int PRIMARY KEY, user_id int REFERENCES users (id));\nCREATE TABLE items (order_id int REFERENCES orders (id));\n");
    client.put("shop/schema/2.sql", "CREATE INDEX by_user ON orders (user_id);\n");
    let result = client.good("analyze_performance", json!({"path": "shop"})).await;
    assert_eq!(
        places(&result),
        [
            "query_in_loop names.py:4",
            "reference_without_index schema/1.sql:2",
            "string_building names.py:5",
            "await_in_loop web/app.ts:3",
        ]
    );
    let query = &result["findings"][0];
    assert_eq!(query["gain"], "high");
    let evidence = query["evidence"].as_str().expect("evidence");
    assert!(evidence.contains("db.execute(") && evidence.contains("line 3: `for one in ids:`"), "{evidence}");
    assert!(query["proposal"].as_str().is_some_and(|text| text.contains("once")), "{query}");
    assert_eq!((&result["files_searched"], &result["truncated"]), (&json!(4), &json!(false)));
}

#[tokio::test]
async fn what_is_not_the_projects_own_is_left_out() {
    let mut client = Client::new();
    for path in ["node_modules/a/a.py", "made/a.py", "tests/a.py", "test_a.py", ".hidden/a.py", "a.min.js", "a.txt"] {
        client.put(&format!("app/{path}"), SLOW_PYTHON);
    }
    client.put("app/.gitignore", "made/\n");
    client.put("app/long.py", format!("{SLOW_PYTHON}x = '{}'\n", "x".repeat(5_000)));
    client.put("app/binary.py", [0xff, 0xfe, 0x00]);
    let result = client.good("analyze_performance", json!({"path": "app"})).await;
    assert_eq!((places(&result), &result["files_searched"]), (Vec::new(), &json!(0)));
    let one = client.good("analyze_performance", json!({"path": "app/made/a.py"})).await;
    assert_eq!(places(&one), ["query_in_loop a.py:4", "string_building a.py:5"]);
}

#[tokio::test]
async fn of_very_many_findings_the_best_are_given() {
    let mut client = Client::new();
    let awaits = "async function f(a: string[]) {\n  for (const b of a) {\n    await c(b)\n  }\n}\n".repeat(300);
    client.put("app/a.ts", awaits);
    client.put("app/b.py", SLOW_PYTHON);
    let result = client.good("analyze_performance", json!({"path": "app"})).await;
    let places = places(&result);
    assert_eq!((places.len(), places[0].as_str(), &result["truncated"]), (200, "query_in_loop b.py:4", &json!(true)));
}
