//! The command line as people and shells use it: the built program, real servers, real shells, a real terminal.

use std::process::Command;
use std::time::{Duration, Instant};

use e2e::Node;
use e2e::fixture::{Era, Fixture};
use e2e::program::{Program, built, command};
use e2e::terminal::Terminal;
use serde_json::{Value, json};

/// How long a terminal may take to show what is expected.
const SHOWN_WITHIN: Duration = Duration::from_secs(20);

/// The exit code of `switchboard` with these words, its stdout, and its stderr.
fn switchboard(words: &[&str]) -> (i32, String, String) {
    output(command(built("switchboard")).args(words))
}

fn output(command: &mut Command) -> (i32, String, String) {
    let output = command.output().expect("a built program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

#[test]
fn any_server_is_reached_at_its_own_url_in_either_era() {
    for era in [Era::Legacy, Era::Modern, Era::Dual] {
        let fixture = Fixture::start(era);
        let (code, out, talk) = switchboard(&["call", "test_simple_text", "--url", fixture.url()]);
        assert_eq!(code, 0, "{era:?} {talk}");
        assert!(out.contains("simple text response"), "{era:?} {out}");
        let (code, out, talk) = switchboard(&["resources", "--url", fixture.url()]);
        assert!(code == 0 && out.contains("test://static-text"), "{era:?} {out} {talk}");
    }
}

#[test]
fn server_is_added_tried_out_and_seen_by_the_running_node() {
    let fixture = Fixture::start(Era::Legacy);
    let mut node = Node::start("");
    let file = node.folder().join("switchboard.toml");
    let file = file.to_str().expect("a path of ours is text");
    let (code, out, talk) = switchboard(&["server", "add", "fixture", fixture.url(), "--config", file]);
    assert_eq!(code, 0, "{out} {talk}");
    assert!(out.contains("fixture: works, "), "{out}");
    let begin = Instant::now();
    loop {
        let (_, out, _) = switchboard(&["tools", "--url", &node.everything()]);
        if out.contains("fixture_test_simple_text") {
            break;
        }
        assert!(begin.elapsed() < SHOWN_WITHIN && node.is_alive(), "the node does not see it: {}", node.log());
    }
}

#[test]
fn first_server_is_in_force_as_soon_as_it_is_added_in_a_home_without_any_configuration() {
    let home = tempfile::tempdir().expect("there is a folder for temporary files");
    let fixture = Fixture::start(Era::Legacy);
    let here = |words: &[&str]| {
        let mut run = command(built("switchboard"));
        run.env("HOME", home.path()).env("SWITCHBOARD_STATE_DIR", home.path().join("state"));
        run.env_remove("XDG_CONFIG_HOME").env_remove("XDG_RUNTIME_DIR").args(words);
        run
    };
    let node = Program::start("switchboard", &mut here(&["serve", "--listen", "127.0.0.1:0"]), "listening on ");
    let url = format!("{}/mcp", node.announced().trim());
    let (code, out, talk) = output(&mut here(&["server", "add", "fixture", fixture.url(), "--url", &url]));
    assert_eq!(code, 0, "{out} {talk}");
    assert!(talk.contains("in force in the running node (configuration 2)"), "{talk}");
    let begin = Instant::now();
    // It is in force at once, and asked for its tools behind the scenes.
    while !output(&mut here(&["tools", "--url", &url])).1.contains("fixture_test_simple_text") {
        assert!(begin.elapsed() < SHOWN_WITHIN, "the node does not show its tools: {}", node.log());
    }
}

#[test]
fn running_node_says_how_it_is_and_restarts_a_server() {
    let fixture = Fixture::start(Era::Legacy);
    let node = Node::start(&fixture.configured("fixture"));
    let verb = |words: &[&str]| {
        let mut run = command(built("switchboard"));
        run.env("SWITCHBOARD_STATE_DIR", node.folder().join("state")).args(words).args(["--url", &node.everything()]);
        output(&mut run)
    };
    let (code, out, talk) = verb(&["status", "--json"]);
    let status: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out} {talk}"));
    assert_eq!((code, &status["servers"][0]["name"]), (0, &json!("fixture")), "{out} {talk}");
    let (code, out, talk) = verb(&["status"]);
    assert!(code == 0 && out.contains("fixture  ") && out.contains("up for "), "{out} {talk}");
    let (code, out, talk) = verb(&["server", "restart", "fixture"]);
    assert!(code == 0 && out.starts_with("restarted the server fixture"), "{out} {talk}");
    let (code, out, talk) = verb(&["logs"]);
    assert_eq!(code, 0, "{out} {talk}");
    let (code, out, talk) = verb(&["server", "restart", "fixtur"]);
    assert_eq!((code, out.as_str()), (3, ""), "{talk}");
}

#[test]
fn program_finds_nothing_wrong_with_itself() {
    let (code, out, talk) = switchboard(&["self-check", "--json"]);
    let report: Value = serde_json::from_str(&out).expect("a report in JSON");
    assert_eq!((code, &report["passed"]), (0, &json!(true)), "{out} {talk}");
}

/// What `shell` answers to a script of ours, with a configuration that has the server `git`.
fn shell(shell: &str, options: &[&str], script: &str) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("switchboard.toml");
    std::fs::write(&file, "[servers.git]\ncommand = \"git\"\n").expect("a temporary file can be written");
    let mut run = command(shell);
    run.args(options).arg(script).env("SWITCHBOARD_CONFIG", &file).env("PROGRAM", built("switchboard"));
    let output = run.env("HOME", folder.path()).output();
    let output = output.unwrap_or_else(|error| panic!("{shell}: {error}\nhint: run scripts/setup-tests.sh"));
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

#[test]
fn bash_completes_verbs_and_the_names_of_servers() {
    let complete = |words: &str, index: usize| {
        let last = words.rsplit(' ').next().unwrap_or_default();
        let script = format!(
            "source <(\"$PROGRAM\" completions bash); COMP_WORDS=({words}); COMP_CWORD={index}; \
             _clap_complete_switchboard switchboard {last}; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        shell("bash", &["--norc", "-c"], &script)
    };
    assert_eq!(complete("switchboard ser", 1), "serve\nserver\n");
    assert_eq!(complete("switchboard server show g", 3), "git\n");
    assert_eq!(complete("switchboard tools --js", 2), "--json\n");
}

#[test]
fn fish_completes_the_names_of_servers() {
    let script = "$PROGRAM completions fish | source; complete -C 'switchboard server show g'";
    assert_eq!(shell("fish", &["--no-config", "-c"], script).trim(), "git");
}

#[test]
fn zsh_takes_the_script() {
    let script =
        "autoload -U compinit; compinit -u; source <(\"$PROGRAM\" completions zsh); print $_comps[switchboard]";
    assert_eq!(shell("zsh", &["-f", "-c"], script).trim(), "_clap_dynamic_completer_switchboard");
}

#[test]
fn person_at_a_terminal_talks_to_the_tools_and_is_asked() {
    let fixture = Fixture::start(Era::Dual);
    let state = tempfile::tempdir().expect("a temporary folder can be made");
    let home = format!("SWITCHBOARD_STATE_DIR={}", state.path().display());
    let program = built("switchboard");
    let program = program.to_str().expect("a path of ours is text");
    let terminal = Terminal::start("interactive", &["env", &home, program, "interactive", "--url", fixture.url()]);
    terminal.shows("switchboard>");
    terminal.types(&["test simple t", "Tab", "Enter"]);
    terminal.shows("→ test_simple_text");
    terminal.shows("may change something; call it? [y/N]");
    terminal.types(&["y", "Enter"]);
    terminal.shows("simple text response");
    terminal.types(&["test elicitation message=Who?", "Enter"]);
    terminal.types(&["y", "Enter"]);
    terminal.shows("asks: Who?");
}
