//! `describe_tool`: everything that is said of one tool.

use gateway::{Current, catalogue::listing::ListKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use toolkit::{Call, Code, Failure, Marks, Tool};

use crate::scope::Scope;

/// Shows the definition of one tool.
pub(crate) struct DescribeTool(pub(crate) Current);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The name of the tool, as `search_tools` gives it.
    name: String,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The server that it belongs to.
    server: String,
    /// What it is called there.
    own_name: String,
    /// Its definition: description, schemas and annotations.
    tool: Value,
    /// What the caller may do with it.
    policy: Policy,
}

/// What a caller may do with a tool. Without identities there is one answer.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Policy {
    Allowed,
}

impl Tool for DescribeTool {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "describe_tool";
    const ABOUT: &'static str = "Shows one tool in full: description, arguments, result and annotations.";
    const MARKS: Marks = Marks::reads().idempotent();
    const EXAMPLES: &'static [&'static str] = &[r#"{"name": "docker_list_containers"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let scope = Scope::of(&self.0, &call.caller).await?;
        let known = scope.view.toolbox().tools().iter().find(|tool| tool.name == input.name);
        let (Some(tool), Some(route)) = (known, scope.view.route(ListKind::Tools, &input.name)) else {
            return Err(not_found(&scope, &input.name));
        };
        Ok(Output {
            server: tool.server.to_string(),
            own_name: route.own.to_string(),
            tool: serde_json::from_slice(tool.raw()).unwrap_or_default(),
            policy: Policy::Allowed,
        })
    }
}

fn not_found(scope: &Scope, name: &str) -> Failure {
    let near = scope.view.nearest(ListKind::Tools, name);
    let hint = if near.is_empty() {
        "find it with `search_tools`".to_owned()
    } else {
        format!("did you mean {}?", near.join(", "))
    };
    let failure = Failure::new(Code::NotFound, format!("there is no tool `{name}`")).hint(hint);
    Failure { field: Some("name".to_owned()), ..failure }
}
