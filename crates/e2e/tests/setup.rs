//! `switchboard init` and the first start, with the real program: a home with a client, a container engine and a model
//! server that answer as theirs do, and a person at a terminal.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use e2e::fake::Fake;
use e2e::program::{Program, built, command};
use e2e::terminal::Terminal;
use serde_json::Value;
use tempfile::TempDir;

/// How long looking at a machine may take, also where something there is silent.
const LOOKED_WITHIN: Duration = Duration::from_secs(10);
/// How long a node may take to end.
const ENDED_WITHIN: Duration = Duration::from_secs(20);

/// What Cursor knows: one server.
const CURSOR: &str = r#"{ "mcpServers": { "Wiki": { "url": "https://wiki.example.com/mcp" } } }"#;

/// What an engine says of itself.
const ENGINE: &str = r#"{"Version":"27.3.1","Components":[{"Name":"Engine"}]}"#;

/// What a model server says of its models.
const MODELS: &str =
    r#"{"object":"list","data":[{"id":"llama3","owned_by":"library"},{"id":"qwen3","owned_by":"library"}]}"#;

/// A home, and what runs beside it.
struct Home {
    folder: TempDir,
    models: Fake,
}

impl Home {
    fn new() -> Self {
        let home =
            Self { folder: TempDir::new().expect("a temporary folder"), models: Fake::answering(answer(MODELS)) };
        for folder in [".cursor", "run", "project/.git", "programs"] {
            fs::create_dir_all(home.path(folder)).expect("a folder of the home");
        }
        fs::write(home.path(".cursor/mcp.json"), CURSOR).expect("the file of a client");
        for name in ["npx", "uvx"] {
            fs::write(home.path("programs").join(name), "#!/bin/sh\nexit 1\n").expect("a program");
            let mode = fs::Permissions::from_mode(0o755);
            fs::set_permissions(home.path("programs").join(name), mode).expect("a program can be started");
        }
        let engine = UnixListener::bind(home.path("run/docker.sock")).expect("a socket in the home");
        thread::spawn(move || {
            for mut connection in engine.incoming().flatten() {
                let _ = connection.read(&mut [0; 4096]);
                let _ = connection.write_all(&answer(ENGINE));
            }
        });
        home
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn file(&self) -> PathBuf {
        self.path(".config/switchboard/switchboard.toml")
    }

    /// The variables of everything that is started in this home.
    fn variables(&self) -> Vec<(&'static str, String)> {
        let text = |path: &str| self.path(path).display().to_string();
        vec![
            ("HOME", text("")),
            ("XDG_RUNTIME_DIR", text("run")),
            ("PATH", format!("{}:/usr/bin:/bin", text("programs"))),
            ("OLLAMA_HOST", self.models.url().trim_end_matches("/mcp").to_owned()),
        ]
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut run = command(built("switchboard"));
        run.args(words).env_clear().envs(self.variables()).current_dir(self.path("project"));
        run
    }

    /// The exit code, stdout and stderr.
    fn run(&self, words: &[&str]) -> (i32, String, String) {
        let output = self.command(words).output().expect("the program runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
    }

    /// A terminal in which these words were typed.
    fn terminal(&self, name: &str, words: &[&str]) -> Terminal {
        let program = built("switchboard").display().to_string();
        let variables: Vec<String> = self.variables().iter().map(|(key, value)| format!("{key}={value}")).collect();
        let folder = self.path("project").display().to_string();
        let mut line = vec!["env", "-C", &folder];
        line.extend(variables.iter().map(String::as_str).chain([program.as_str()]).chain(words.iter().copied()));
        Terminal::start(name, &line)
    }
}

fn answer(json: &str) -> Vec<u8> {
    let length = json.len();
    format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{json}")
        .into_bytes()
}

#[test]
fn what_is_on_the_machine_is_found_and_proposed_and_a_dry_run_writes_nothing() {
    let home = Home::new();
    let (code, out, talk) = home.run(&["init", "--dry-run", "--json"]);
    let plan: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out} {talk}"));
    assert_eq!((code, &plan["written"]), (0, &Value::Bool(false)), "{talk}");
    for (title, about) in [("Cursor", "1 server"), ("Docker", "27.3.1"), ("Ollama", "llama3, qwen3"), ("Node", "")] {
        let found =
            plan["found"].as_array().into_iter().flatten().any(|one| one["title"] == title && one["about"] == about);
        assert!(found, "{title} {about} is not in {plan:#}");
    }
    let sections: Vec<&str> =
        plan["proposals"].as_array().into_iter().flatten().filter_map(|one| one["section"].as_str()).collect();
    for section in ["servers.wiki", "servers.ollama", "servers.files", "servers.git"] {
        assert!(sections.contains(&section), "{section} is not in {sections:?}");
    }
    assert!(!home.path(".config").exists());
    assert_eq!(fs::read_to_string(home.path(".cursor/mcp.json")).expect("the file of the client"), CURSOR);
}

#[test]
fn agreed_proposals_are_a_configuration_that_works() {
    let home = Home::new();
    let (code, out, talk) = home.run(&["init", "--yes"]);
    assert_eq!(code, 0, "{out} {talk}");
    assert!(out.contains("wrote ") && out.contains(" serve` starts a node with it"), "{out}");
    let text = fs::read_to_string(home.file()).expect("the configuration is there");
    assert!(text.contains("\n# From Cursor.\n[servers.wiki]\nurl = \"https://wiki.example.com/mcp\"\n"), "{text}");
    assert_eq!(fs::metadata(home.file()).expect("the configuration").permissions().mode() & 0o777, 0o600);
    let (code, _, talk) = home.run(&["config", "check"]);
    assert_eq!(code, 0, "{talk}\n{text}");
    let node = Program::start("node", &mut home.command(&["serve", "--listen", "127.0.0.1:0"]), "listening on ");
    let url = format!("{}/mcp", node.announced());
    let (code, out, talk) = home.run(&["call", "ollama_list_models", "--url", &url]);
    assert!(code == 0 && out.contains("llama3"), "{out} {talk}");
}

#[test]
fn a_configuration_that_is_there_is_never_overwritten() {
    let home = Home::new();
    fs::create_dir_all(home.file().parent().expect("a folder")).expect("the folder of the configuration");
    fs::write(home.file(), "# mine\n").expect("a configuration");
    let (code, out, talk) = home.run(&["init", "--yes"]);
    assert_eq!((code, out.as_str()), (1, ""), "{talk}");
    assert!(talk.starts_with("error: there is a configuration already: `"), "{talk}");
    assert!(talk.contains("hint: `switchboard client import`"), "{talk}");
    assert_eq!(fs::read_to_string(home.file()).expect("the configuration"), "# mine\n");
}

#[test]
fn where_nobody_can_agree_nothing_is_written() {
    let home = Home::new();
    let (code, out, talk) = home.run(&["init"]);
    assert_eq!(code, 2, "{out} {talk}");
    assert!(out.contains("servers.wiki") && talk.contains("hint: add `--yes` to write it"), "{out} {talk}");
    assert!(!home.file().exists());
}

#[test]
fn a_file_of_a_client_that_cannot_be_read_is_named_and_the_rest_is_proposed() {
    let home = Home::new();
    fs::write(home.path(".cursor/mcp.json"), "{ \"mcpServers\": ").expect("the file of a client");
    let (code, out, talk) = home.run(&["init", "--yes", "--json"]);
    assert_eq!(code, 0, "{out} {talk}");
    assert!(talk.starts_with("warning: Cursor: "), "{talk}");
    assert!(fs::read_to_string(home.file()).expect("the configuration").contains("[servers.ollama]"));
}

#[test]
fn engine_that_is_there_but_silent_is_not_waited_for() {
    let home = Home::new();
    fs::create_dir(home.path("run/podman")).expect("a folder of the home");
    let _silent = UnixListener::bind(home.path("run/podman/podman.sock")).expect("a socket in the home");
    let begin = Instant::now();
    let (code, out, talk) = home.run(&["init", "--dry-run", "--json"]);
    assert_eq!(code, 0, "{out} {talk}");
    assert!(out.contains("Docker") && !out.contains("Podman"), "{out}");
    assert!(begin.elapsed() < LOOKED_WITHIN, "looking took {:?}", begin.elapsed());
}

#[test]
fn person_at_a_terminal_chooses_part_by_part() {
    let home = Home::new();
    let terminal = home.terminal("init", &["init"]);
    terminal.shows("[y/N, c to choose]");
    terminal.types(&["c", "Enter"]);
    terminal.shows("[servers.wiki] https://wiki.example.com/mcp? [y/N]");
    terminal.types(&["y", "Enter"]);
    terminal.shows("[servers.ollama]");
    terminal.types(&["Enter", "Enter", "Enter", "Enter"]);
    terminal.shows("with 1 section");
    let text = fs::read_to_string(home.file()).expect("the configuration is there");
    assert!(text.contains("[servers.wiki]") && !text.contains("[servers.ollama]"), "{text}");
}

#[test]
fn first_start_says_what_was_found_and_how_to_go_on_and_takes_over_what_init_writes() {
    let home = Home::new();
    let terminal = home.terminal("serve", &["serve", "--listen", "127.0.0.1:0"]);
    terminal.shows("listening on http://127.0.0.1:");
    terminal.shows("found here: Cursor (1 server)");
    terminal.shows("there is no configuration yet");
    terminal.shows(" init` proposes one");
    let (code, out, talk) = home.run(&["init", "--yes"]);
    assert_eq!(code, 0, "{out} {talk}");
    terminal.shows("wiki");
}

#[test]
fn port_that_is_taken_names_who_has_it_and_one_that_is_free() {
    let home = Home::new();
    let node = Program::start("node", &mut home.command(&["serve", "--listen", "127.0.0.1:0"]), "listening on http://");
    let (code, out, talk) = home.run(&["serve", "--listen", node.announced()]);
    assert_eq!((code, out.as_str()), (5, ""), "{talk}");
    let taken = format!("error: {} is taken by `switchboard` (process {})\n", node.announced(), node.id());
    assert!(
        talk.contains(&taken) && talk.contains("hint: end that one, or listen elsewhere: `--listen 127.0.0.1:"),
        "{talk}"
    );
}

#[test]
fn a_node_ends_with_its_terminal() {
    let home = Home::new();
    let terminal = home.terminal("ends", &["serve", "--listen", "127.0.0.1:0"]);
    terminal.shows("listening on ");
    let node = terminal.process();
    assert!(fs::read_to_string(node.join("cmdline")).is_ok_and(|line| line.contains("serve")), "{}", node.display());
    terminal.close();
    let begin = Instant::now();
    while node.exists() {
        assert!(begin.elapsed() < ENDED_WITHIN, "the node outlives its terminal");
        thread::yield_now();
    }
}
