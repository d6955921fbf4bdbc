//! `compose_logs`: what the services of a project wrote.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};
use workbench::Bench;

use crate::{
    compose::{self, target::Target},
    engine::Engine,
};

/// The longest answer, in lines of each service.
const TAIL_MAX: usize = 10_000;
/// Bytes of one answer.
const BYTES_MAX: usize = 1 << 20;

/// Reads logs of projects.
pub(crate) struct ComposeLogs(pub(crate) Bench);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// Which project.
    #[serde(flatten)]
    target: Target,
    /// Only these services.
    #[serde(default)]
    services: Vec<String>,
    /// How many lines of each container, the last ones; at most 10000.
    #[serde(default = "hundred")]
    #[schemars(range(min = 1, max = 10_000))]
    tail: usize,
    /// Whether each line has its moment.
    #[serde(default)]
    timestamps: bool,
}

fn hundred() -> usize {
    100
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The project.
    project: String,
    /// The lines, each behind the name of its container.
    logs: String,
    /// Whether there was more.
    truncated: bool,
}

impl Tool for ComposeLogs {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "compose_logs";
    const ABOUT: &'static str = "Reads what the services of a Compose project wrote, the last lines of each container.";
    const MARKS: Marks = Marks::reads().connects();
    const EXAMPLES: &'static [&'static str] =
        &[r#"{"path": "shop"}"#, r#"{"project": "shop", "services": ["web"], "tail": 20}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        if !(1..=TAIL_MAX).contains(&input.tail) {
            return Err(Failure::invalid("tail", format!("`tail` must be from 1 to {TAIL_MAX}")));
        }
        let engine = Engine::of(call).await?;
        let found = input.target.find(&self.0, &engine, call).await?;
        let command =
            found.command(&engine)?.words(["logs", "--no-color"]).option("--tail", &input.tail.to_string())?;
        let command = command.words(input.timestamps.then_some("--timestamps")).stdout_bytes_max(BYTES_MAX);
        let command = command.rest("services", input.services.iter().map(String::as_str))?;
        let outcome = compose::finish(command.why("to read what the services wrote"), call).await?;
        Ok(Output { project: found.name().as_str().to_owned(), logs: outcome.stdout, truncated: outcome.truncated })
    }

    fn text(output: &Output) -> Option<String> {
        Some(output.logs.clone())
    }
}
