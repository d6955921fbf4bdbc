//! `server_status`: how one server is.

use gateway::{Current, pipeline::breaker::Passes};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use crate::{
    scope::Scope,
    servers::{era, milliseconds, seconds_since},
};

/// Shows how one server is.
pub(crate) struct ServerStatus(pub(crate) Current);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The server, by its name in the configuration.
    server: String,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// What it is doing.
    state: String,
    /// Why, where something is wrong.
    reason: Option<String>,
    /// Seconds since it began to do so.
    uptime_s: u64,
    /// Starts after a failure.
    restarts: u64,
    /// Calls that were sent to it.
    calls: u64,
    /// How many of a hundred calls got no answer.
    error_percent: f64,
    /// `open` while calls are held back because it failed lately, `half_open` while it is tried out.
    breaker: Breaker,
    /// The calls that run there now.
    queue: Queue,
    /// Connections, sessions or processes there are now.
    instances: usize,
    /// How long an answer takes.
    latency_ms: Option<f64>,
    /// The era it is driven in, once it is known.
    era: Option<&'static str>,
    /// The revision of the protocol that was agreed on.
    version: Option<String>,
    /// What went wrong last.
    last_error: Option<String>,
}

/// Whether calls are let through.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Breaker {
    Closed,
    Open,
    HalfOpen,
}

impl From<Passes> for Breaker {
    fn from(passes: Passes) -> Self {
        match passes {
            Passes::Closed => Self::Closed,
            Passes::Open { .. } => Self::Open,
            Passes::HalfOpen => Self::HalfOpen,
        }
    }
}

/// The calls at one server.
#[derive(Serialize, JsonSchema)]
struct Queue {
    /// Calls that run.
    running: usize,
    /// Calls that may run at one time.
    room: usize,
}

impl Tool for ServerStatus {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "server_status";
    const ABOUT: &'static str = "Shows how one server is: state, restarts, calls, errors, protocol era and version.";
    const MARKS: Marks = Marks::reads().idempotent();
    const EXAMPLES: &'static [&'static str] = &[r#"{"server": "git"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let scope = Scope::of(&self.0, &call.caller).await?;
        let member = scope.member(&input.server)?;
        let status = member.upstream.status();
        let percent = if status.calls == 0 { 0.0 } else { status.errors as f64 * 100.0 / status.calls as f64 };
        Ok(Output {
            reason: status.state.reason().map(str::to_owned),
            uptime_s: seconds_since(status.since),
            restarts: status.restarts,
            calls: status.calls,
            error_percent: (percent * 10.0).round() / 10.0,
            breaker: status.breaker.state.into(),
            queue: Queue { running: member.upstream.calls_running(), room: scope.gateway.limits.calls_per_server_max },
            instances: status.instances,
            latency_ms: status.latency.map(milliseconds),
            era: era(&status),
            state: status.state.to_string(),
            version: status.version,
            last_error: status.last_error.map(|error| error.text),
        })
    }
}
