//! Environments and dependencies, made by the real managers from packages that the tests make themselves: no network.
#![expect(clippy::disallowed_methods, reason = "the test makes packages as a developer would")]

use std::{fs, process::Command};

use serde_json::{Value, json};

use crate::client::{Client, client};

/// Makes a wheel of this name, which holds one module.
fn wheel(client: &Client, folder: &str, name: &str) -> String {
    const MAKE: &str = "import sys, zipfile\n\
        path, name = sys.argv[1:]\n\
        info = f'{name}-1.0.dist-info/'\n\
        with zipfile.ZipFile(path, 'w') as wheel:\n    \
            wheel.writestr(f'{name}.py', 'GREETING = \"hello\"\\n')\n    \
            wheel.writestr(info + 'METADATA', f'Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n')\n    \
            wheel.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')\n    \
            wheel.writestr(info + 'RECORD', '')\n";
    let file = format!("{folder}/{name}-1.0-py3-none-any.whl");
    client.put(&format!("{folder}/.keep"), "");
    let made = Command::new("python3").args(["-c", MAKE]).arg(client.on_disk(&file)).arg(name).status();
    assert!(made.expect("python is there").success());
    file
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[tokio::test]
async fn a_python_project_gets_its_environment_and_its_packages() {
    let mut client = client();
    wheel(&client, "shop/wheels", "hello_one");
    wheel(&client, "shop/wheels", "hello_two");
    client.put("shop/wheels/broken-1.0-py3-none-any.whl", "this is no wheel");
    client.put("shop/requirements.txt", "--no-index\n--find-links wheels\nhello_one==1.0\n");
    client.put(
        "shop/tests/test_hello.py",
        "import unittest\nimport hello_one\n\nclass T(unittest.TestCase):\n    def test_it(self):\n        \
         self.assertEqual(hello_one.GREETING, 'hello')\n",
    );

    let plan = client.good("setup_python_env", json!({"path": "shop", "dry_run": true})).await;
    assert_eq!(texts(&plan["plan"]).len(), 2, "{plan}");
    assert!(!client.on_disk("shop/venv").exists());

    let made = client.good("setup_python_env", json!({"projectPath": "shop"})).await;
    assert_eq!(made["env_path"], client.on_disk("shop/venv").display().to_string());
    assert_eq!(made["packages_installed"], 1, "{made}");
    assert!(made["python_version"].as_str().is_some_and(|version| version.starts_with("3.")), "{made}");
    assert!(fs::exists(made["python_path"].as_str().expect("a path")).expect("a look"));
    let activate = made["activate_command"].as_str().expect("a command");
    assert!(activate.ends_with("/shop/venv/bin/activate'"), "{activate}");

    let packages = json!(["./wheels/hello_two-1.0-py3-none-any.whl", "./wheels/broken-1.0-py3-none-any.whl"]);
    let added = client.good("install_dependencies", json!({"path": "shop", "packages": packages})).await;
    assert_eq!((&added["manager"], texts(&added["installed"]).len()), (&json!("pip"), 1), "{added}");
    assert!(added["failed"][0]["name"].as_str().is_some_and(|name| name.contains("broken")), "{added}");

    let again = client.good("setup_python_env", json!({"path": "shop", "envName": "venv"})).await;
    assert_eq!(again["packages_installed"], 2, "{again}");
    let whole = client.good("install_dependencies", json!({"path": "shop", "projectType": "python"})).await;
    assert_eq!((texts(&whole["installed"]), &whole["failed"]), (vec!["hello-one"], &json!([])));

    let envs = client.good("list_envs", json!({"filter": "python"})).await;
    let first = &envs["environments"][0];
    assert_eq!((&envs["total"], &first["name"], &first["active"]), (&json!(1), &json!("venv"), &json!(true)), "{envs}");
    assert_eq!(first["dependencies_installed"], true);

    let tests = client.good("run_task", json!({"path": "shop", "task": "test", "args": ["tests/test_hello.py"]})).await;
    assert_eq!(tests["exit_code"], 0, "{tests}");
}

#[tokio::test]
async fn what_cannot_be_installed_at_all_is_a_failure() {
    let mut client = client();
    client.put("shop/requirements.txt", "");
    client.put("shop/a-1.0-py3-none-any.whl", "no wheel");
    client.put("shop/b-1.0-py3-none-any.whl", "no wheel");
    let packages = json!(["./a-1.0-py3-none-any.whl", "./b-1.0-py3-none-any.whl"]);
    let wanted = json!({"path": "shop", "packages": packages});
    assert_eq!(client.bad("install_dependencies", wanted.clone()).await.0, "NOT_FOUND", "there is no environment yet");
    client.good("setup_python_env", json!({"path": "shop", "installDeps": false})).await;
    assert_eq!(client.bad("install_dependencies", wanted).await.0, "COMMAND_FAILED");
}

#[tokio::test]
async fn a_node_project_gets_its_manifest_and_its_packages() {
    let mut client = client();
    client.put("lib/package.json", r#"{"name": "lib", "version": "1.0.0"}"#);
    client.put("My_Web/src/a.js", "");
    let made = client.good("setup_node_env", json!({"path": "My_Web", "packageManager": "npm"})).await;
    assert_eq!((&made["created"], &made["package_manager"]), (&json!(true), &json!("npm")), "{made}");
    assert!(client.text("My_Web/package.json").contains("\"name\": \"my-web\""));

    let added = client.good("install_dependencies", json!({"path": "My_Web", "packages": ["file:../lib"]})).await;
    assert_eq!((&added["manager"], texts(&added["installed"]).len()), (&json!("npm"), 1), "{added}");
    assert!(client.on_disk("My_Web/node_modules/lib/package.json").exists());
    assert!(client.text("My_Web/package.json").contains("file:../lib"));

    let again = client.good("setup_node_env", json!({"path": "My_Web"})).await;
    assert_eq!(again["created"], false);
    let envs = client.good("list_envs", json!({"type": "node"})).await;
    assert_eq!(envs["total"], 2, "{envs}");
    assert_eq!(envs["environments"][0]["dependencies_installed"], true, "{envs}");
}

#[tokio::test]
async fn a_rust_project_gets_its_packages() {
    let mut client = client();
    for name in ["app", "dep"] {
        client.good("create_project", json!({"name": name, "type": "rust", "git_init": false})).await;
    }
    let ready = client.good("setup_env", json!({"path": "app", "language": "rust"})).await;
    assert!(ready["version"].as_str().is_some_and(|version| version.starts_with("1.")), "{ready}");
    assert!(ready["tool_paths"]["cargo"].is_string() && texts(&ready["next_steps"]).contains(&"cargo test"));
    let added = client.good("install_dependencies", json!({"path": "app", "packages": ["../dep"]})).await;
    assert_eq!(added["manager"], "cargo", "{added}");
    assert!(client.text("app/Cargo.toml").contains("path = \"../dep\""));
    let whole = client.good("install_dependencies", json!({"path": "app"})).await;
    assert_eq!(texts(&whole["installed"]), ["dep"]);
}

#[tokio::test]
async fn a_version_that_is_not_there_is_told_with_the_way_to_it() {
    let mut client = client();
    client.put("a/Cargo.toml", "");
    let wrong = json!({"path": "a", "language": "rust", "version": "0.1"});
    assert_eq!(client.bad("setup_env", wrong).await, ("DEPENDENCY_MISSING".to_owned(), "version".to_owned()));
    let wrong = json!({"path": "a", "nodeVersion": "0.1"});
    assert_eq!(client.bad("setup_node_env", wrong).await, ("DEPENDENCY_MISSING".to_owned(), "node_version".to_owned()));
    assert!(!client.on_disk("a/package.json").exists());
}
