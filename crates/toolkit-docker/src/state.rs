//! How a container is after an act, as the engine sees it, and the waiting for its health.

use std::time::{Duration, Instant};

use bollard::models::{ContainerState, HealthStatusEnum};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use toolkit::{Call, Code, Failure};

use crate::{container::Container, engine::Engine, shown};

/// Between two looks at a container that becomes healthy: soon enough for people, seldom enough for the engine.
const PAUSE: Duration = Duration::from_millis(200);

/// A container after an act.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct After {
    /// Its name.
    pub(crate) container: String,
    /// Its state: `running`, `exited`, `paused` and so on.
    pub(crate) status: String,
    /// Whether its main process runs.
    pub(crate) running: bool,
    /// Whether its health check is content; absent if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) healthy: Option<bool>,
    /// How its main process ended, if it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exit_code: Option<i64>,
    /// Whether the act changed anything.
    pub(crate) changed: bool,
    /// What was done, in a sentence.
    pub(crate) message: String,
}

impl After {
    /// How it is now.
    pub(crate) async fn of(
        container: &Container,
        engine: &Engine,
        changed: bool,
        message: impl Into<String>,
    ) -> Result<Self, Failure> {
        let state = state(container, engine).await?;
        let running = state.running.unwrap_or_default();
        Ok(Self {
            container: container.name.clone(),
            status: state.status.as_ref().map(ToString::to_string).unwrap_or_default(),
            running,
            healthy: health(&state).map(|health| health == HealthStatusEnum::HEALTHY),
            exit_code: state.exit_code.filter(|_| !running),
            changed,
            message: message.into(),
        })
    }

    /// How one is that was to be removed when it ends, and has.
    pub(crate) fn gone(container: &Container, failure: Failure) -> Result<Self, Failure> {
        if failure.code != Code::NotFound {
            return Err(failure);
        }
        Ok(Self {
            container: container.name.clone(),
            status: "removed".to_owned(),
            running: false,
            healthy: None,
            exit_code: None,
            changed: true,
            message: "it was started, ended and was removed".to_owned(),
        })
    }
}

/// How it is.
pub(crate) async fn state(container: &Container, engine: &Engine) -> Result<ContainerState, Failure> {
    Ok(container.inspect(engine).await?.state.unwrap_or_default())
}

/// Waits until its health check is content; one without a check has to run. Whatever happens, it is left as it is.
pub(crate) async fn until_healthy(
    container: &Container,
    engine: &Engine,
    wait: Duration,
    call: &Call,
) -> Result<(), Failure> {
    let started = Instant::now();
    loop {
        let state = state(container, engine).await?;
        let health = health(&state);
        if state.running != Some(true) {
            let code = state.exit_code.unwrap_or_default();
            let text = format!("`{}` stopped with exit code {code} before it was healthy", container.name);
            return Err(Failure::new(Code::DockerError, text).hint("read why with `container_logs`"));
        }
        if matches!(health, None | Some(HealthStatusEnum::HEALTHY)) {
            return Ok(());
        }
        if started.elapsed() >= wait {
            return Err(unhealthy(container, &state, wait));
        }
        let text = format!("`{}` is {}", container.name, health.map(|health| health.to_string()).unwrap_or_default());
        call.progress(started.elapsed().as_secs(), Some(wait.as_secs()), &text);
        tokio::time::sleep(PAUSE).await;
    }
}

/// What its health check says; nothing if it has none.
pub(crate) fn health(state: &ContainerState) -> Option<HealthStatusEnum> {
    let status = state.health.as_ref()?.status?;
    (!matches!(status, HealthStatusEnum::NONE | HealthStatusEnum::EMPTY)).then_some(status)
}

/// What its health check wrote the last time.
pub(crate) fn last_check(state: &ContainerState) -> Option<String> {
    let last = state.health.as_ref()?.log.as_ref()?.last()?;
    last.output.as_deref().map(|output| shown::short(output.trim()))
}

fn unhealthy(container: &Container, state: &ContainerState, wait: Duration) -> Failure {
    let last = last_check(state).unwrap_or_default();
    let text =
        format!("`{}` was not healthy after {} s and has been left running: {last}", container.name, wait.as_secs());
    let failure =
        Failure::new(Code::Timeout, text).hint("read why with `container_logs`, or wait longer with `wait_s`");
    failure.details(json!({"last_health_check": last}))
}
