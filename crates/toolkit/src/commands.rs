//! Learning mode: the commands that a call has run, and why, as a person would type them. They are noted where a command is
//! run, or where a tool does the same without one, and shown with the result to those who want to see them.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
};

use mcp::array;
use serde::Serialize;
use serde_json::{Value, json};

/// The member of `_meta` with which a call asks for its commands, and under which its result has them.
pub const KEY: &str = "dev.switchboard/commands";
/// Commands of one call that are shown: more than anybody reads.
const COMMANDS_MAX: usize = 50;
/// Bytes of one command that are shown.
const COMMAND_BYTES_MAX: usize = 2_000;

tokio::task_local! {
    static NOTED: Noted;
}

/// One command of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Command {
    /// As a person would type it.
    command: String,
    /// Why it was run; empty if nobody has said.
    why: String,
}

/// Notes a command of the call that is under way; without one that wants to see its commands it does nothing.
pub fn note(command: impl FnOnce() -> String, why: &str) {
    let _nobody_wants_it = NOTED.try_with(|noted| noted.add(command, why));
}

/// Whether a request asks for its commands.
pub(crate) fn is_wanted(meta: &[u8]) -> bool {
    array::member(meta, KEY).and_then(|span| span.of(meta)) == Some(b"true")
}

/// What is noted while one call runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Noted(Arc<Mutex<Vec<Command>>>);

impl Noted {
    /// Runs a call and notes what it runs.
    pub(crate) async fn during<T>(&self, running: impl Future<Output = T>) -> T {
        NOTED.scope(self.clone(), running).await
    }

    /// What has been noted, in order.
    pub(crate) fn take(self) -> Vec<Command> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn add(&self, command: impl FnOnce() -> String, why: &str) {
        let mut commands = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if commands.len() < COMMANDS_MAX {
            let mut command = command();
            command.truncate(command.floor_char_boundary(COMMAND_BYTES_MAX));
            commands.push(Command { command, why: why.to_owned() });
        }
    }
}

/// Commands as a content block for the model and the person behind it.
pub(crate) fn block(commands: &[Command]) -> Value {
    let mut text = "The commands behind this:".to_owned();
    for Command { command, why } in commands {
        let _ = write!(text, "\n$ {command}");
        if !why.is_empty() {
            let _ = write!(text, "\n  # {why}");
        }
    }
    json!({"type": "text", "text": text})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn commands_are_noted_in_order_and_only_while_somebody_wants_them() {
        note(|| panic!("nobody wants it"), "");
        let noted = Noted::default();
        noted
            .during(async {
                note(|| "apt-get update".to_owned(), "the mirrors say what is new");
                tokio::task::yield_now().await;
                note(|| "apt-get upgrade".to_owned(), "");
            })
            .await;
        let shown = block(&noted.take());
        let expected =
            "The commands behind this:\n$ apt-get update\n  # the mirrors say what is new\n$ apt-get upgrade";
        assert_eq!(shown["text"], expected);
    }

    #[tokio::test]
    async fn a_call_that_runs_many_commands_shows_the_first() {
        let noted = Noted::default();
        let many = async { (0..1_000).for_each(|_| note(|| "é".repeat(10_000), "")) };
        noted.during(many).await;
        let commands = noted.take();
        assert_eq!((commands.len(), commands[0].command.len()), (COMMANDS_MAX, COMMAND_BYTES_MAX));
    }

    #[test]
    fn only_true_asks_for_commands() {
        let check = |meta: &[u8], expected| assert_eq!(is_wanted(meta), expected, "{meta:?}");
        check(br#"{"dev.switchboard/commands":true}"#, true);
        check(br#"{"dev.switchboard/commands":false}"#, false);
        check(br#"{"dev.switchboard/commands":"true"}"#, false);
        check(b"{}", false);
        check(b"", false);
    }
}
