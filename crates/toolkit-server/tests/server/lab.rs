//! A machine of its own for a test: a Debian with systemd in namespaces, and the toolkit served inside it. Nothing that
//! happens there touches the machine on which the test runs.

#![expect(clippy::disallowed_methods, reason = "a test starts and enters a machine of its own")]

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

/// A booted machine; it is gone when this is dropped.
pub(crate) struct Lab {
    script: Child,
    pid: String,
    toolkit: Child,
    answers: BufReader<ChildStdout>,
    calls: u64,
}

/// What a call gave: the notifications before its result, and the result.
pub(crate) struct Answer {
    pub(crate) progress: Vec<String>,
    pub(crate) result: Value,
}

impl Lab {
    /// Boots it and serves the toolkit in it.
    pub(crate) fn boot() -> Self {
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the crate lies in the project");
        let mut script = Command::new(project.join("scripts/lab/systemd.sh"))
            .arg("boot")
            .env("SWITCHBOARD_LAB_BIN", examples())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the script of the lab is there");
        let mut pid = String::new();
        let stdout = script.stdout.take().expect("stdout is piped");
        BufReader::new(stdout).read_line(&mut pid).expect("the script writes");
        let pid = pid.trim().to_owned();
        assert!(!pid.is_empty(), "the lab does not boot; run scripts/setup-tests.sh as root and try again");
        // it waits until everything has been started; `degraded` is an exit code too
        let waited = enter(&pid, &["systemctl", "is-system-running", "--wait"]).output().expect("nsenter is there");
        assert!(!waited.stdout.is_empty(), "{}", String::from_utf8_lossy(&waited.stderr));
        let started = enter(&pid, &["/opt/lab/serve"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut toolkit = started.expect("nsenter is there");
        let answers = BufReader::new(toolkit.stdout.take().expect("stdout is piped"));
        Self { script, pid, toolkit, answers, calls: 0 }
    }

    /// What a command prints in there.
    pub(crate) fn run(&self, command: &[&str]) -> String {
        let output = enter(&self.pid, command).output().expect("nsenter is there");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Starts a call.
    pub(crate) fn start(&mut self, tool: &str, arguments: &Value) {
        self.calls += 1;
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {}, "progressToken": "p",
        });
        let params = json!({"name": tool, "arguments": arguments, "_meta": meta});
        let request = json!({"jsonrpc": "2.0", "id": self.calls, "method": "tools/call", "params": params});
        let stdin = self.toolkit.stdin.as_mut().expect("stdin is piped");
        writeln!(stdin, "{request}").expect("the toolkit reads");
    }

    /// The next message.
    pub(crate) fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the toolkit writes");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    /// Makes a call and waits for its end.
    pub(crate) fn call(&mut self, tool: &str, arguments: &Value) -> Answer {
        self.start(tool, arguments);
        let mut progress = Vec::new();
        loop {
            let mut message = self.hear();
            if message["id"] == self.calls {
                return Answer { progress, result: message["result"].take() };
            }
            progress.push(message["params"]["message"].as_str().unwrap_or_default().to_owned());
        }
    }

    /// The structured result of a call that succeeds.
    pub(crate) fn good(&mut self, tool: &str, arguments: &Value) -> Value {
        let mut result = self.call(tool, arguments).result;
        assert!(result["isError"] != true, "{tool} {arguments}: {result}");
        result["structuredContent"].take()
    }

    /// The code of a call that fails.
    pub(crate) fn bad(&mut self, tool: &str, arguments: &Value) -> String {
        let result = self.call(tool, arguments).result;
        assert_eq!(result["isError"], true, "{tool} {arguments}: {result}");
        result["_meta"]["dev.switchboard/error"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // the script takes the whole machine down when nobody holds its stdin any more
        drop(self.script.stdin.take());
        let _ = self.script.wait();
        let _ = self.toolkit.wait();
    }
}

/// A command inside, in all of its namespaces and beneath its root.
fn enter(pid: &str, command: &[&str]) -> Command {
    let mut entered = Command::new("nsenter");
    entered.args([
        "--target",
        pid,
        "--all",
        "--root",
        "--wd",
        "env",
        "-i",
        "LC_ALL=C",
        "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
    ]);
    entered.args(command);
    entered
}

/// The folder with the built example, beside that of this test.
fn examples() -> PathBuf {
    let running = env::current_exe().expect("a running program has a path");
    let profile = running.ancestors().skip(1).find(|folder| !folder.ends_with("deps")).expect("it lies in a folder");
    profile.join("examples")
}
