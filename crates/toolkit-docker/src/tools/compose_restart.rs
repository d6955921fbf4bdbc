//! `compose_restart`: the containers of a project, or of one of its services, are taken down and brought up again.

use bollard::query_parameters::RestartContainerOptions;
use schemars::JsonSchema;
use serde::Deserialize;
use toolkit::{Call, Failure, Marks, Tool};
use workbench::Bench;

use super::compose_up::Output;
use crate::{
    compose::{services, target::Target},
    engine::Engine,
    error::During as _,
};

/// Restarts services.
pub(crate) struct ComposeRestart(pub(crate) Bench);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// Which project.
    #[serde(flatten)]
    target: Target,
    /// Only this service.
    service: Option<String>,
}

impl Tool for ComposeRestart {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "compose_restart";
    const ABOUT: &'static str =
        "Takes the containers of a Compose project, or of one service, down and brings them up again.";
    const MARKS: Marks = Marks::destroys().idempotent().long().connects();
    const INVALIDATES: Option<&'static [&'static str]> = Some(&["*"]);
    const TIMEOUT_S: u64 = 300;
    const EXAMPLES: &'static [&'static str] = &[r#"{"project": "shop", "service": "web"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let engine = Engine::of(call).await?;
        let found = input.target.find(&self.0, &engine, call).await?;
        let mut changed = Vec::new();
        for container in services::containers(found.name(), input.service.as_deref(), &engine).await? {
            let restarted = engine.restart_container(&container.id, None::<RestartContainerOptions>).await;
            restarted.during(format!("restart `{}`", container.name))?;
            changed.push(format!("restarted container {}", container.name));
            call.progress(changed.len() as u64, None, &format!("restarted `{}`", container.name));
        }
        Output::of(found.name(), &engine, changed, "its containers were restarted").await
    }

    async fn plan(&self, input: Input, call: &Call) -> Result<Vec<String>, Failure> {
        let engine = Engine::of(call).await?;
        let found = input.target.find(&self.0, &engine, call).await?;
        let containers = services::containers(found.name(), input.service.as_deref(), &engine).await?;
        Ok(containers.iter().map(|container| format!("restart the container `{}`", container.name)).collect())
    }
}
