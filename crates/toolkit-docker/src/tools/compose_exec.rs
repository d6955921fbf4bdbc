//! `compose_exec`: one program in the container of a service, to its end.

use schemars::JsonSchema;
use serde::Deserialize;
use toolkit::{Call, Failure, Marks, Tool};
use workbench::Bench;

use super::exec_in_container::{self, ExecInContainer, Output};
use crate::{
    compose::{services, target::Target},
    engine::Engine,
};

/// Runs programs in services.
pub(crate) struct ComposeExec(pub(crate) Bench);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// Which project.
    #[serde(flatten)]
    target: Target,
    /// The service; of several containers the first.
    service: String,
    /// The program and its arguments; no shell reads them.
    command: Vec<String>,
}

impl Tool for ComposeExec {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "compose_exec";
    const ABOUT: &'static str = "Runs one program in the container of a service to its end and gives what it wrote, with the rules of \
        `exec_in_container`.";
    const MARKS: Marks = Marks::destroys().confirmed().connects();
    const INVALIDATES: Option<&'static [&'static str]> = Some(&["*", "project:*", "dev_env:*", "graphics:*"]);
    const EXAMPLES: &'static [&'static str] =
        &[r#"{"project": "shop", "service": "web", "command": ["nginx", "-t"], "confirm": true}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let inner = self.inner(input, call).await?;
        ExecInContainer(self.0.clone()).run(inner, call).await
    }

    async fn plan(&self, input: Input, call: &Call) -> Result<Vec<String>, Failure> {
        let inner = self.inner(input, call).await?;
        ExecInContainer(self.0.clone()).plan(inner, call).await
    }
}

impl ComposeExec {
    /// The same for the container that is meant.
    async fn inner(&self, input: Input, call: &Call) -> Result<exec_in_container::Input, Failure> {
        let engine = Engine::of(call).await?;
        let found = input.target.find(&self.0, &engine, call).await?;
        let mut containers = services::containers(found.name(), Some(&input.service), &engine).await?;
        let container = containers.swap_remove(0).id;
        Ok(exec_in_container::Input::new(container, input.command))
    }
}
