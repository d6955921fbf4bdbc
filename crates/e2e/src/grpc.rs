//! A real gRPC client, `clients/grpc_client.py`, told what to do line by line. What it hears of one of the methods it has
//! opened is kept apart from what it hears of the others.

use std::collections::VecDeque;
use std::path::Path;

use serde_json::{Value, json};

use crate::program::command;
use crate::talk::Talk;
use crate::tools::{self, Python};

/// A client on a channel of its own; it goes without a word when dropped.
#[derive(Debug)]
pub struct Grpc {
    talk: Talk,
    /// Events that came while another was waited for.
    heard: VecDeque<Value>,
}

impl Grpc {
    /// A client of the gRPC door at `target`, by TLS where there are `files`: the authority, and then the client's own
    /// certificate and key.
    ///
    /// # Panics
    ///
    /// When the tools are not installed.
    pub fn to(target: &str, files: &[&Path]) -> Self {
        let mut client = command(tools::python(Python::Grpc, "python"));
        client.arg(tools::script("grpc_client.py")).arg(target).arg(proto()).args(files);
        Self { talk: Talk::start(&mut client), heard: VecDeque::new() }
    }

    /// A client that proves with this token who it is.
    ///
    /// # Panics
    ///
    /// When the tools are not installed.
    pub fn with_token(target: &str, token: &str) -> Self {
        let mut client = command(tools::python(Python::Grpc, "python"));
        client.arg(tools::script("grpc_client.py")).arg(target).arg(proto()).env("CLIENT_TOKEN", token);
        Self { talk: Talk::start(&mut client), heard: VecDeque::new() }
    }

    /// Gives a command.
    pub fn command(&mut self, command: &Value) {
        self.talk.say(&command.to_string());
    }

    /// Opens `method` under `name` with a first message.
    pub fn open(&mut self, name: &str, method: &str, payload: &str) {
        let message = json!({ "payload": payload });
        self.command(&json!({ "do": "open", "name": name, "method": method, "message": message }));
    }

    /// Says `payload` in the session `name`.
    pub fn say(&mut self, name: &str, payload: &str) {
        self.command(&json!({ "do": "send", "name": name, "message": { "payload": payload } }));
    }

    /// The next event of what was opened under `name`.
    ///
    /// # Panics
    ///
    /// When nothing comes in time.
    pub fn event(&mut self, name: &str) -> Value {
        if let Some(index) = self.heard.iter().position(|event| event["of"] == name) {
            return self.heard.remove(index).unwrap_or_default();
        }
        loop {
            let line = self.talk.hear();
            let event: Value = serde_json::from_str(&line).expect("the client prints events");
            if event["of"] == name {
                return event;
            }
            self.heard.push_back(event);
        }
    }

    /// The next message of what was opened under `name`.
    ///
    /// # Panics
    ///
    /// When it has ended.
    pub fn message(&mut self, name: &str) -> Value {
        let event = self.event(name);
        let payload = event["payload"].as_str().unwrap_or_else(|| panic!("{name} ended: {event}"));
        serde_json::from_str(payload).expect("a payload is JSON")
    }

    /// The status with which `name` ended, messages before it skipped.
    pub fn status(&mut self, name: &str) -> String {
        loop {
            if let Some(status) = self.event(name)["status"].as_str() {
                return status.to_owned();
            }
        }
    }

    /// The answer to one `Call`.
    pub fn call(&mut self, payload: &str) -> Value {
        self.open("call", "Call", payload);
        let answer = self.message("call");
        assert_eq!(self.status("call"), "OK");
        answer
    }
}

/// Where the `.proto` file of the project is.
fn proto() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../gateway/proto")
}
