//! The templates, tried with the tests that they bring.
#![expect(clippy::disallowed_methods, reason = "the test stands in for the developer at the keyboard")]

use std::{env, fs, path::PathBuf, process::Command};

use serde_json::json;

use crate::client::client;

/// The folder of programs that `scripts/setup-tests.sh` installs.
pub(crate) fn tools() -> PathBuf {
    let named = env::var_os("SWITCHBOARD_TEST_TOOLS").map(PathBuf::from);
    named.unwrap_or_else(|| env::home_dir().expect("a home").join(".cache/switchboard/tools"))
}

/// Makes a project and runs this in its folder, which must end well.
async fn holds(kind: &str, template: &str, part: &str, program: &str, arguments: &[&str]) {
    let mut client = client();
    let name = "My_First-Project";
    let wanted = json!({"name": name, "type": kind, "template": template, "git_init": false});
    client.good("create_project", wanted).await;
    let output = Command::new(program)
        .args(arguments)
        .current_dir(client.on_disk(&format!("{name}/{part}")))
        .env_remove("CARGO_TARGET_DIR")
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}; run scripts/setup-tests.sh"));
    let said = format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{template}: {said}");
    fs::metadata(client.on_disk(name)).expect("the project is still there");
}

#[tokio::test]
async fn tests_of_python_templates_hold() {
    let python = tools().join("python-dev-env/bin/python").display().to_string();
    for (kind, template, part) in
        [("python", "python-package", ""), ("python", "python-api", ""), ("mixed", "mixed", "backend")]
    {
        holds(kind, template, part, &python, &["-m", "pytest", "--quiet"]).await;
    }
}

#[tokio::test]
async fn tests_of_node_templates_hold() {
    for (kind, template, part) in
        [("node", "node-package", ""), ("node", "node-api", ""), ("mixed", "mixed", "frontend")]
    {
        holds(kind, template, part, "npm", &["test", "--silent"]).await;
    }
}

#[tokio::test]
async fn tests_of_rust_templates_hold() {
    for template in ["rust-program", "rust-library"] {
        holds("rust", template, "", "cargo", &["test", "--offline", "--quiet"]).await;
    }
}

#[tokio::test]
async fn tests_of_the_generic_template_hold() {
    holds("generic", "generic", "", "make", &["test"]).await;
}
