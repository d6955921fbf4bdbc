//! `unpause_container`: lets a paused container go on.

use toolkit::{Call, Failure, Marks, Tool};

use super::{CHANGED_CONTAINERS, one_container::Input};
use crate::{
    container::Container,
    engine::Engine,
    error::During as _,
    state::{self, After},
};

/// Unpauses containers.
pub(crate) struct UnpauseContainer;

impl Tool for UnpauseContainer {
    type Input = Input;
    type Output = After;

    const NAME: &'static str = "unpause_container";
    const ABOUT: &'static str = "Lets a paused container go on.";
    const MARKS: Marks = Marks::writes().idempotent().connects();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_CONTAINERS);
    const EXAMPLES: &'static [&'static str] = &[r#"{"container": "web"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<After, Failure> {
        let engine = Engine::of(call).await?;
        let container = Container::find(&engine, &input.container).await?;
        if state::state(&container, &engine).await?.paused != Some(true) {
            return After::of(&container, &engine, false, "it was not paused").await;
        }
        engine.unpause_container(&container.id).await.during(format!("unpause `{}`", container.name))?;
        After::of(&container, &engine, true, "it goes on").await
    }

    async fn plan(&self, input: Input, call: &Call) -> Result<Vec<String>, Failure> {
        let engine = Engine::of(call).await?;
        let container = Container::find(&engine, &input.container).await?;
        Ok(vec![format!("let go on the container `{}`", container.name)])
    }
}
