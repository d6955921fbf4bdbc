//! What makes a project slow, as a client is told of it.

use serde_json::{Value, json};

use crate::client::Client;

/// A program of Python whose time is spent in one of its functions, and one that calls it.
const SLOW_PROGRAM: &str = "import sys\n\ndef slow(rows):\n    seen = []\n    for row in rows:\n        if row not in seen:\n            seen.append(row)\n    return len(seen)\n\ndef quick():\n    return 1\n\nif __name__ == '__main__':\n    quick()\n    print(slow(range(int(sys.argv[1]))), sys.argv[2:])\n    sys.exit(3)\n";
/// The same in JavaScript.
const SLOW_SCRIPT: &str = "function slow(n) {\n  let sum = 0\n  for (let i = 0; i < n; i++) { sum += Math.sqrt(i) }\n  return sum\n}\nmodule.exports = { slow }\n";

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

fn first<'a>(result: &'a Value, member: &str) -> &'a str {
    result["findings"][0][member].as_str().unwrap_or_default()
}

/// The profile that a measurement has left, which is read with the tools of this toolkit like any other file.
async fn assert_profile_can_be_read(client: &mut Client, result: &Value) {
    let profile = result["profile_ref"].as_str().expect("a profile");
    assert!(client.good("read_file", json!({"path": profile, "encoding": "base64"})).await["size"].as_u64() > Some(0));
}

#[tokio::test]
async fn a_program_of_python_is_measured_and_its_slow_function_is_explained() {
    let mut client = Client::trusting(&["app"]);
    client.put("app/main.py", SLOW_PROGRAM);
    let command = json!({"path": "app", "target": "command", "command": "python main.py 3000 --all 'a b'"});
    let result = client.good("analyze_performance", command).await;
    assert_eq!(places(&result), ["hot_function main.py:3"], "{result}");
    assert!(
        first(&result, "evidence").starts_with("`slow` took ") && first(&result, "evidence").contains(" in 1 calls: ")
    );
    assert!(first(&result, "proposal").starts_with("`linear_search_in_loop` in line 6: "), "{result}");
    assert_profile_can_be_read(&mut client, &result).await;
}

#[tokio::test]
async fn tests_of_python_are_measured() {
    let mut client = Client::trusting(&["app"]);
    client.put("app/shop.py", SLOW_PROGRAM);
    client.put("app/test_shop.py", "import unittest\nimport shop\n\nclass T(unittest.TestCase):\n    def test_slow(self):\n        self.assertEqual(shop.slow(range(3000)), 0)\n");
    client.put("app/requirements.txt", "");
    let result = client.good("analyze_performance", json!({"path": "app", "target": "tests"})).await;
    assert_eq!(places(&result)[0], "hot_function shop.py:3", "{result}");
}

#[tokio::test]
async fn programs_and_tests_of_node_are_measured() {
    let mut client = Client::trusting(&["app"]);
    client.put("app/slow.js", SLOW_SCRIPT);
    client.put("app/main.js", "require('./slow').slow(3e7)\n");
    client.put("app/slow.test.js", "require('node:test')('slow', () => { require('./slow').slow(3e7) })\n");
    client.put("app/package.json", "{}");
    let command = json!({"path": "app", "target": "command", "command": "node ./main.js"});
    for arguments in [command, json!({"path": "app", "target": "tests"})] {
        let result = client.good("analyze_performance", arguments).await;
        assert_eq!(places(&result)[0], "hot_function slow.js:1", "{result}");
        assert_profile_can_be_read(&mut client, &result).await;
    }
    client.put("app/package.json", r#"{"scripts": {"test": "jest"}}"#);
    let refused = client.bad("analyze_performance", json!({"path": "app", "target": "tests"})).await;
    assert_eq!(refused, ("NOT_SUPPORTED".to_owned(), "target".to_owned()));
}

#[tokio::test]
async fn tests_of_go_tell_which_of_them_are_slow() {
    let mut client = Client::trusting(&["app"]);
    client.put("app/go.mod", "module example.com/app\n\ngo 1.18\n");
    let test = "package deep\n\nimport (\n\t\"testing\"\n\t\"time\"\n)\n\nfunc TestQuick(t *testing.T) {}\n\nfunc TestSlow(t *testing.T) { time.Sleep(200 * time.Millisecond) }\n";
    client.put("app/deep/a_test.go", test);
    let result = client.good("analyze_performance", json!({"path": "app", "target": "tests"})).await;
    assert_eq!(places(&result), ["slow_test deep/a_test.go:10"], "{result}");
}

#[tokio::test]
async fn only_trusted_code_is_run_and_only_programs_that_can_be_measured() {
    let mut client = Client::trusting(&["app"]);
    client.put("app/main.py", "open('ran', 'w')\n");
    client.put("app/broken.js", "process.exit(");
    client.put("other/main.py", "open('ran', 'w')\n");
    for (path, command, code, field) in [
        ("other", "python main.py", "FORBIDDEN", "target"),
        ("app", "sh -c 'touch ran'", "NOT_SUPPORTED", "command"),
        ("app", "./main.py", "NOT_SUPPORTED", "command"),
        ("app", "python", "INVALID_INPUT", "command"),
        ("app", "python -c 'open(1)'", "INVALID_INPUT", "command"),
        ("app", "python -m 'a;b'", "INVALID_INPUT", "command"),
        ("app", "node --eval 1", "INVALID_INPUT", "command"),
        ("app", "python ../../secret", "PATH_DENIED", "command"),
        ("app", "python none.py", "NOT_FOUND", "command"),
    ] {
        let refused =
            client.bad("analyze_performance", json!({"path": path, "target": "command", "command": command})).await;
        assert_eq!(refused, (code.to_owned(), field.to_owned()), "{path} {command}");
        assert!(!client.on_disk(&format!("{path}/ran")).exists(), "{path} {command}");
    }
    let nothing = client.bad("analyze_performance", json!({"path": "app", "target": "tests"})).await;
    assert_eq!(nothing, ("NOT_SUPPORTED".to_owned(), "target".to_owned()));
    let left = std::fs::read_dir(client.on_disk(".switchboard/profiles")).expect("a folder").count();
    assert_eq!(left, 0, "a measurement that failed leaves no profile");
    client.assert_outside_is_untouched();
}
