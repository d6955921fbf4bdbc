//! `compose_down`: the containers and networks of a project are removed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};
use workbench::{Bench, Command};

use crate::{
    compose::{self, target::Target},
    engine::Engine,
};

/// Takes projects down.
pub(crate) struct ComposeDown(pub(crate) Bench);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// Which project.
    #[serde(flatten)]
    target: Target,
    /// Also its volumes, with all that is in them.
    #[serde(default)]
    volumes: bool,
    /// Also containers of services that its file does not name any more.
    #[serde(default)]
    remove_orphans: bool,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The project.
    project: String,
    /// What is gone, thing by thing.
    removed: Vec<String>,
    /// What was done, in a sentence.
    message: String,
}

impl Tool for ComposeDown {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "compose_down";
    const ABOUT: &'static str =
        "Stops and removes the containers and networks of a Compose project; with `volumes` also its data.";
    const MARKS: Marks = Marks::destroys().confirmed().connects();
    const INVALIDATES: Option<&'static [&'static str]> = Some(&["*"]);
    const ALIASES: &'static [&'static str] = &["docker_compose_down"];
    const TIMEOUT_S: u64 = 120;
    const EXAMPLES: &'static [&'static str] =
        &[r#"{"path": "shop", "confirm": true}"#, r#"{"project": "shop", "volumes": true, "confirm": true}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let engine = Engine::of(call).await?;
        let (project, command) = self.prepare(&input, &engine, call).await?;
        let outcome = compose::finish(command, call).await?;
        let mut removed = compose::changes(&outcome);
        removed.retain(|change| change.starts_with("removed"));
        Ok(Output { message: format!("the project `{project}` is down"), project, removed })
    }

    async fn plan(&self, input: Input, call: &Call) -> Result<Vec<String>, Failure> {
        let engine = Engine::of(call).await?;
        let (_, command) = self.prepare(&input, &engine, call).await?;
        Ok(vec![command.step()])
    }
}

impl ComposeDown {
    async fn prepare(&self, input: &Input, engine: &Engine, call: &Call) -> Result<(String, Command), Failure> {
        let found = input.target.find(&self.0, engine, call).await?;
        let command = found.command(engine)?.words(["down"]);
        let command = command.words(input.volumes.then_some("--volumes"));
        let command = command.words(input.remove_orphans.then_some("--remove-orphans"));
        let why = "the plugin takes the services down in the order in which they need one another";
        Ok((found.name().as_str().to_owned(), command.why(why)))
    }
}
