//! Successors that fail: the node goes on with all that it has, and whoever asked for the restart is told why.

use std::fs;

use e2e::Node;
use e2e::program::{built, command};
use e2e::wire;

const PATH: &str = "/servers/fixture/mcp";
/// No other program of the machine sleeps for just as long.
const HANGS_FOR_S: u32 = 987_654;

fn server() -> String {
    format!("[servers.fixture]\ncommand = '{}'\nmode = \"shared\"\n", built("rogue").display())
}

/// A restart into `script` fails with these words, and leaves everything as it was.
fn check(limits: &str, script: &str, words: &str) {
    let node = Node::installed(&format!("{limits}{}", server()));
    let count = || wire::call(node.address(), PATH, "1", "count", "{}").text();
    assert!(count().contains(r#""text":"1""#));
    node.install(script);
    for _ in 0..2 {
        let (status, refused) = node.control().ask("POST", "/maintenance/restart");
        assert_eq!((status, &refused["code"]), (422, &"RESTART_FAILED".into()), "{refused}");
        assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains(words)), "{refused}");
    }
    assert_eq!(node.control().get("/status")["pid"], node.pid());
    assert!(count().contains(r#""text":"2""#), "its servers go on");
}

#[test]
fn a_program_that_crashes_when_it_starts() {
    check("", "#!/bin/sh\nkill -SEGV $$\n", "ended before it was ready");
}

#[test]
fn a_program_that_hangs_is_ended() {
    let script = format!("#!/bin/sh\nexec sleep {HANGS_FOR_S}\n");
    check("[limits]\nsuccessor_ms_max = 1000\n", &script, "not ready within 1s");
    let hangs = || {
        let found = command("pgrep").args(["-fx", &format!("sleep {HANGS_FOR_S}")]).output();
        found.expect("processes can be looked for").status.success()
    };
    assert!(!hangs(), "it is left");
}

#[test]
fn a_program_that_knows_nothing_of_restarts() {
    check("", "#!/bin/sh\necho 'what is a restart?' >&0\n", "what is a restart?");
}

#[test]
fn a_program_that_is_gone() {
    let node = Node::installed(&server());
    fs::remove_file(node.folder().join("switchboard")).expect("a file of ours can be removed");
    let (status, refused) = node.control().ask("POST", "/maintenance/restart");
    assert_eq!(status, 422, "{refused}");
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("No such file")), "{refused}");
}

#[test]
fn the_command_line_says_why_and_ends_with_a_failure() {
    let node = Node::installed(&server());
    node.install("#!/bin/sh\nexit 3\n");
    let mut restart = command(built("switchboard"));
    restart.args(["restart", "--url", &format!("http://{}", node.address())]);
    restart.env("SWITCHBOARD_STATE_DIR", node.folder().join("state")).env_remove("XDG_RUNTIME_DIR");
    let output = restart.output().expect("a built program starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("no successor took over: ") && said.contains("ended before it was ready"), "{said}");
    assert!(said.contains("hint: the node goes on as before"), "{said}");
}
