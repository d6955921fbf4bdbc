//! A machine of its own for a test, in namespaces that a script of the lab makes, and a toolkit served inside it. Nothing that
//! happens there touches the machine on which the test runs.

#![expect(clippy::disallowed_methods, reason = "a test starts and enters a machine of its own")]

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Output, Stdio},
};

use serde_json::{Value, json};

/// A machine that runs; it is gone when this is dropped.
#[derive(Debug)]
pub struct Machine {
    script: Child,
    /// The process whose namespaces it has.
    pub pid: String,
}

impl Machine {
    /// Has a script of the lab start it, with the built examples in `/opt/lab`.
    pub fn boot(script: &str, arguments: &[&str]) -> Self {
        Self::boot_with(script, arguments, &examples())
    }

    /// The same with the programs of another folder.
    pub fn boot_with(script: &str, arguments: &[&str], programs: &Path) -> Self {
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the crate lies in the project");
        let mut script = Command::new(project.join("scripts/lab").join(script))
            .args(arguments)
            .env("SWITCHBOARD_LAB_BIN", programs)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the script of the lab is there");
        let mut pid = String::new();
        let stdout = script.stdout.take().expect("stdout is piped");
        BufReader::new(stdout).read_line(&mut pid).expect("the script writes");
        let pid = pid.trim().to_owned();
        assert!(!pid.is_empty(), "the lab does not start; run scripts/setup-tests.sh as root and try again");
        Self { script, pid }
    }

    /// Runs a command in there.
    pub fn output(&self, command: &[&str]) -> Output {
        self.enter().args(command).output().expect("nsenter is there")
    }

    /// A file or folder of it, as it is seen from outside.
    pub fn file(&self, path: &str) -> PathBuf {
        Path::new("/proc").join(&self.pid).join("root").join(path.trim_start_matches('/'))
    }

    /// Has the script take everything down, which it does when nobody holds its stdin any more.
    fn end(&mut self) {
        drop(self.script.stdin.take());
        let _ = self.script.wait();
    }

    /// The beginning of a command inside, in all of its namespaces and beneath its root; variables may follow.
    fn enter(&self) -> Command {
        let mut entered = Command::new("nsenter");
        entered.args(["--target", &self.pid, "--all", "--root", "--wd", "env", "-i", "LC_ALL=C", "HOME=/root"]);
        entered.arg("PATH=/usr/sbin:/usr/bin:/sbin:/bin");
        entered
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.end();
    }
}

/// A machine with a toolkit served in it.
#[derive(Debug)]
pub struct Lab {
    /// The machine.
    pub machine: Machine,
    toolkit: Child,
    answers: BufReader<ChildStdout>,
    calls: u64,
}

/// What a call gave: the notifications before its result, and the result.
#[derive(Debug)]
pub struct Answer {
    /// What was told of its progress.
    pub progress: Vec<String>,
    /// Its result.
    pub result: Value,
}

impl Lab {
    /// Serves a toolkit in a machine, with this command, before which variables may stand.
    pub fn serve(machine: Machine, command: &[&str]) -> Self {
        let started = machine.enter().args(command).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut toolkit = started.expect("nsenter is there");
        let answers = BufReader::new(toolkit.stdout.take().expect("stdout is piped"));
        Self { machine, toolkit, answers, calls: 0 }
    }

    /// What a command prints in there.
    pub fn run(&self, command: &[&str]) -> String {
        String::from_utf8_lossy(&self.machine.output(command).stdout).into_owned()
    }

    /// Starts a call.
    pub fn start(&mut self, tool: &str, arguments: &Value) {
        self.calls += 1;
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {}, "progressToken": "p",
        });
        let params = json!({"name": tool, "arguments": arguments, "_meta": meta});
        self.send(&json!({"jsonrpc": "2.0", "id": self.calls, "method": "tools/call", "params": params}));
    }

    /// Takes the call back that was started last.
    pub fn cancel(&mut self) {
        let params = json!({"requestId": self.calls});
        self.send(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}));
    }

    /// The next message.
    pub fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the toolkit writes");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    /// Makes a call and waits for its end.
    pub fn call(&mut self, tool: &str, arguments: &Value) -> Answer {
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
    pub fn good(&mut self, tool: &str, arguments: &Value) -> Value {
        let mut result = self.call(tool, arguments).result;
        assert!(result["isError"] != true, "{tool} {arguments}: {result}");
        result["structuredContent"].take()
    }

    /// The error of a call that fails.
    pub fn error(&mut self, tool: &str, arguments: &Value) -> Value {
        let mut result = self.call(tool, arguments).result;
        assert_eq!(result["isError"], true, "{tool} {arguments}: {result}");
        result["_meta"]["dev.switchboard/error"].take()
    }

    /// The code of a call that fails.
    pub fn bad(&mut self, tool: &str, arguments: &Value) -> String {
        self.error(tool, arguments)["code"].as_str().unwrap_or_default().to_owned()
    }

    fn send(&mut self, message: &Value) {
        let stdin = self.toolkit.stdin.as_mut().expect("stdin is piped");
        writeln!(stdin, "{message}").expect("the toolkit reads");
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.machine.end();
        let _ = self.toolkit.wait();
    }
}

/// The folder with the built examples, beside that of the running test.
fn examples() -> PathBuf {
    let running = env::current_exe().expect("a running program has a path");
    let profile = running.ancestors().skip(1).find(|folder| !folder.ends_with("deps")).expect("it lies in a folder");
    profile.join("examples")
}
