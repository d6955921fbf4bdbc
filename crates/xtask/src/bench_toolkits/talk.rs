//! A conversation with one toolkit on stdin and stdout, in the modern era, in which each answer is waited for.

use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::Error;
use crate::program::command;

/// A toolkit that runs; it is killed when dropped.
pub(super) struct Talk {
    toolkit: String,
    child: Child,
    to_server: ChildStdin,
    from_server: BufReader<ChildStdout>,
}

impl Talk {
    /// Starts a toolkit that may work in a folder.
    pub(super) fn start(switchboard: &Path, toolkit: &str, root: &Path) -> Result<Self, Error> {
        let failed = |source| Error::System { doing: format!("start the toolkit `{toolkit}`"), source };
        let mut command = command(switchboard);
        command.args(["toolkit", toolkit, "--root"]).arg(root).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(failed)?;
        let missing = || failed(io::Error::other("it has no pipe"));
        let to_server = child.stdin.take().ok_or_else(missing)?;
        let from_server = BufReader::new(child.stdout.take().ok_or_else(missing)?);
        Ok(Self { toolkit: toolkit.to_owned(), child, to_server, from_server })
    }

    /// Its process.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks, and gives the result with the time until its last byte was there.
    pub(super) fn ask(&mut self, method: &str, mut params: Value) -> Result<(Value, Duration), Error> {
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let silent = || Error::Silent { toolkit: self.toolkit.clone() };
        let (request, mut line) = (format!("{request}\n"), Vec::new());
        let asked = Instant::now();
        self.to_server.write_all(request.as_bytes()).map_err(|_| silent())?;
        self.from_server.read_until(b'\n', &mut line).map_err(|_| silent())?;
        let time = asked.elapsed();
        let mut answer: Value = serde_json::from_slice(&line).map_err(|_| silent())?;
        Ok((answer["result"].take(), time))
    }

    /// Calls a tool, which has to succeed.
    pub(super) fn call(&mut self, tool: &str, arguments: &Value) -> Result<(Value, Duration), Error> {
        let (result, time) = self.ask("tools/call", json!({"name": tool, "arguments": arguments}))?;
        if result["isError"] == true || result.is_null() {
            let answer = result["content"][0]["text"].to_string();
            return Err(Error::Failed { tool: tool.to_owned(), answer });
        }
        Ok((result, time))
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        let _already_ended = self.child.kill();
        let _already_waited_for = self.child.wait();
    }
}
