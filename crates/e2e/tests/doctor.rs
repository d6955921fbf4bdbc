//! `switchboard doctor` with the real program: what is wrong is found, named with what mends it, and mended if it is safe.

#![expect(clippy::disallowed_methods, reason = "the program is run from outside, as a person runs it")]

use std::{
    fs,
    net::TcpListener,
    os::unix::{fs::PermissionsExt, net::UnixListener},
    path::PathBuf,
    process::Command,
};

use e2e::{Fixture, Node, fixture::Era, program::built};
use serde_json::Value;
use tempfile::TempDir;

/// A home with a configuration.
struct Home(TempDir);

impl Home {
    fn with(configuration: &str) -> Self {
        let home = Self(TempDir::new().expect("a temporary folder"));
        let file = home.file();
        fs::create_dir_all(file.parent().expect("a folder")).expect("the folder of the configuration");
        fs::write(file, configuration).expect("a configuration");
        home
    }

    fn file(&self) -> PathBuf {
        self.0.path().join(".config/switchboard/switchboard.toml")
    }

    fn state(&self) -> PathBuf {
        self.0.path().join(".local/state/switchboard")
    }

    /// The exit code and the findings.
    fn doctor(&self, options: &[&str]) -> (i32, Vec<Value>) {
        let mut command = Command::new(built("switchboard"));
        command.arg("doctor").args(options).args(["--json", "--quiet"]);
        command.env_clear().env("HOME", self.0.path()).env("PATH", "/usr/bin:/bin");
        let output = command.output().expect("the program runs");
        let said = String::from_utf8_lossy(&output.stderr);
        let mut found: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no findings: {said}"));
        let findings = found["findings"].as_array_mut().expect("a list").drain(..).collect();
        (output.status.code().unwrap_or(-1), findings)
    }
}

#[track_caller]
fn finding<'a>(findings: &'a [Value], words: &str) -> &'a Value {
    let has = |finding: &&Value| finding["what"].as_str().is_some_and(|what| what.contains(words));
    findings.iter().find(has).unwrap_or_else(|| panic!("nothing about `{words}` in {findings:#?}"))
}

#[test]
fn a_server_that_works_is_good_from_start_to_call() {
    let fixture = Fixture::start(Era::Dual);
    let home = Home::with(&format!("gateway.listen = [\"127.0.0.1:0\"]\n{}", fixture.configured("fixture")));
    let (code, findings) = home.doctor(&[]);
    let server = finding(&findings, "fixture is ready in");
    assert_eq!((code, server["state"].as_str()), (0, Some("good")), "{findings:#?}");
    assert!(server["what"].as_str().is_some_and(|what| what.contains("tools listed in")), "{server}");
}

#[test]
fn a_missing_program_is_named_with_where_to_get_it() {
    let home = Home::with("[servers.files]\ncommand = \"npx-nowhere\"\n");
    let (code, findings) = home.doctor(&["--offline"]);
    let program = finding(&findings, "`npx-nowhere` was not found");
    assert_eq!((code, program["state"].as_str()), (1, Some("bad")));
    assert!(program["hint"].is_string());
}

#[test]
fn a_dead_server_is_bad_with_its_reason() {
    let home = Home::with("[servers.dead]\ncommand = \"false\"\n");
    let (code, findings) = home.doctor(&["--timeout", "5"]);
    assert_eq!((code, finding(&findings, "`dead` does not answer")["state"].as_str()), (1, Some("bad")));
}

#[test]
fn a_taken_address_is_bad_and_a_node_of_ours_is_good() {
    let foreign = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = foreign.local_addr().expect("an address");
    let home = Home::with(&format!("gateway.listen = [\"{address}\"]\n"));
    let (code, findings) = home.doctor(&["--offline"]);
    assert_eq!((code, finding(&findings, "is taken by `")["state"].as_str()), (1, Some("bad")));
    let home = Home::with(&format!("gateway.listen = [\"127.0.0.1:0\"]\ngrpc.listen = \"{address}\"\n"));
    let (code, findings) = home.doctor(&["--offline"]);
    let bad = finding(&findings, "is taken by `");
    assert_eq!((code, bad["hint"].as_str().is_some_and(|hint| hint.ends_with("in `grpc.listen`"))), (1, true));

    let node = Node::start("grpc.listen = \"127.0.0.1:0\"");
    let taken = node.grpc();
    let address = node.address().trim_start_matches("http://").to_owned();
    let home = Home::with(&format!("gateway.listen = [\"{address}\"]\ngrpc.listen = \"{taken}\"\n"));
    let (code, findings) = home.doctor(&["--offline"]);
    assert_eq!(finding(&findings, &format!("a node runs at {taken}"))["state"], "good", "{findings:#?}");
    assert_eq!((code, finding(&findings, "a node runs at")["state"].as_str()), (0, Some("good")), "{findings:#?}");
}

#[test]
fn fix_mends_folders_modes_and_dead_sockets() {
    let home =
        Home::with("[servers.s]\nurl = \"http://127.0.0.1:9/mcp\"\nheaders = { Authorization = \"Bearer abc\" }\n");
    fs::set_permissions(home.file(), fs::Permissions::from_mode(0o644)).expect("a mode");
    let (code, findings) = home.doctor(&["--offline"]);
    let open = finding(&findings, "can be read by others, and secrets stand in it");
    assert_eq!((code, open["state"].as_str()), (1, Some("bad")));
    assert!(open["hint"].as_str().is_some_and(|hint| hint.starts_with("chmod go= ")));
    assert!(!format!("{findings:?}").contains("Bearer abc"));

    let (code, findings) = home.doctor(&["--offline", "--fix"]);
    assert_eq!((code, finding(&findings, "is not there yet")["state"].as_str()), (0, Some("mended")), "{findings:#?}");
    assert_eq!(fs::metadata(home.file()).expect("the file").permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(home.state()).expect("the folder").permissions().mode() & 0o777, 0o700);

    fs::set_permissions(home.state(), fs::Permissions::from_mode(0o755)).expect("a mode");
    let dead = home.state().join("control-1.sock");
    drop(UnixListener::bind(&dead).expect("a socket"));
    let (_, findings) = home.doctor(&["--offline", "--fix"]);
    assert_eq!(finding(&findings, "nobody listens on")["state"], "mended");
    assert_eq!(finding(&findings, "keys are kept there")["state"], "mended");
    assert!(!dead.exists());
}

#[test]
fn a_wrong_configuration_is_bad_with_place_and_hint() {
    let home = Home::with("[servers.a]\ncomand = \"x\"\n");
    let (code, findings) = home.doctor(&["--offline"]);
    let problem = finding(&findings, "switchboard.toml:2");
    assert_eq!((code, problem["state"].as_str()), (1, Some("bad")));
    assert!(problem["hint"].as_str().is_some_and(|hint| hint.contains("command")), "{problem}");
}
