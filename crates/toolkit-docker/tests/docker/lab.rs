//! A container engine of its own for a test, and the toolkit served beside it. Nothing that happens there touches the
//! machine on which the test runs.

#![expect(clippy::disallowed_methods, reason = "a test starts an engine of its own and enters its namespaces")]

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

/// The image that every engine of the lab has.
pub(crate) const IMAGE: &str = "lab:1";

/// A running engine with the toolkit beside it; both are gone when this is dropped.
pub(crate) struct Lab {
    script: Child,
    pid: String,
    engine: &'static str,
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
    /// Starts `docker` or `podman` and serves the toolkit beside it.
    pub(crate) fn boot(engine: &'static str) -> Self {
        Self::boot_with(engine, &[])
    }

    /// The same, with variables of the toolkit's environment.
    pub(crate) fn boot_with(engine: &'static str, variables: &[&str]) -> Self {
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the crate lies in the project");
        let mut script = Command::new(project.join("scripts/lab/engines.sh"))
            .args(["boot", engine])
            .env("SWITCHBOARD_LAB_BIN", examples())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the script of the lab is there");
        let mut pid = String::new();
        let stdout = script.stdout.take().expect("stdout is piped");
        BufReader::new(stdout).read_line(&mut pid).expect("the script writes");
        let pid = pid.trim().to_owned();
        assert!(!pid.is_empty(), "{engine} does not start; run scripts/setup-tests.sh as root and try again");
        let mut served = enter(&pid, variables);
        served.arg("/opt/lab/serve-docker").arg(format!("default=unix:///run/{engine}.sock"));
        served.args(["stopped=unix:///run/nobody.sock", "far=ssh://far.example.org"]);
        let mut toolkit = served.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("nsenter is there");
        let answers = BufReader::new(toolkit.stdout.take().expect("stdout is piped"));
        Self { script, pid, engine, toolkit, answers, calls: 0 }
    }

    /// What a command prints in there.
    pub(crate) fn run(&self, command: &[&str]) -> String {
        let output = enter(&self.pid, &[]).args(command).output().expect("nsenter is there");
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What the engine's own command line prints in there.
    pub(crate) fn native(&self, arguments: &[&str]) -> String {
        let socket = format!("unix:///run/{}.sock", self.engine);
        self.run(&[&["docker", "--host", &socket], arguments].concat())
    }

    /// Writes a file beneath the folder that the toolkit may work in.
    pub(crate) fn write(&self, path: &str, content: &str) {
        let file = PathBuf::from(format!("/proc/{}/root/srv/{path}", self.pid));
        std::fs::create_dir_all(file.parent().expect("it lies in a folder")).expect("folders can be made");
        std::fs::write(file, content).expect("a file can be written");
    }

    /// Connections to the engine that are open.
    pub(crate) fn open_connections(&self) -> usize {
        let sockets = std::fs::read_to_string(format!("/proc/{}/net/unix", self.pid)).expect("the engine runs");
        let name = format!("/run/{}.sock", self.engine);
        // 03 is the state of those that are connected
        sockets.lines().filter(|line| line.ends_with(&name) && line.split_whitespace().nth(5) == Some("03")).count()
    }

    /// Starts a call.
    pub(crate) fn start(&mut self, tool: &str, arguments: &Value) {
        self.calls += 1;
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {}, "progressToken": "p",
        });
        let params = json!({"name": tool, "arguments": arguments, "_meta": meta});
        self.send(&json!({"jsonrpc": "2.0", "id": self.calls, "method": "tools/call", "params": params}));
    }

    /// Takes the call back that was started last.
    pub(crate) fn cancel(&mut self) {
        let params = json!({"requestId": self.calls});
        self.send(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}));
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

    /// The error of a call that fails.
    pub(crate) fn error(&mut self, tool: &str, arguments: &Value) -> Value {
        let mut result = self.call(tool, arguments).result;
        assert_eq!(result["isError"], true, "{tool} {arguments}: {result}");
        result["_meta"]["dev.switchboard/error"].take()
    }

    /// The code of a call that fails.
    pub(crate) fn bad(&mut self, tool: &str, arguments: &Value) -> String {
        self.error(tool, arguments)["code"].as_str().unwrap_or_default().to_owned()
    }

    fn send(&mut self, message: &Value) {
        let stdin = self.toolkit.stdin.as_mut().expect("stdin is piped");
        writeln!(stdin, "{message}").expect("the toolkit reads");
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // the script takes everything down when nobody holds its stdin any more
        drop(self.script.stdin.take());
        let _ = self.script.wait();
        let _ = self.toolkit.wait();
    }
}

/// The beginning of a command inside, in all of its namespaces and beneath its root.
fn enter(pid: &str, variables: &[&str]) -> Command {
    let mut entered = Command::new("nsenter");
    entered.args(["--target", pid, "--all", "--root", "--wd", "env", "-i", "LC_ALL=C", "HOME=/root"]);
    entered.arg("PATH=/usr/sbin:/usr/bin:/sbin:/bin").args(variables);
    entered
}

/// The folder with the built example, beside that of this test.
fn examples() -> PathBuf {
    let running = env::current_exe().expect("a running program has a path");
    let profile = running.ancestors().skip(1).find(|folder| !folder.ends_with("deps")).expect("it lies in a folder");
    profile.join("examples")
}
