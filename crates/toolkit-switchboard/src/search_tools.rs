//! `search_tools`: the tools that fit a few words.

use gateway::Current;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use toolkit::{Call, Failure, Marks, Tool};

use crate::scope::Scope;

/// Tools in one answer at most: more is a list, not an answer.
const LIMIT_MAX: usize = 50;

/// Finds tools by words.
pub(crate) struct SearchTools(pub(crate) Current);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// What the tool should do, in a few words: "list containers".
    query: String,
    /// How many tools to return, from 1 to 50.
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 50))]
    limit: usize,
    /// Only tools of this server.
    server: Option<String>,
}

fn ten() -> usize {
    10
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The tools that fit, the best first.
    tools: Vec<Found>,
    /// How many fit in all.
    total: usize,
}

/// One tool that fits.
#[derive(Serialize, JsonSchema)]
struct Found {
    /// The name to call it by.
    name: String,
    /// The server that it belongs to.
    server: String,
    /// What it does.
    description: String,
    /// How well it fits; only to be compared within one answer.
    score: f64,
    /// The schema of its arguments.
    input_schema: Value,
}

impl Tool for SearchTools {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "search_tools";
    const ABOUT: &'static str = "Finds tools by what they do. Not all tools are listed: search here before you conclude \
        that there is none, then call what you found by its name, or with `call_tool`.";
    const MARKS: Marks = Marks::reads().idempotent();
    const EXAMPLES: &'static [&'static str] = &[r#"{"query": "list containers"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        if !(1..=LIMIT_MAX).contains(&input.limit) {
            return Err(Failure::invalid("limit", format!("`limit` must be from 1 to {LIMIT_MAX}")));
        }
        let scope = Scope::of(&self.0, &call.caller).await?;
        let found = scope.view.toolbox().search(&input.query);
        let wanted = |server: &str| input.server.as_deref().is_none_or(|wanted| wanted == server);
        let fitting: Vec<_> = found.into_iter().filter(|(tool, _)| wanted(&tool.server)).collect();
        let total = fitting.len();
        let tools = fitting.into_iter().take(input.limit).map(|(tool, score)| {
            let definition: Value = serde_json::from_slice(tool.raw()).unwrap_or_default();
            Found {
                name: tool.name.clone(),
                server: tool.server.to_string(),
                description: definition["description"].as_str().unwrap_or_default().to_owned(),
                score: (score * 100.0).round() / 100.0,
                input_schema: definition["inputSchema"].clone(),
            }
        });
        Ok(Output { tools: tools.collect(), total })
    }
}
