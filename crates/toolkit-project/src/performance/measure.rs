//! Runs the tests or a program of a project and finds where its time goes. What is measured is kept as a profile that the
//! user can open. It is the project's own code that runs, so the operator has to trust it.

mod cargo;
mod go;
mod hot;
mod node;
mod python;
mod shelf;
mod words;

use std::time::{Duration, Instant};

use toolkit::{Call, Code, Failure};
use workbench::{Command, Outcome, Place, surroundings};

pub(super) use self::{hot::Measured, shelf::Shelf, words::Words};

/// Bytes that are kept of what a program prints.
const PRINTED_BYTES_MAX: usize = 16 << 20;

/// A run that is measured.
pub(super) struct Run<'a> {
    project: Place,
    shelf: Shelf,
    until: Instant,
    call: &'a Call,
}

impl<'a> Run<'a> {
    /// A run in this project, with the time of this call.
    pub(super) fn new(project: Place, shelf: Shelf, call: &'a Call) -> Self {
        Self { project, shelf, until: Instant::now() + call.shared.timeout, call }
    }

    /// Measures the tests.
    pub(super) async fn tests(&self) -> Result<Measured, Failure> {
        let has = |name: &str| self.project.join(name)?.exists();
        if has("Cargo.toml")? {
            cargo::tests(self).await
        } else if has("go.mod")? {
            go::tests(self).await
        } else if has("package.json")? {
            node::tests(self).await
        } else if python::is_project(&self.project)? {
            python::tests(self).await
        } else {
            let text = "nothing tells how the tests of this project are measured";
            let hint = "a `Cargo.toml`, `go.mod`, `package.json`, `pyproject.toml` or `requirements.txt`, or a folder `tests` \
                        with Python in it tells; `target: \"command\"` measures one program";
            Err(Failure { field: Some("target".to_owned()), ..Failure::new(Code::NotSupported, text).hint(hint) })
        }
    }

    /// Measures a program.
    pub(super) async fn command(&self, words: &Words) -> Result<Measured, Failure> {
        match words.program() {
            "python" | "python3" => python::command(self, words).await,
            "node" => node::command(self, words).await,
            other => {
                let text = format!("there is no way to measure `{other}` here");
                let hint = "programs of `python` and `node` are measured, such as `python main.py` or `node server.js`";
                Err(Failure { field: Some("command".to_owned()), ..Failure::new(Code::NotSupported, text).hint(hint) })
            }
        }
    }

    /// Runs a command of the project to its end, whatever its exit code is.
    async fn run(&self, command: Command) -> Result<Outcome, Failure> {
        self.call.progress(0, None, &command.shown());
        self.prepare(command).run().await
    }

    /// A command in the project, with the time that is left.
    fn prepare(&self, command: Command) -> Command {
        let left = self.until.saturating_duration_since(Instant::now()).max(Duration::from_secs(1));
        let command = surroundings::around(command).within(&self.project);
        command.time_max(left).stdout_bytes_max(PRINTED_BYTES_MAX)
    }
}

/// The failure of a program that left no profile behind.
fn unmeasured(outcome: &Outcome, shown: &str) -> Failure {
    if outcome.exit_code == Some(0) {
        let text = format!("`{shown}` ran, and its profiler left no profile");
        return Failure::new(Code::CommandFailed, text).hint("run it alone to see whether it ends by itself");
    }
    outcome.failure(shown)
}

/// The script that a command names: a file of the project.
fn script(project: &Place, named: Option<&str>) -> Result<String, Failure> {
    let refuse = |text: &str| Failure::invalid("command", text).hint("such as `python main.py` or `node server.js`");
    let named = named.ok_or_else(|| refuse("`command` names no script"))?;
    if named.starts_with('-') {
        return Err(refuse("options of the interpreter are not taken; the script comes first"));
    }
    let about = |failure: Failure| Failure { field: Some("command".to_owned()), ..failure };
    let script = project.join(named.strip_prefix("./").unwrap_or(named)).map_err(about)?;
    script.open().map_err(about)?;
    Ok(script.display())
}
