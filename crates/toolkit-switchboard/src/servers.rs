//! How servers are spoken of: the kind of a server, the class of its state, times for people and programs.

use std::time::{Duration, SystemTime};

use config::{Server, Transport};
use gateway::upstream::{Status, Upstream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far a server can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Class {
    /// It answers, or is started by the next call.
    Online,
    /// It answers, but not as it should.
    Degraded,
    /// It does not answer.
    Offline,
    /// It must not be called before somebody has looked at it.
    Quarantined,
}

impl Class {
    /// The class of a server in this state. Nothing puts a server into quarantine yet.
    pub(crate) fn of(status: &Status) -> Self {
        match status.state.to_string().as_str() {
            "running" | "starting" | "stopped" => Self::Online,
            "degraded" => Self::Degraded,
            _ => Self::Offline,
        }
    }
}

/// What a server is: how it is reached, `api`, `toolkit`, or `own`.
pub(crate) fn kind(upstream: &Upstream, settings: &Server) -> &'static str {
    match settings.transport() {
        _ if upstream.is_own() => "own",
        _ if settings.is_api() => "api",
        _ if settings.toolkit.is_some() => "toolkit",
        Transport::Http => "http",
        Transport::Sse => "sse",
        Transport::Ws => "ws",
        Transport::Unix => "unix",
        Transport::Auto | Transport::Stdio => "stdio",
    }
}

/// The era of a server that has introduced itself.
pub(crate) fn era(status: &Status) -> Option<&'static str> {
    status.era.map(|era| match era {
        mcp::Era::Legacy => "legacy",
        mcp::Era::Modern => "modern",
    })
}

/// Whole seconds since then.
pub(crate) fn seconds_since(then: SystemTime) -> u64 {
    SystemTime::now().duration_since(then).unwrap_or_default().as_secs()
}

/// Milliseconds, with a tenth.
pub(crate) fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10_000.0).round() / 10.0
}
