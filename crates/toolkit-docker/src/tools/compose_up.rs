//! `compose_up`: the services of a project are brought up, as its file says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Code, Failure, Marks, Tool};
use workbench::{Bench, Command};

use crate::{
    compose::{
        self, Checked, Project,
        services::{self, Service},
    },
    engine::Engine,
    name::Name,
};

/// Brings projects up.
pub(crate) struct ComposeUp(pub(crate) Bench);

/// When images are pulled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Pull {
    /// Always.
    Always,
    /// When they are not there.
    #[default]
    Missing,
    /// Never.
    Never,
}

#[derive(Deserialize, JsonSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch that callers know by its name")]
pub(crate) struct Input {
    /// The Compose file, or the folder that it is in.
    path: String,
    /// Only these services and what they depend on.
    #[serde(default)]
    services: Vec<String>,
    /// They run in the background; there is no other way here.
    #[serde(default = "yes")]
    detach: bool,
    /// Build images before.
    #[serde(default)]
    build: bool,
    /// Make containers anew even if nothing has changed.
    #[serde(default)]
    force_recreate: bool,
    /// When images are pulled.
    #[serde(default)]
    pull: Pull,
    /// Profiles of services that are wanted too.
    #[serde(default)]
    profiles: Vec<String>,
    /// Wait until they run and are healthy.
    #[serde(default = "yes")]
    wait: bool,
}

fn yes() -> bool {
    true
}

/// A project after an act.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The project.
    pub(crate) project: String,
    /// Its containers, by service.
    pub(crate) services: Vec<Service>,
    /// What changed, thing by thing.
    pub(crate) changed: Vec<String>,
    /// What was done, in a sentence.
    pub(crate) message: String,
}

impl Output {
    /// The project as it is now.
    pub(crate) async fn of(
        project: &Name,
        engine: &Engine,
        changed: Vec<String>,
        message: &str,
    ) -> Result<Self, Failure> {
        let services = services::of(project, engine).await?;
        Ok(Self { project: project.as_str().to_owned(), services, changed, message: message.to_owned() })
    }
}

impl Tool for ComposeUp {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "compose_up";
    const ABOUT: &'static str = "Brings the services of a Compose project up, waits until they are healthy, and says how they are. \
        Projects whose containers would have the machine itself are refused.";
    const MARKS: Marks = Marks::writes().open_world().long().connects();
    const INVALIDATES: Option<&'static [&'static str]> = Some(&["*"]);
    const ALIASES: &'static [&'static str] = &["docker_compose_up"];
    const TIMEOUT_S: u64 = 900;
    const EXAMPLES: &'static [&'static str] =
        &[r#"{"path": "shop"}"#, r#"{"path": "shop/compose.yaml", "services": ["web"], "build": true}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let engine = Engine::of(call).await?;
        let (checked, command) = self.prepare(&input, &engine, call).await?;
        call.progress(0, None, &command.shown());
        let outcome = compose::finish(command, call).await?;
        Output::of(&checked.name, &engine, compose::changes(&outcome), "the project is up").await
    }

    async fn plan(&self, input: Input, call: &Call) -> Result<Vec<String>, Failure> {
        let engine = Engine::of(call).await?;
        let (_, command) = self.prepare(&input, &engine, call).await?;
        Ok(vec![command.step()])
    }
}

impl ComposeUp {
    async fn prepare(&self, input: &Input, engine: &Engine, call: &Call) -> Result<(Checked, Command), Failure> {
        if !input.detach {
            let failure = Failure::new(Code::NotSupported, "services are brought up in the background only");
            return Err(failure.hint("follow them with `container_logs` and `follow: true`"));
        }
        let project = Project::find(&self.0.roots, &input.path).await?;
        let checked = project.read(&self.0, engine, call).await?;
        checked.permit(&self.0.roots)?;
        let services = checked.services(&input.services)?;
        let mut command = checked.command(engine)?;
        for profile in &input.profiles {
            command = command.option("--profile", profile)?;
        }
        let pull = match input.pull {
            Pull::Always => "--pull=always",
            Pull::Missing => "--pull=missing",
            Pull::Never => "--pull=never",
        };
        command = command.words(["up", "--detach", pull]);
        for (is_wanted, word) in
            [(input.build, "--build"), (input.force_recreate, "--force-recreate"), (input.wait, "--wait")]
        {
            command = command.words(is_wanted.then_some(word));
        }
        let command = command.rest("services", services.iter().map(String::as_str))?;
        Ok((checked, command.why("the plugin brings the services up in the order in which they need one another")))
    }
}
