//! `compose_scale`: another number of containers for one service.

use schemars::JsonSchema;
use serde::Deserialize;
use toolkit::{Call, Failure, Marks, Tool};
use workbench::{Bench, Command};

use super::compose_up::Output;
use crate::{
    compose::{self, Checked, Project},
    engine::Engine,
};

/// Containers of one service.
const REPLICAS_MAX: u32 = 100;

/// Scales services.
pub(crate) struct ComposeScale(pub(crate) Bench);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The Compose file, or the folder that it is in.
    path: String,
    /// The service.
    service: String,
    /// How many containers it is to have.
    #[schemars(range(min = 0, max = 100))]
    replicas: u32,
}

impl Tool for ComposeScale {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "compose_scale";
    const ABOUT: &'static str =
        "Gives a service of a Compose project another number of containers; those that are too many are removed.";
    const MARKS: Marks = Marks::destroys().confirmed().long().connects();
    const INVALIDATES: Option<&'static [&'static str]> = Some(&["*"]);
    const TIMEOUT_S: u64 = 300;
    const EXAMPLES: &'static [&'static str] =
        &[r#"{"path": "shop", "service": "web", "replicas": 3, "confirm": true}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let engine = Engine::of(call).await?;
        let (checked, command) = self.prepare(input, &engine, call).await?;
        let outcome = compose::finish(command, call).await?;
        Output::of(&checked.name, &engine, compose::changes(&outcome), "the service has as many containers as wanted")
            .await
    }

    async fn plan(&self, input: Input, call: &Call) -> Result<Vec<String>, Failure> {
        let engine = Engine::of(call).await?;
        let (_, command) = self.prepare(input, &engine, call).await?;
        Ok(vec![command.step()])
    }
}

impl ComposeScale {
    async fn prepare(&self, input: Input, engine: &Engine, call: &Call) -> Result<(Checked, Command), Failure> {
        if input.replicas > REPLICAS_MAX {
            return Err(Failure::invalid("replicas", format!("`replicas` must be from 0 to {REPLICAS_MAX}")));
        }
        let project = Project::find(&self.0.roots, &input.path).await?;
        let checked = project.read(&self.0, engine, call).await?;
        checked.permit(&self.0.roots)?;
        let service = [input.service];
        checked.services(&service)?;
        let wanted = format!("{}={}", service[0], input.replicas);
        let command = checked.command(engine)?.words(["up", "--detach", "--no-recreate", "--no-deps"]);
        let command = command.option("--scale", &wanted)?.rest("service", [service[0].as_str()])?;
        Ok((checked, command.why("the plugin makes or removes containers of the service")))
    }
}
