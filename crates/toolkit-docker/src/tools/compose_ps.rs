//! `compose_ps`: the containers of a project.

use schemars::JsonSchema;
use serde::Serialize;
use toolkit::{Call, Failure, Marks, Tool};
use workbench::Bench;

use crate::{
    compose::{
        services::{self, Service},
        target::Target,
    },
    engine::Engine,
};

/// Lists the containers of projects.
pub(crate) struct ComposePs(pub(crate) Bench);

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The project.
    project: String,
    /// Its containers, by service.
    services: Vec<Service>,
}

impl Tool for ComposePs {
    type Input = Target;
    type Output = Output;

    const NAME: &'static str = "compose_ps";
    const ABOUT: &'static str = "Lists the containers of a Compose project with their state, health and ports.";
    const MARKS: Marks = Marks::reads().idempotent().connects();
    const EXAMPLES: &'static [&'static str] = &[r#"{"path": "shop"}"#, r#"{"project": "shop"}"#];

    async fn run(&self, input: Target, call: &Call) -> Result<Output, Failure> {
        let engine = Engine::of(call).await?;
        let found = input.find(&self.0, &engine, call).await?;
        let services = services::of(found.name(), &engine).await?;
        Ok(Output { project: found.name().as_str().to_owned(), services })
    }
}
