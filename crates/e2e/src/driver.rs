//! One real client, driven through its script in `crates/e2e/clients`: what to do goes in as JSON, what the client
//! saw comes back, one [`Outcome`] per action.

#![expect(clippy::disallowed_methods, reason = "the clients are real programs")]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::program::built;
use crate::tools::{self, Python};

/// How long one action may take before the client counts as stuck.
const ACTION_WITHIN: Duration = Duration::from_secs(40);

/// A real client in one of its protocol eras.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// The MCP Inspector's command line with the legacy handshake.
    InspectorLegacy,
    /// The MCP Inspector's command line, modern only.
    InspectorModern,
    /// The Python SDK 2.x, which finds out the era itself.
    PythonAuto,
    /// The Python SDK 1.x.
    PythonLegacy,
    /// The TypeScript SDK v1.
    TypeScriptV1,
    /// The TypeScript SDK v2, which finds out the era itself.
    TypeScriptV2Auto,
    /// The Rust SDK, which finds out the era itself.
    RmcpAuto,
    /// The Rust SDK with the legacy handshake.
    RmcpLegacy,
}

impl Client {
    /// Every client, each in the era that it prefers.
    pub const ALL: [Self; 7] = [
        Self::InspectorLegacy,
        Self::InspectorModern,
        Self::PythonAuto,
        Self::PythonLegacy,
        Self::TypeScriptV1,
        Self::TypeScriptV2Auto,
        Self::RmcpAuto,
    ];

    /// Whether it can show progress, cancel, complete and answer questions; the Inspector's command line cannot.
    pub fn is_full(self) -> bool {
        !matches!(self, Self::InspectorLegacy | Self::InspectorModern)
    }

    /// The protocol version it agrees on with a server that speaks both eras.
    pub fn version_with_dual_server(self) -> &'static str {
        match self {
            Self::InspectorLegacy | Self::PythonLegacy | Self::TypeScriptV1 | Self::RmcpLegacy => "2025-11-25",
            Self::InspectorModern | Self::PythonAuto | Self::TypeScriptV2Auto | Self::RmcpAuto => "2026-07-28",
        }
    }

    /// Connects to `url`, performs `actions` in order and returns what the client saw, `connect` first.
    pub fn drive(self, url: &str, actions: &[Value]) -> Result<Vec<Outcome>, Error> {
        self.run(self.script(), url, actions)
    }

    /// As [`Self::drive`], with the token of a principal. Only the TypeScript SDKs are told to send one.
    pub fn drive_as(self, token: &str, url: &str, actions: &[Value]) -> Result<Vec<Outcome>, Error> {
        let mut script = self.script();
        script.env("CLIENT_TOKEN", token);
        self.run(script, url, actions)
    }

    fn run(self, mut script: Command, url: &str, actions: &[Value]) -> Result<Vec<Outcome>, Error> {
        let list = Value::from(actions).to_string();
        script.args([url, self.era(), &list]);
        let mut run = Run::start(script);
        (0..=actions.len()).map(|action| run.next(action)).collect()
    }

    fn script(self) -> Command {
        let (program, script) = match self {
            Self::RmcpAuto | Self::RmcpLegacy => return Command::new(built("rmcp-client")),
            Self::InspectorLegacy | Self::InspectorModern => (tools::node(), "inspector.mjs"),
            Self::PythonAuto => (tools::python(Python::Mcp2, "python"), "python_mcp2.py"),
            Self::PythonLegacy => (tools::python(Python::Mcp1, "python"), "python_mcp1.py"),
            Self::TypeScriptV1 => (tools::node(), "typescript_v1.mjs"),
            Self::TypeScriptV2Auto => (tools::node(), "typescript_v2.mjs"),
        };
        let mut command = Command::new(program);
        command.arg(tools::script(script));
        command
    }

    fn era(self) -> &'static str {
        match self {
            Self::InspectorLegacy | Self::PythonLegacy | Self::TypeScriptV1 | Self::RmcpLegacy => "legacy",
            Self::InspectorModern => "modern",
            Self::PythonAuto | Self::TypeScriptV2Auto | Self::RmcpAuto => "auto",
        }
    }
}

/// Why a client did not come to the end of its actions. Actions are counted from 1, `connect` is 0.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It did nothing for too long.
    #[error("stuck in action {number}: {complaint}")]
    Stuck {
        /// The action.
        number: usize,
        /// What it said on stderr.
        complaint: String,
    },
    /// It ended.
    #[error("crashed in action {number}: {complaint}")]
    Crashed {
        /// The action.
        number: usize,
        /// What it said on stderr.
        complaint: String,
    },
    /// It printed something else than JSON.
    #[error("printed {line:?}")]
    Garbled {
        /// What it printed.
        line: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// What a client saw of one action, as its script printed it.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome(Value);

impl Outcome {
    /// What the client got.
    pub fn value(&self) -> &Value {
        &self.0["value"]
    }

    /// Whether the action ended in an error, of the protocol or of the tool.
    pub fn has_failed(&self) -> bool {
        self.0["ok"] == false || self.value()["isError"] == true
    }

    /// The questions the client was asked meanwhile.
    pub fn asked(&self) -> Vec<&str> {
        self.0["asked"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// Everything as one line of JSON.
    pub fn line(&self) -> String {
        self.0.to_string()
    }
}

/// A running script; it is killed when dropped.
struct Run {
    child: Child,
    lines: Receiver<String>,
}

impl Run {
    fn start(mut script: Command) -> Self {
        script.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = script.spawn().expect("an installed client starts");
        let stdout = child.stdout.take().expect("stdout is piped");
        let (send, lines) = mpsc::channel();
        thread::spawn(move || {
            BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| send.send(line))
        });
        Self { child, lines }
    }

    /// The outcome of action `number`, where 0 is `connect`.
    fn next(&mut self, number: usize) -> Result<Outcome, Error> {
        match self.lines.recv_timeout(ACTION_WITHIN) {
            Ok(line) => Ok(Outcome(serde_json::from_str(&line).map_err(|source| Error::Garbled { line, source })?)),
            Err(RecvTimeoutError::Timeout) => Err(Error::Stuck { number, complaint: self.complaint() }),
            Err(RecvTimeoutError::Disconnected) => Err(Error::Crashed { number, complaint: self.complaint() }),
        }
    }

    /// Ends the script and returns what it said on stderr.
    fn complaint(&mut self) -> String {
        let _ = self.child.kill();
        let mut text = String::new();
        if let Some(stderr) = self.child.stderr.as_mut() {
            let _ = stderr.read_to_string(&mut text);
        }
        text
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
