//! `start_container`: brings a container up, and on request waits for its health.

use std::time::Duration;

use bollard::query_parameters::StartContainerOptions;
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

/// The longest wait for health, in seconds.
const WAIT_S_MAX: u64 = 600;

/// Starts containers.
pub(crate) struct StartContainer;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The container: its name, its id, or the beginning of its id.
    container: String,
    /// Whether to wait until its health check is content.
    #[serde(default)]
    wait_healthy: bool,
    /// How many seconds to wait for that.
    #[serde(default = "half_a_minute")]
    #[schemars(range(min = 1, max = 600))]
    wait_s: u64,
}

fn half_a_minute() -> u64 {
    30
}

impl Tool for StartContainer {
    type Input = Input;
    type Output = After;

    const NAME: &'static str = "start_container";
    const ABOUT: &'static str = "Starts a container and says how it is then; one that runs already stays as it is. With \
        `wait_healthy` it waits until the health check is content.";
    const MARKS: Marks = Marks::writes().idempotent().connects();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_CONTAINERS);
    const TIMEOUT_S: u64 = 60;
    const EXAMPLES: &'static [&'static str] =
        &[r#"{"container": "web"}"#, r#"{"container": "web", "wait_healthy": true, "wait_s": 20}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<After, Failure> {
        if !(1..=WAIT_S_MAX).contains(&input.wait_s) {
            return Err(Failure::invalid("wait_s", format!("`wait_s` must be from 1 to {WAIT_S_MAX}")));
        }
        let engine = Engine::of(call).await?;
        let container = Container::find(&engine, &input.container).await?;
        let runs = state::state(&container, &engine).await?.running == Some(true);
        if !runs {
            let started = engine.start_container(&container.id, None::<StartContainerOptions>).await;
            started.during(format!("start `{}`", container.name))?;
        }
        if input.wait_healthy {
            state::until_healthy(&container, &engine, Duration::from_secs(input.wait_s), call).await?;
        }
        let message = if runs { "it was running already" } else { "it was started" };
        After::of(&container, &engine, !runs, message).await
    }

    async fn plan(&self, input: Input, call: &Call) -> Result<Vec<String>, Failure> {
        let engine = Engine::of(call).await?;
        let container = Container::find(&engine, &input.container).await?;
        let runs = state::state(&container, &engine).await?.running == Some(true);
        let step = if runs { "leave" } else { "start" };
        let wait = input.wait_healthy.then(|| format!("wait up to {} s until it is healthy", input.wait_s));
        Ok([format!("{step} the container `{}`", container.name)].into_iter().chain(wait).collect())
    }
}
