//! `list_tasks`: what can be run in a project by name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};
use workbench::{Bench, aside};

use crate::{survey::Survey, tasks::Task};

/// Lists tasks.
pub(crate) struct ListTasks(pub(crate) Bench);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The folder of the project.
    path: String,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    tasks: Vec<Listed>,
    total: usize,
}

#[derive(Serialize, JsonSchema)]
struct Listed {
    /// What `run_task` calls it.
    name: String,
    /// The file that it comes from.
    source: String,
    /// What it does, as the file says it.
    about: String,
}

impl Tool for ListTasks {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "list_tasks";
    const ABOUT: &'static str = "Lists the tasks of a project: scripts of package.json, targets of its Makefile, recipes of its \
        justfile, and what its language always has, such as `test` and `build`.";
    const MARKS: Marks = Marks::reads().idempotent();
    const EXAMPLES: &'static [&'static str] = &[r#"{"path": "web-shop"}"#];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        let project = self.0.roots.place("path", &input.path)?;
        let survey = aside(move |stop| Survey::of(&project, stop)).await?;
        let tasks: Vec<Listed> = Task::all(&survey).into_iter().map(listed).collect();
        Ok(Output { total: tasks.len(), tasks })
    }
}

fn listed(task: Task) -> Listed {
    Listed { name: task.name, source: task.source, about: task.about }
}
