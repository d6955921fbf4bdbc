//! `compose_pull`: the images of a project are fetched.

use schemars::JsonSchema;
use serde::Deserialize;
use toolkit::{Call, Failure, Marks, Tool};
use workbench::{Bench, Command};

use super::compose_up::Output;
use crate::{
    compose::{self, Checked, Project},
    engine::Engine,
};

/// Pulls for projects.
pub(crate) struct ComposePull(pub(crate) Bench);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The Compose file, or the folder that it is in.
    path: String,
    /// Only this service.
    service: Option<String>,
}

impl Tool for ComposePull {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "compose_pull";
    const ABOUT: &'static str = "Fetches the images of a Compose project from their registries.";
    const MARKS: Marks = Marks::writes().open_world().long().connects();
    const TIMEOUT_S: u64 = 900;
    const EXAMPLES: &'static [&'static str] = &[r#"{"path": "shop"}"#, r#"{"path": "shop", "service": "web"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let engine = Engine::of(call).await?;
        let (checked, command) = self.prepare(input, &engine, call).await?;
        call.progress(0, None, &command.shown());
        let outcome = compose::finish(command, call).await?;
        Output::of(&checked.name, &engine, compose::changes(&outcome), "the images are there").await
    }

    async fn plan(&self, input: Input, call: &Call) -> Result<Vec<String>, Failure> {
        let engine = Engine::of(call).await?;
        let (_, command) = self.prepare(input, &engine, call).await?;
        Ok(vec![command.step()])
    }
}

impl ComposePull {
    async fn prepare(&self, input: Input, engine: &Engine, call: &Call) -> Result<(Checked, Command), Failure> {
        let project = Project::find(&self.0.roots, &input.path).await?;
        let checked = project.read(&self.0, engine, call).await?;
        checked.permit(&self.0.roots)?;
        let asked: Vec<String> = input.service.into_iter().collect();
        let services = checked.services(&asked)?;
        let command = checked.command(engine)?.words(["pull"]);
        let command = command.rest("service", services.iter().map(String::as_str))?;
        Ok((checked, command.why("the plugin fetches what the services are made of")))
    }
}
