//! `remove_container`: a container and what it wrote into itself are gone.

use bollard::query_parameters::RemoveContainerOptions;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Code, Failure, Marks, Tool};

use super::CHANGED_CONTAINERS;
use crate::{container::Container, engine::Engine, error::During as _, state};

/// Removes containers.
pub(crate) struct RemoveContainer;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The container: its name, its id, or the beginning of its id.
    container: String,
    /// Kill it first if it runs.
    #[serde(default)]
    force: bool,
    /// Also the volumes without a name that belong to it.
    #[serde(default)]
    volumes: bool,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// Its name.
    container: String,
    /// What was done, in a sentence.
    message: String,
}

impl Tool for RemoveContainer {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "remove_container";
    const ABOUT: &'static str = "Removes a container with all that it wrote into itself. One that runs is only removed with \
        `force`; named volumes stay.";
    const MARKS: Marks = Marks::destroys().confirmed().connects();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_CONTAINERS);
    const EXAMPLES: &'static [&'static str] = &[r#"{"container": "old-web", "confirm": true}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let engine = Engine::of(call).await?;
        let container = input.removable(&engine).await?;
        let options =
            RemoveContainerOptions { force: input.force, v: input.volumes, ..RemoveContainerOptions::default() };
        let removed = engine.remove_container(&container.id, Some(options)).await;
        removed.during(format!("remove `{}`", container.name))?;
        let message = format!("the container `{}` is gone", container.name);
        Ok(Output { container: container.name, message })
    }

    async fn plan(&self, input: Input, call: &Call) -> Result<Vec<String>, Failure> {
        let engine = Engine::of(call).await?;
        let container = input.removable(&engine).await?;
        let volumes = input.volumes.then(|| "remove its volumes without a name".to_owned());
        Ok([format!("remove the container `{}`", container.name)].into_iter().chain(volumes).collect())
    }
}

impl Input {
    async fn removable(&self, engine: &Engine) -> Result<Container, Failure> {
        let container = Container::find(engine, &self.container).await?;
        if !self.force && state::state(&container, engine).await?.running == Some(true) {
            let text = format!("`{}` is running", container.name);
            return Err(Failure::new(Code::Conflict, text).hint("stop it first, or give `force: true`"));
        }
        Ok(container)
    }
}
