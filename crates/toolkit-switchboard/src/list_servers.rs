//! `list_servers`: the servers that the caller can reach, and how they are.

use gateway::Current;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use crate::{
    scope::Scope,
    servers::{Class, era, kind, milliseconds},
};

/// Lists servers.
pub(crate) struct ListServers(pub(crate) Current);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// Only servers that can be used so far.
    #[serde(default)]
    state: Wanted,
    /// Only servers of this kind: `stdio`, `http`, `sse`, `ws`, `unix`, `api` or `own`.
    kind: Option<String>,
}

/// Which servers are wanted.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Wanted {
    #[default]
    Any,
    Online,
    Degraded,
    Offline,
    Quarantined,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    servers: Vec<Listed>,
    total: usize,
    /// The `cursor` of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// One server.
#[derive(Serialize, JsonSchema)]
struct Listed {
    name: String,
    kind: &'static str,
    /// The era it is driven in, once it is known.
    era: Option<&'static str>,
    /// What it is doing: `running`, `stopped` (it starts with the next call), `starting`, `degraded`, `backoff`, `failed`.
    state: String,
    /// How far it can be used.
    class: Class,
    /// How many tools it offers to the caller.
    tools: usize,
    /// How long an answer takes.
    latency_ms: Option<f64>,
    /// What went wrong last.
    last_error: Option<String>,
}

impl Tool for ListServers {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "list_servers";
    const ABOUT: &'static str = "Lists the servers behind the gateway with their state and how many tools each offers.";
    const MARKS: Marks = Marks::reads().idempotent().lists();
    const EXAMPLES: &'static [&'static str] = &["{}", r#"{"state": "offline"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let scope = Scope::of(&self.0, &call.caller).await?;
        let tools_of = |name: &str| scope.view.toolbox().tools().iter().filter(|tool| *tool.server == *name).count();
        let listed = scope.members().map(|member| {
            let status = member.upstream.status();
            Listed {
                name: member.upstream.name.to_string(),
                kind: kind(&member.upstream, &member.settings),
                era: era(&status),
                class: Class::of(&status),
                tools: tools_of(&member.upstream.name),
                latency_ms: status.latency.map(milliseconds),
                state: status.state.to_string(),
                last_error: status.last_error.map(|error| error.text),
            }
        });
        let fits = |server: &Listed| {
            input.state.includes(server.class) && input.kind.as_deref().is_none_or(|kind| kind == server.kind)
        };
        let page = call.shared.page(listed.filter(fits).collect());
        Ok(Output { servers: page.items, total: page.total, next_cursor: page.next_cursor })
    }
}

impl Wanted {
    fn includes(self, class: Class) -> bool {
        match self {
            Self::Any => true,
            Self::Online => class == Class::Online,
            Self::Degraded => class == Class::Degraded,
            Self::Offline => class == Class::Offline,
            Self::Quarantined => class == Class::Quarantined,
        }
    }
}
