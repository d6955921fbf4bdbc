//! `pause_container`: halts all processes of a container where they are.

use toolkit::{Call, Failure, Marks, Tool};

use super::{CHANGED_CONTAINERS, one_container::Input};
use crate::{
    container::Container,
    engine::Engine,
    error::During as _,
    state::{self, After},
};

/// Pauses containers.
pub(crate) struct PauseContainer;

impl Tool for PauseContainer {
    type Input = Input;
    type Output = After;

    const NAME: &'static str = "pause_container";
    const ABOUT: &'static str =
        "Halts all processes of a container where they are, without ending them; `unpause_container` lets them go on.";
    const MARKS: Marks = Marks::writes().idempotent().connects();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_CONTAINERS);
    const EXAMPLES: &'static [&'static str] = &[r#"{"container": "web"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<After, Failure> {
        let engine = Engine::of(call).await?;
        let container = Container::find(&engine, &input.container).await?;
        if state::state(&container, &engine).await?.paused == Some(true) {
            return After::of(&container, &engine, false, "it was paused already").await;
        }
        engine.pause_container(&container.id).await.during(format!("pause `{}`", container.name))?;
        After::of(&container, &engine, true, "it was paused; `unpause_container` lets it go on").await
    }

    async fn plan(&self, input: Input, call: &Call) -> Result<Vec<String>, Failure> {
        let engine = Engine::of(call).await?;
        let container = Container::find(&engine, &input.container).await?;
        Ok(vec![format!("halt the container `{}`", container.name)])
    }
}
