//! `run_command`: runs one of a short list of programs that only look. There is no shell, and nothing that starts another
//! program is on the list.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Code, Failure, Marks, Tool};
use workbench::{Bench, Command};

use crate::{allowed, shown};

/// Variables that a caller may set: how things are written, not what is done.
const VARIABLES: [&str; 3] = ["COLUMNS", "LANG", "LC_ALL"];
/// Bytes of a variable.
const VALUE_BYTES_MAX: usize = 64;
/// Bytes for a program to read: what fits into a message beside everything else.
const STDIN_BYTES_MAX: usize = 64 << 10;
/// Bytes of each of the two outputs that are given back.
const OUTPUT_BYTES_MAX: usize = 1 << 20;

/// Runs programs that look.
pub(crate) struct RunCommand(pub(crate) Bench);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The program, by its bare name.
    program: String,
    /// Its arguments, each on its own.
    #[serde(default)]
    args: Vec<String>,
    /// The folder to run it in: one of those that this toolkit may work in.
    cwd: Option<String>,
    /// Variables: `COLUMNS`, `LANG`, `LC_ALL`.
    #[serde(default)]
    env: BTreeMap<String, String>,
    /// What it can read.
    #[serde(default)]
    stdin: String,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// None if a signal ended it.
    exit_code: Option<i32>,
    stdout: String,
    stderr: String,
    duration_ms: u64,
    /// Whether something is missing at the end of what it wrote.
    truncated: bool,
    /// What was run.
    message: String,
}

impl Tool for RunCommand {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "run_command";
    const ABOUT: &'static str = "Runs a program that only looks at this machine: df, free, getent, id, ip, lsblk, lscpu, nproc, \
        pgrep, ss, systemctl, timedatectl, uname, uptime, vmstat or who. No shell is involved.";
    const MARKS: Marks = Marks::destroys().confirmed();
    const INVALIDATES: Option<&'static [&'static str]> = Some(&[]);
    const EXAMPLES: &'static [&'static str] = &[r#"{"program": "ss", "args": ["-tln"], "confirm": true}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let command = self.command(&input)?.time_max(call.shared.timeout).stdout_bytes_max(OUTPUT_BYTES_MAX);
        let message = format!("`{}` was run", command.shown());
        let outcome = command.run().await?;
        Ok(Output {
            exit_code: outcome.exit_code,
            stdout: outcome.stdout,
            stderr: outcome.stderr,
            duration_ms: u64::try_from(outcome.duration.as_millis()).unwrap_or(u64::MAX),
            truncated: outcome.truncated,
            message,
        })
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        Ok(vec![self.command(&input)?.step()])
    }
}

impl RunCommand {
    fn command(&self, input: &Input) -> Result<Command, Failure> {
        let mut command = allowed::command(&input.program, &input.args)?;
        for (name, value) in &input.env {
            let (name, value) = variable(name, value)?;
            command = command.env(name, value);
        }
        if let Some(cwd) = &input.cwd {
            command = command.within(&self.0.roots.place("cwd", cwd)?);
        }
        if input.stdin.len() > STDIN_BYTES_MAX {
            let text = format!("`stdin` has {} bytes; at most {STDIN_BYTES_MAX} fit", input.stdin.len());
            return Err(Failure { field: Some("stdin".to_owned()), ..Failure::new(Code::TooLarge, text) });
        }
        Ok(command.input(input.stdin.clone()).why("you asked for it, and it only looks"))
    }
}

fn variable<'a>(name: &str, value: &'a str) -> Result<(&'static str, &'a str), Failure> {
    let Some(known) = VARIABLES.iter().find(|known| **known == name) else {
        let text = format!("the variable `{}` may not be set", shown::short(name));
        let failure = Failure::new(Code::CommandDenied, text).hint(format!("allowed are {}", VARIABLES.join(", ")));
        return Err(Failure { field: Some("env".to_owned()), ..failure });
    };
    let is_plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.@-".contains(&byte));
    if !is_plain || value.len() > VALUE_BYTES_MAX {
        return Err(Failure::invalid("env", format!("`{}` is no value for `{known}`", shown::short(value))));
    }
    Ok((*known, value))
}
