//! `container_stats`: what a container uses of the machine.

use schemars::JsonSchema;
use serde::Serialize;
use toolkit::{Call, Failure, Marks, Tool};

use super::one_container::Input;
use crate::{container::Container, engine::Engine, usage::Usage};

/// Measures containers.
pub(crate) struct ContainerStats;

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// Its name.
    container: String,
    /// What it uses.
    #[serde(flatten)]
    usage: Usage,
}

impl Tool for ContainerStats {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "container_stats";
    const ABOUT: &'static str = "Measures what a running container uses: processor, memory, disk, network and processes. It takes \
        a second or two.";
    const MARKS: Marks = Marks::reads().idempotent().connects();
    const EXAMPLES: &'static [&'static str] = &[r#"{"container": "web"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let engine = Engine::of(call).await?;
        let container = Container::find(&engine, &input.container).await?;
        let usage = Usage::of(&container, &engine).await?;
        Ok(Output { container: container.name, usage })
    }
}
