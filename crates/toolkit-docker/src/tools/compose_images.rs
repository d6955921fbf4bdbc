//! What `compose_build` and `compose_pull` have in common: one word of the plugin, said of all images of a project or of those
//! of one service.

use schemars::JsonSchema;
use serde::Deserialize;
use toolkit::{Call, Failure};
use workbench::{Bench, Command};

use super::compose_up::Output;
use crate::{
    compose::{self, Checked, Project},
    engine::Engine,
};

pub(super) const EXAMPLES: &[&str] = &[r#"{"path": "shop"}"#, r#"{"path": "shop", "service": "web"}"#];

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The Compose file, or the folder that it is in.
    path: String,
    /// Only this service.
    service: Option<String>,
}

/// What is done to images.
pub(super) struct Work {
    /// As the plugin calls it.
    pub(super) word: &'static str,
    /// Why the plugin is run.
    pub(super) why: &'static str,
    /// What is so afterwards.
    pub(super) done: &'static str,
}

impl Work {
    /// Does it.
    pub(super) async fn run(&self, bench: &Bench, input: Input, call: &Call) -> Result<Output, Failure> {
        let engine = Engine::of(call).await?;
        let (checked, command) = self.prepare(bench, input, &engine, call).await?;
        call.progress(0, None, &command.shown());
        let outcome = compose::finish(command, call).await?;
        Output::of(&checked.name, &engine, compose::changes(&outcome), self.done).await
    }

    /// Says what would be done.
    pub(super) async fn plan(&self, bench: &Bench, input: Input, call: &Call) -> Result<Vec<String>, Failure> {
        let engine = Engine::of(call).await?;
        let (_, command) = self.prepare(bench, input, &engine, call).await?;
        Ok(vec![command.step()])
    }

    async fn prepare(
        &self,
        bench: &Bench,
        input: Input,
        engine: &Engine,
        call: &Call,
    ) -> Result<(Checked, Command), Failure> {
        let project = Project::find(&bench.roots, &input.path).await?;
        let checked = project.read(bench, engine, call).await?;
        checked.permit(&bench.roots)?;
        let asked: Vec<String> = input.service.into_iter().collect();
        let services = checked.services(&asked)?;
        let command = checked.command(engine)?.words([self.word]);
        let command = command.rest("service", services.iter().map(String::as_str))?;
        Ok((checked, command.why(self.why)))
    }
}
