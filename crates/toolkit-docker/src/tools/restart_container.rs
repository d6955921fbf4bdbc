//! `restart_container`: takes a container down and brings it up again.

use bollard::query_parameters::RestartContainerOptions;
use toolkit::{Call, Failure, Marks, Tool};

use super::{CHANGED_CONTAINERS, stop_container::Input};
use crate::{container::Container, engine::Engine, error::During as _, state::After};

/// Restarts containers.
pub(crate) struct RestartContainer;

impl Tool for RestartContainer {
    type Input = Input;
    type Output = After;

    const NAME: &'static str = "restart_container";
    const ABOUT: &'static str = "Takes a container down and brings it up again, and says how it is then.";
    const MARKS: Marks = Marks::destroys().idempotent().connects();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_CONTAINERS);
    const TIMEOUT_S: u64 = 60;
    const EXAMPLES: &'static [&'static str] = &[r#"{"container": "web"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<After, Failure> {
        input.check()?;
        let engine = Engine::of(call).await?;
        let container = Container::find(&engine, &input.container).await?;
        let options = RestartContainerOptions { t: Some(input.timeout), ..RestartContainerOptions::default() };
        let restarted = engine.restart_container(&container.id, Some(options)).await;
        restarted.during(format!("restart `{}`", container.name))?;
        After::of(&container, &engine, true, "it was restarted").await
    }

    async fn plan(&self, input: Input, call: &Call) -> Result<Vec<String>, Failure> {
        input.check()?;
        let engine = Engine::of(call).await?;
        let container = Container::find(&engine, &input.container).await?;
        Ok(vec![
            format!("stop the container `{}`, and kill it after {} s", container.name, input.timeout),
            "start it".to_owned(),
        ])
    }
}
