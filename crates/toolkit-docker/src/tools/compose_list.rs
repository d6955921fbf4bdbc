//! `compose_list`: the projects that are there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use crate::{compose::services, engine::Engine};

/// Lists projects.
pub(crate) struct ComposeList;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// On this page, by name.
    projects: Vec<Listed>,
    /// How many there are on all pages.
    total: usize,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Listed {
    /// Its name.
    project: String,
    /// How many of its containers run.
    running: usize,
    /// How many it has.
    containers: usize,
}

impl Tool for ComposeList {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "compose_list";
    const ABOUT: &'static str = "Lists the Compose projects that have containers.";
    const MARKS: Marks = Marks::reads().idempotent().lists().connects();
    const EXAMPLES: &'static [&'static str] = &["{}"];

    async fn run(&self, _: Input, call: &Call) -> Result<Output, Failure> {
        let engine = Engine::of(call).await?;
        let projects = services::projects(&engine).await?.into_iter();
        let projects = projects.map(|(project, (running, containers))| Listed { project, running, containers });
        let page = call.shared.page(projects.collect());
        Ok(Output { projects: page.items, total: page.total, next_cursor: page.next_cursor })
    }
}
