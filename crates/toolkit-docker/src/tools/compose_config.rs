//! `compose_config`: the settings of a project as Compose understands them, and what is wrong with them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use toolkit::{Call, Code, Failure, Marks, Tool};
use workbench::Bench;

use crate::{
    compose::{Project, settings},
    engine::Engine,
};

/// Reads the settings of projects.
pub(crate) struct ComposeConfig(pub(crate) Bench);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The Compose file, or the folder that it is in.
    path: String,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// All settings with nothing left to fill in; values of variables are not told. Absent if they cannot be understood.
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<Value>,
    /// What is wrong, and what would be refused.
    problems: Vec<String>,
}

impl Tool for ComposeConfig {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "compose_config";
    const ABOUT: &'static str = "Checks a Compose file: gives its settings as Compose understands them, what is wrong with them, and \
        what `compose_up` would refuse.";
    const MARKS: Marks = Marks::reads().idempotent().connects();
    const EXAMPLES: &'static [&'static str] = &[r#"{"path": "shop"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let engine = Engine::of(call).await?;
        let project = Project::find(&self.0.roots, &input.path).await?;
        match project.read(&self.0, &engine, call).await {
            Ok(checked) => {
                let refused = settings::privileges(&checked.settings, &self.0.roots);
                let problems = refused.iter().map(|held| format!("it has the machine itself by {held}")).collect();
                Ok(Output { config: Some(settings::hidden(checked.settings)), problems })
            }
            Err(failure) if matches!(failure.code, Code::CommandFailed | Code::InvalidInput) => {
                let complaint = failure.details.as_ref().and_then(|details| details["stderr"].as_str());
                let problems = complaint.unwrap_or(&failure.message).lines().map(str::to_owned).collect();
                Ok(Output { config: None, problems })
            }
            Err(failure) => Err(failure),
        }
    }
}
