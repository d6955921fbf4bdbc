//! The git tools with real repositories, made by git itself as a user would.

mod conflicts;
mod daily;
mod forge;
mod hostile;
mod refused;
mod remotes;
mod watched;

use std::{path::Path, process::Command};

use crate::client::Client;

/// Runs git as a user without any configuration of their own, and gives what it printed.
#[expect(clippy::disallowed_methods, reason = "a test makes repositories as a user would")]
fn try_git(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("git")
        .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "init.defaultBranch=main"])
        .args(["-c", "protocol.file.allow=always"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .expect("git is installed");
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

/// The same, for what has to work.
fn git(folder: &Path, arguments: &[&str]) -> String {
    try_git(folder, arguments).unwrap_or_else(|why| panic!("git {arguments:?}: {why}"))
}

/// A repository with one commit, whose own configuration says who commits.
pub(crate) fn repository(client: &Client, name: &str) {
    client.put(&format!("{name}/a.txt"), "one\ntwo\nthree\n");
    let folder = client.on_disk(name);
    git(&folder, &["init", "--quiet"]);
    git(&folder, &["config", "user.name", "Ada"]);
    git(&folder, &["config", "user.email", "ada@example.com"]);
    git(&folder, &["add", "."]);
    git(&folder, &["commit", "--quiet", "-m", "begin"]);
}
