//! `stop_container`: asks a container to end, and ends it if it does not.

use bollard::query_parameters::StopContainerOptions;
use schemars::JsonSchema;
use serde::Deserialize;
use toolkit::{Call, Failure, Marks, Tool};

use super::CHANGED_CONTAINERS;
use crate::{
    container::Container,
    engine::Engine,
    error::During as _,
    state::{self, After},
};

/// The longest grace, in seconds.
const GRACE_S_MAX: i32 = 600;

/// Stops containers.
pub(crate) struct StopContainer;

/// Which container is to end, and in how much time.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The container: its name, its id, or the beginning of its id.
    pub(crate) container: String,
    /// Seconds it has to end by itself before it is killed.
    #[serde(default = "ten_seconds")]
    #[schemars(range(min = 0, max = 600))]
    pub(crate) timeout: i32,
}

fn ten_seconds() -> i32 {
    10
}

impl Input {
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if (0..=GRACE_S_MAX).contains(&self.timeout) {
            return Ok(());
        }
        Err(Failure::invalid("timeout", format!("`timeout` must be from 0 to {GRACE_S_MAX} seconds")))
    }
}

impl Tool for StopContainer {
    type Input = Input;
    type Output = After;

    const NAME: &'static str = "stop_container";
    const ABOUT: &'static str = "Stops a container: asks it to end, and kills it when `timeout` seconds have passed. One that \
        does not run stays as it is; `start_container` brings it back.";
    const MARKS: Marks = Marks::destroys().idempotent().connects();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_CONTAINERS);
    const TIMEOUT_S: u64 = 60;
    const EXAMPLES: &'static [&'static str] = &[r#"{"container": "web"}"#, r#"{"container": "web", "timeout": 60}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<After, Failure> {
        input.check()?;
        let engine = Engine::of(call).await?;
        let container = Container::find(&engine, &input.container).await?;
        let runs = state::state(&container, &engine).await?.running == Some(true);
        if runs {
            let options = StopContainerOptions { t: Some(input.timeout), ..StopContainerOptions::default() };
            let stopped = engine.stop_container(&container.id, Some(options)).await;
            stopped.during(format!("stop `{}`", container.name))?;
        }
        let message = if runs { "it was stopped; `start_container` brings it back" } else { "it was not running" };
        After::of(&container, &engine, runs, message).await
    }

    async fn plan(&self, input: Input, call: &Call) -> Result<Vec<String>, Failure> {
        input.check()?;
        let engine = Engine::of(call).await?;
        let container = Container::find(&engine, &input.container).await?;
        let runs = state::state(&container, &engine).await?.running == Some(true);
        Ok(vec![if runs {
            format!("stop the container `{}`, and kill it after {} s", container.name, input.timeout)
        } else {
            format!("leave the container `{}`, which does not run", container.name)
        }])
    }
}
