//! `container_top`: the processes of a container.

use std::collections::BTreeMap;

use bollard::query_parameters::TopOptions;
use schemars::JsonSchema;
use serde::Serialize;
use toolkit::{Call, Code, Failure, Marks, Tool};

use super::one_container::Input;
use crate::{container::Container, engine::Engine, error::During as _, shown, state};

/// Processes that are told.
const PROCESSES_MAX: usize = 1_000;

/// Lists processes.
pub(crate) struct ContainerTop;

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// Its name.
    container: String,
    /// One for each process, with what the engine's `ps` calls each thing.
    processes: Vec<BTreeMap<String, String>>,
    /// How many there are.
    total: usize,
}

impl Tool for ContainerTop {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "container_top";
    const ABOUT: &'static str = "Lists the processes of a running container.";
    const MARKS: Marks = Marks::reads().idempotent().connects();
    const EXAMPLES: &'static [&'static str] = &[r#"{"container": "web"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let engine = Engine::of(call).await?;
        let container = Container::find(&engine, &input.container).await?;
        // engines say it in different ways
        if state::state(&container, &engine).await?.running != Some(true) {
            let failure = Failure::new(Code::Conflict, format!("`{}` does not run", container.name));
            return Err(failure.hint("start it with `start_container`"));
        }
        let top = engine.top_processes(&container.id, None::<TopOptions>).await;
        let top = top.during(format!("list the processes of `{}`", container.name))?;
        let titles: Vec<String> = top.titles.unwrap_or_default().iter().map(|title| title.to_lowercase()).collect();
        let processes = top.processes.unwrap_or_default();
        let total = processes.len();
        let row = |row: Vec<String>| titles.iter().cloned().zip(row.iter().map(|cell| shown::short(cell))).collect();
        Ok(Output {
            container: container.name,
            processes: processes.into_iter().take(PROCESSES_MAX).map(row).collect(),
            total,
        })
    }
}
