//! Notebooks, read, edited and run by a real kernel.
#![expect(clippy::disallowed_methods, reason = "the test makes environments as a developer would")]

use std::{fs, path::Path, process::Command};

use serde_json::{Value, json};

use crate::{client::client, templates::tools};

const NOTEBOOK: &str = r##"{
 "cells": [
  {"cell_type": "markdown",  "metadata": {}, "source": ["# Sums\n", "of numbers"]},
  {"cell_type": "code", "execution_count": null, "metadata": {}, "outputs": [], "source": ["a = 1 + 1\n", "print(a)"]},
  {"cell_type": "code", "execution_count": null, "metadata": {}, "outputs": [], "source": ["a * 2.50"]}
 ],
 "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}, "odd":   [1.0, 2]},
 "nbformat": 4,
 "nbformat_minor": 4
}
"##;

/// Makes the environment of a project, with the packages of the tools or without.
fn environment(folder: &Path, with_packages: bool) {
    let python = tools().join("python-dev-env/bin/python");
    let made = Command::new(&python).args(["-m", "venv", "--without-pip"]).arg(folder.join(".venv")).status();
    assert!(made.expect("the tools are installed: run scripts/setup-tests.sh").success());
    if !with_packages {
        return;
    }
    let versions = fs::read_dir(folder.join(".venv/lib")).expect("the environment").flatten();
    for version in versions.filter(|entry| entry.file_name().to_string_lossy().starts_with("python")) {
        let packages = tools().join("python-dev-env/lib").join(version.file_name()).join("site-packages");
        let link = version.path().join("site-packages/tools.pth");
        fs::write(link, format!("{}\n", packages.display())).expect("a link to the packages");
    }
}

#[tokio::test]
async fn a_notebook_is_found_and_read() {
    let mut client = client();
    client.put("analysis/sums.ipynb", NOTEBOOK);
    client.put("analysis/odd.ipynb", "no notebook");
    let list = client.good("list_notebooks", json!({})).await;
    assert_eq!((&list["total"], &list["notebooks"][0]["cells"]), (&json!(2), &Value::Null), "{list}");
    assert_eq!((&list["notebooks"][1]["cells"], &list["notebooks"][1]["kernel"]), (&json!(3), &json!("python3")));
    let read = client.good("read_notebook", json!({"path": "analysis/sums.ipynb", "cells": [0]})).await;
    let expected = json!([{"cell": 0, "type": "markdown", "source": "# Sums\nof numbers", "outputs": []}]);
    assert_eq!((&read["cells"], &read["total"]), (&expected, &json!(3)));
}

#[tokio::test]
async fn an_edit_changes_nothing_else() {
    let mut client = client();
    client.put("sums.ipynb", NOTEBOOK);
    let edits = json!([
        {"cell": 1, "source": "a = 2"},
        {"act": "insert", "cell": 3, "type": "markdown", "source": "end"},
        {"act": "delete", "cell": 3},
    ]);
    let edited = client.good("edit_notebook", json!({"path": "sums.ipynb", "cells": edits})).await;
    assert_eq!(edited["total"], 3, "{edited}");
    assert_eq!(client.text("sums.ipynb"), NOTEBOOK.replace(r#"["a = 1 + 1\n", "print(a)"]"#, r#"["a = 2"]"#));
    let backup = edited["backup_path"].as_str().expect("a backup");
    assert_eq!(fs::read_to_string(backup).expect("the backup"), NOTEBOOK);
}

#[tokio::test]
async fn a_notebook_is_run_in_the_environment_of_its_project() {
    let mut client = client();
    client.put("project/analysis/sums.ipynb", NOTEBOOK);
    environment(&client.on_disk("project"), true);
    let ran = client.good("run_notebook", json!({"path": "project/analysis/sums.ipynb"})).await;
    assert_eq!(ran["cells"][0]["outputs"][0]["text"], "2\n", "{ran}");
    assert_eq!(ran["cells"][1]["outputs"][0]["text"], "5.0", "{ran}");
    assert_eq!(ran["failed"], Value::Null);
    let kept = client.text("project/analysis/sums.ipynb");
    assert!(kept.contains(r#""odd":   [1.0, 2]"#) && kept.contains("5.0"), "{kept}");

    let broken = json!([{"cell": 1, "source": "raise ValueError('no')"}]);
    client.good("edit_notebook", json!({"path": "project/analysis/sums.ipynb", "cells": broken})).await;
    let ran = client.good("run_notebook", json!({"path": "project/analysis/sums.ipynb", "cells": [1]})).await;
    assert_eq!(ran["failed"], json!({"cell": 1, "error": "ValueError: no"}), "{ran}");
    assert_eq!(ran["cells"][0]["outputs"][0]["kind"], "error");
}

#[tokio::test]
async fn a_missing_kernel_is_told_with_what_to_install() {
    let mut client = client();
    client.put("a/sums.ipynb", NOTEBOOK);
    environment(&client.on_disk("a"), false);
    assert_eq!(client.bad("run_notebook", json!({"path": "a/sums.ipynb"})).await.0, "DEPENDENCY_MISSING");
    client.put("b/sums.ipynb", NOTEBOOK);
    environment(&client.on_disk("b"), true);
    let other = json!({"path": "b/sums.ipynb", "kernel": "not-there"});
    assert_eq!(client.bad("run_notebook", other).await.0, "DEPENDENCY_MISSING");
    assert_eq!(client.text("b/sums.ipynb"), NOTEBOOK);
}
