//! `route_task`: which tools a task is for, and in which order. It can make the first call itself only where nothing has to
//! be decided: the tool reads and needs no arguments.

use gateway::{
    Current,
    catalogue::toolbox::KnownTool,
    pipeline::wishes::Wishes,
    route::{Inbound, route},
};
use mcp::{Envelope, ScanLimits, message};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use toolkit::{Call, Code, Failure, Marks, Tool};

use crate::scope::Scope;

/// Candidates in one answer.
const CANDIDATES: usize = 5;

/// Finds the way of a task.
pub(crate) struct RouteTask(pub(crate) Current);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The task, in the words of the user.
    task: String,
    /// Also make the first call, if its tool only reads and needs no arguments.
    #[serde(default)]
    execute: bool,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// What the task is about.
    kind: Kind,
    /// The tools that fit, the best first.
    candidates: Vec<Candidate>,
    /// What to do, step by step.
    plan: Vec<String>,
    /// The result of the first call, if it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Value>,
}

/// What a task is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Devops,
    Ai,
    Data,
    Other,
}

/// One tool that fits.
#[derive(Serialize, JsonSchema)]
struct Candidate {
    server: String,
    tool: String,
    score: f64,
    /// The words of the task that lead to it.
    why: String,
}

impl Tool for RouteTask {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "route_task";
    const ABOUT: &'static str = "Says which tools a task is for and in which order to use them.";
    const MARKS: Marks = Marks::reads().idempotent();
    const EXAMPLES: &'static [&'static str] = &[r#"{"task": "find out why the web container is down"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let scope = Scope::of(&self.0, &call.caller).await?;
        let found: Vec<_> = scope.view.toolbox().search(&input.task).into_iter().take(CANDIDATES).collect();
        let Some((best, _)) = found.first() else {
            let failure = Failure::new(Code::NotFound, "no tool fits this task");
            return Err(failure.hint("say it in other words, or add a server that can do it"));
        };
        let result = if input.execute { Some(execute(&scope, best).await?) } else { None };
        let candidates = found.iter().map(|(tool, score)| Candidate {
            server: tool.server.to_string(),
            tool: tool.name.clone(),
            score: (score * 100.0).round() / 100.0,
            why: reason(&input.task, tool),
        });
        let others = found.iter().skip(1).map(|(tool, _)| format!("if that does not do it, look at `{}`", tool.name));
        let first = format!("call `{}` of the server `{}`", best.name, best.server);
        let plan = std::iter::once(first).chain(others.take(2)).collect();
        Ok(Output { kind: kind(&input.task), candidates: candidates.collect(), plan, result })
    }
}

/// Calls a tool that reads and needs no arguments, on the way that every call takes.
async fn execute(scope: &Scope, tool: &KnownTool) -> Result<Value, Failure> {
    let definition: Value = serde_json::from_slice(tool.raw()).unwrap_or_default();
    let needs = definition["inputSchema"]["required"].as_array().is_some_and(|required| !required.is_empty());
    if needs || definition["annotations"]["readOnlyHint"] != true {
        let problem = format!("`{}` needs arguments, or does not say that it only reads", tool.name);
        let failure = Failure::new(Code::NotSupported, problem);
        return Err(failure.hint(format!("choose its arguments and call `{}` yourself", tool.name)));
    }
    let params = json!({
        "name": tool.name, "arguments": {},
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": mcp::Version::LATEST.as_str(),
            "io.modelcontextprotocol/clientCapabilities": {},
        },
    });
    let request = message::request(0, mcp::Method::ToolsCall.as_str(), params.to_string().as_bytes());
    let failed = |text: String| Failure::new(Code::UpstreamError, text);
    let request = Envelope::parse(&request, ScanLimits::default()).map_err(|problem| failed(problem.to_string()))?;
    let gateway = &scope.gateway;
    let inbound = Inbound {
        caller: gateway.own_caller(),
        endpoint: scope.endpoint.clone(),
        request,
        param_headers: None,
        wishes: Wishes::default(),
    };
    let routed = route(&gateway.catalogue, &gateway.seals, inbound).await;
    let (upstream, call) = routed.map_err(|failure| failed(failure.to_string()))?;
    let answer = upstream.call(&call).await.finish().await.map_err(|failure| failed(failure.to_string()))?;
    let result = answer.envelope.result().ok_or_else(|| failed(format!("`{}` answers with an error", tool.name)))?;
    serde_json::from_slice(result).map_err(|problem| failed(problem.to_string()))
}

/// The words of a task that stand in a tool's name or definition.
fn reason(task: &str, tool: &KnownTool) -> String {
    let definition = String::from_utf8_lossy(tool.raw()).to_lowercase();
    let words: Vec<&str> = task
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| word.len() > 3 && definition.contains(&word.to_lowercase()))
        .collect();
    if words.is_empty() { "it is the nearest by name".to_owned() } else { format!("it speaks of {}", words.join(", ")) }
}

const DEVOPS: &[&str] = &[
    "build",
    "ci",
    "commit",
    "compose",
    "container",
    "cpu",
    "deploy",
    "disk",
    "docker",
    "git",
    "host",
    "image",
    "kubernetes",
    "log",
    "memory",
    "network",
    "package",
    "pipeline",
    "pod",
    "process",
    "repository",
    "restart",
    "server",
    "service",
    "systemd",
    "terraform",
];
const AI: &[&str] = &[
    "agent",
    "ai",
    "chat",
    "completion",
    "embed",
    "embedding",
    "generate",
    "llm",
    "model",
    "prompt",
    "rag",
    "speech",
    "summarize",
    "transcribe",
    "translate",
];
const DATA: &[&str] = &[
    "column",
    "csv",
    "data",
    "database",
    "dataset",
    "export",
    "graphql",
    "import",
    "json",
    "migration",
    "postgres",
    "query",
    "record",
    "redis",
    "row",
    "schema",
    "spreadsheet",
    "sql",
    "sqlite",
    "table",
];

/// What a task is about, by its words; of equals the earlier kind.
fn kind(task: &str) -> Kind {
    let words: Vec<String> = task
        .split(|letter: char| !letter.is_alphanumeric())
        .map(str::to_lowercase)
        .filter(|word| !word.is_empty())
        .collect();
    let hits = |known: &[&str]| {
        words
            .iter()
            .filter(|word| known.contains(&word.as_str()) || known.contains(&word.trim_end_matches('s')))
            .count()
    };
    let scored = [(Kind::Devops, hits(DEVOPS)), (Kind::Data, hits(DATA)), (Kind::Ai, hits(AI))];
    let best = scored.into_iter().rev().max_by_key(|(_, hits)| *hits);
    best.filter(|(_, hits)| *hits > 0).map_or(Kind::Other, |(kind, _)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_of_the_kind_that_its_words_say() {
        let check = |task, expected| assert_eq!(kind(task), expected, "{task}");
        check("Why is the web container down? Look at its logs.", Kind::Devops);
        check("commit my work", Kind::Devops);
        check("Run this SQL query on the orders table", Kind::Data);
        check("translate the prompt for the model", Kind::Ai);
        check("send flowers to my mother", Kind::Other);
        check("", Kind::Other);
    }
}
