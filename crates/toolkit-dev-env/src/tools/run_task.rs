//! `run_task`: runs a task of a project to its end and gives what it printed, and the tests that it counted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Code, Failure, Marks, Tool};
use workbench::{Bench, Command, aside};

use super::CHANGED_PROJECT;
use crate::{deadline::Deadline, environment::Environment, shown, survey::Survey, tally::Tally, tasks::Task};

/// Bytes of the end of each output that are given back: where a failure is explained.
const OUTPUT_BYTES_MAX: usize = 100 << 10;
/// Arguments of a task.
const ARGS_MAX: usize = 100;

/// Runs tasks.
pub(crate) struct RunTask(pub(crate) Bench);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The folder of the project.
    path: String,
    /// The name of the task, as `list_tasks` gives it.
    task: String,
    /// Arguments for the task, each on its own.
    #[serde(default)]
    args: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// None if a signal ended it.
    exit_code: Option<i32>,
    /// The end of what it printed.
    stdout: String,
    /// The end of what it complained about.
    stderr: String,
    /// Whether something is missing in what it printed.
    truncated: bool,
    duration_ms: u64,
    /// The tests that were run, where the output says so.
    tests: Option<Tally>,
    /// What was run.
    message: String,
}

impl Tool for RunTask {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "run_task";
    const ABOUT: &'static str = "Runs a task of a project, such as `test`, `build` or `lint`, and gives its exit code, what it \
        printed, and how many tests passed and failed. It runs the project's own code.";
    const MARKS: Marks = Marks::writes().long();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_PROJECT);
    const TIMEOUT_S: u64 = 900;
    const EXAMPLES: &'static [&'static str] = &[r#"{"path": "web-shop", "task": "test"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let deadline = Deadline::of(call);
        let command = self.command(&input).await?;
        let message = format!("`{}` was run", command.shown());
        call.progress(0, Some(1), &command.shown());
        let outcome = deadline.prepare(command).run().await?;
        let tests = Tally::of(&outcome.stdout).or_else(|| Tally::of(&outcome.stderr));
        let (stdout, is_cut) = end(&outcome.stdout);
        let (stderr, is_cut_too) = end(&outcome.stderr);
        Ok(Output {
            exit_code: outcome.exit_code,
            stdout,
            stderr,
            truncated: outcome.truncated || is_cut || is_cut_too,
            duration_ms: deadline.elapsed_ms(),
            tests,
            message,
        })
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        Ok(vec![self.command(&input).await?.step()])
    }
}

impl RunTask {
    async fn command(&self, input: &Input) -> Result<Command, Failure> {
        if input.args.len() > ARGS_MAX {
            return Err(Failure::invalid("args", format!("more than {ARGS_MAX} arguments are given")));
        }
        let project = self.0.roots.place("path", &input.path)?;
        let place = project.clone();
        let (survey, environment) =
            aside(move |stop| Ok((Survey::of(&place, stop)?, Environment::of(&place)?))).await?;
        let tasks = Task::all(&survey);
        let Some(task) = tasks.iter().find(|task| task.name == input.task) else {
            let names: Vec<&str> = tasks.iter().map(|task| task.name.as_str()).collect();
            let text = format!("there is no task `{}`", shown::short(&input.task));
            let hint = if names.is_empty() {
                "the project names no tasks".to_owned()
            } else {
                format!("there are {}", names.join(", "))
            };
            return Err(Failure { field: Some("task".to_owned()), ..Failure::new(Code::NotFound, text).hint(hint) });
        };
        task.command(&project, &input.args, environment.as_ref())
    }
}

/// The end of a text, and whether its beginning is missing.
fn end(text: &str) -> (String, bool) {
    let start = text.ceil_char_boundary(text.len().saturating_sub(OUTPUT_BYTES_MAX));
    (text[start..].to_owned(), start > 0)
}
