//! `exec_in_container`: one program in a running container, to its end.

use bollard::{
    container::LogOutput,
    exec::{StartExecOptions, StartExecResults},
    models::ExecConfig,
};
use futures_util::StreamExt as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Code, Failure, Marks, Tool};
use workbench::{Bench, Roots};

use crate::{container::Container, engine::Engine, error::During as _, privilege, shown};

/// Bytes of each of its two streams that are kept, the first ones.
const BYTES_MAX: usize = 256 << 10;

/// Runs programs in containers.
pub(crate) struct ExecInContainer(pub(crate) Bench);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The container: its name, its id, or the beginning of its id.
    container: String,
    /// The program and its arguments; no shell reads them.
    command: Vec<String>,
    /// Who it runs as: a name or a number. Default as the container.
    user: Option<String>,
    /// Where it runs. Default where the container runs.
    workdir: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// How it ended; 0 is well.
    exit_code: i64,
    /// What it printed.
    stdout: String,
    /// What it complained of.
    stderr: String,
    /// Whether it wrote more than is told here.
    truncated: bool,
}

impl Tool for ExecInContainer {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "exec_in_container";
    const ABOUT: &'static str = "Runs one program in a running container to its end and gives what it wrote. Containers that have \
        the machine itself are not entered. One that takes too long goes on in the container.";
    const MARKS: Marks = Marks::destroys().confirmed().connects();
    const INVALIDATES: Option<&'static [&'static str]> = Some(&["*", "project:*", "dev_env:*", "graphics:*"]);
    const EXAMPLES: &'static [&'static str] = &[r#"{"container": "web", "command": ["nginx", "-t"], "confirm": true}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let engine = Engine::of(call).await?;
        let container = input.enterable(&engine, &self.0.roots).await?;
        let act = format!("run `{}` in `{}`", input.shown(), container.name);
        let config = ExecConfig {
            cmd: Some(input.command),
            user: input.user,
            working_dir: input.workdir,
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            ..ExecConfig::default()
        };
        let made = engine.create_exec(&container.id, config).await.during(&act)?;
        let started = engine.start_exec(&made.id, None::<StartExecOptions>).await.during(&act)?;
        let (mut stdout, mut stderr) = (Kept::default(), Kept::default());
        if let StartExecResults::Attached { mut output, .. } = started {
            while let Some(piece) = output.next().await.transpose().during(&act)? {
                match piece {
                    LogOutput::StdErr { message } => stderr.add(&message),
                    LogOutput::StdOut { message } | LogOutput::StdIn { message } | LogOutput::Console { message } => {
                        stdout.add(&message);
                    }
                }
            }
        }
        let ended = engine.inspect_exec(&made.id).await.during(&act)?;
        Ok(Output {
            exit_code: ended.exit_code.unwrap_or_default(),
            truncated: stdout.is_cut || stderr.is_cut,
            stdout: stdout.text(),
            stderr: stderr.text(),
        })
    }

    async fn plan(&self, input: Input, call: &Call) -> Result<Vec<String>, Failure> {
        let engine = Engine::of(call).await?;
        let container = input.enterable(&engine, &self.0.roots).await?;
        Ok(vec![format!("run `{}` in the container `{}`", input.shown(), container.name)])
    }
}

impl Input {
    /// A program in a container, as its user and in its folder.
    pub(crate) fn new(container: String, command: Vec<String>) -> Self {
        Self { container, command, user: None, workdir: None }
    }

    /// The container, if it runs and does not have the machine.
    async fn enterable(&self, engine: &Engine, roots: &Roots) -> Result<Container, Failure> {
        if self.command.first().is_none_or(String::is_empty) {
            return Err(
                Failure::invalid("command", "`command` names no program").hint("write `[\"program\", \"argument\"]`")
            );
        }
        let container = Container::find(engine, &self.container).await?;
        let inspected = container.inspect(engine).await?;
        let privileges = privilege::of(&inspected.host_config.unwrap_or_default(), roots);
        privilege::check(&privileges, &format!("enter `{}`", container.name))?;
        if inspected.state.and_then(|state| state.running) != Some(true) {
            let failure = Failure::new(Code::Conflict, format!("`{}` does not run", container.name));
            return Err(failure.hint("start it with `start_container`"));
        }
        Ok(container)
    }

    fn shown(&self) -> String {
        shown::short(&self.command.join(" "))
    }
}

/// The first bytes of a stream.
#[derive(Default)]
struct Kept {
    bytes: Vec<u8>,
    is_cut: bool,
}

impl Kept {
    fn add(&mut self, piece: &[u8]) {
        let room = BYTES_MAX - self.bytes.len();
        self.is_cut |= piece.len() > room;
        self.bytes.extend_from_slice(&piece[..piece.len().min(room)]);
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_writes_takes_no_more_room_than_allowed() {
        let mut kept = Kept::default();
        for _ in 0..10 {
            kept.add("x".repeat(100_000).as_bytes());
        }
        assert_eq!((kept.text().len(), kept.is_cut), (BYTES_MAX, true));
    }
}
