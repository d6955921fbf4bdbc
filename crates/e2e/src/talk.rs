//! A conversation in lines with a program's stdin and stdout, as a desktop client holds it.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// How long the next message may take.
const MESSAGE_WITHIN: Duration = Duration::from_secs(20);

/// A running program one talks to; it is killed when dropped.
#[derive(Debug)]
pub struct Talk {
    child: Child,
    messages: Receiver<String>,
}

impl Talk {
    /// Starts `command`.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn start(command: &mut Command) -> Self {
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = child.expect("a built program starts");
        let stdout = child.stdout.take().expect("stdout is piped");
        #[expect(clippy::disallowed_methods, reason = "a test program says little")]
        let (send, messages) = mpsc::channel();
        thread::spawn(move || {
            BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| send.send(line))
        });
        Self { child, messages }
    }

    /// Sends one line.
    ///
    /// # Panics
    ///
    /// When the program reads no more.
    pub fn say(&mut self, message: &str) {
        let stdin = self.child.stdin.as_mut().expect("stdin is open until the end");
        writeln!(stdin, "{message}").expect("the program reads its stdin");
    }

    /// The next line, exactly as it came.
    ///
    /// # Panics
    ///
    /// When nothing comes in time.
    pub fn hear(&self) -> String {
        self.messages.recv_timeout(MESSAGE_WITHIN).expect("the program answers in time")
    }

    /// The next line that answers the request with `id`, notifications skipped.
    ///
    /// # Panics
    ///
    /// When it does not come in time, or something else than JSON comes.
    pub fn hear_answer(&self, id: &Value) -> Value {
        loop {
            let message: Value = serde_json::from_str(&self.hear()).expect("stdout carries only messages");
            if message.get("id") == Some(id) && message.get("method").is_none() {
                return message;
            }
        }
    }

    /// Closes stdin and returns whether the program then ends well by itself.
    pub fn ends_when_left(&mut self) -> bool {
        drop(self.child.stdin.take());
        self.child.wait().is_ok_and(|status| status.success())
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
