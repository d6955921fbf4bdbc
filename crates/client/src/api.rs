//! The words of the control API, version 1. Members may be added to any of them; none goes or changes its meaning.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use config::Plan;
use serde::{Deserialize, Serialize};

use crate::query;

/// A running node. `GET /status`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeStatus {
    /// The version of the program.
    pub version: String,
    /// Its process.
    pub pid: u32,
    /// When it was started, as RFC 3339 in UTC.
    pub started_at: String,
    /// How long it has been running.
    pub uptime_s: u64,
    /// Where clients reach it.
    pub listen: Vec<String>,
    /// The configuration file it follows, if there is one.
    pub config_file: Option<PathBuf>,
    /// The profile it was started with.
    pub profile: Option<String>,
    /// Whether the newest configuration is in force.
    pub config: Health,
    /// Open sessions of legacy clients.
    pub sessions: usize,
    /// Lines of the log that were dropped because who reads stderr did not keep up.
    #[serde(default)]
    pub log_lines_dropped: u64,
    /// The servers.
    pub servers: Vec<Server>,
}

/// Whether the newest configuration is in force.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The number of the configuration in force, as `config history` lists it.
    pub number: u64,
    /// When it was put in force, as RFC 3339 in UTC.
    pub applied_at: String,
    /// Why the newest one could not be put in force; empty when all is well.
    pub problems: Vec<String>,
    /// Keys whose change waits for a restart of the node.
    pub at_restart: Vec<String>,
}

/// The process that has taken a node over. `POST /maintenance/restart`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restarted {
    /// Its process.
    pub pid: u32,
    /// The version of its program.
    pub version: String,
    /// The process that it follows, which still finishes what is under way there.
    pub former_pid: u32,
}

/// One server in a list. `GET /servers`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// Its name.
    pub name: String,
    /// How it is.
    pub state: State,
    /// Why, where something is wrong.
    pub reason: Option<String>,
    /// How messages travel: `stdio`, `http`, `sse`, `ws` or `unix`.
    pub transport: String,
    /// Connections, sessions or processes there are now.
    pub instances: usize,
    /// Calls under way.
    pub calls_running: usize,
    /// Since when it is as it is, as RFC 3339 in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// `legacy` or `modern`, once it has introduced itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub era: Option<String>,
    /// Calls that were sent to it.
    #[serde(default)]
    pub calls: u64,
    /// Whether what is shown of it is what it said before the node started: it has not given its lists since.
    #[serde(default)]
    pub stale_lists: bool,
    /// Its processes, if there may be several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<Processes>,
}

/// The processes of a program that everybody shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Processes {
    /// So many as long as there are any.
    pub min: u32,
    /// So many as soon as calls wait for them.
    pub target: u32,
    /// So many if calls wait for long.
    pub max: u32,
    /// How many there are.
    pub processes: u32,
    /// Those of them that have calls.
    pub busy: u32,
    /// How many were started beside the first.
    pub started: u64,
    /// How many were ended because nobody needed them.
    pub ended: u64,
}

/// How a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Not running; it is started on first use.
    Idle,
    /// It has not finished its handshake.
    Starting,
    /// It works.
    Running,
    /// It works badly.
    Degraded,
    /// It is being ended.
    Stopping,
    /// It could not be started and is left alone for a while.
    Backoff,
    /// It could not be started too often.
    Failed,
    /// Somebody stopped it by hand.
    Stopped,
    /// The configuration says `enabled = false`.
    Disabled,
    /// Its section of the configuration is wrong.
    Misconfigured,
}

impl fmt::Display for State {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Idle => "idle",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Degraded => "degraded",
            Self::Stopping => "stopping",
            Self::Backoff => "backoff",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Disabled => "disabled",
            Self::Misconfigured => "misconfigured",
        })
    }
}

/// One server with all that is known of it. `GET /servers/{name}`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerReport {
    /// What a list says of it.
    #[serde(flatten)]
    pub server: Server,
    /// The revision agreed on.
    pub version: Option<String>,
    /// Starts after a failure.
    pub restarts: u64,
    /// Calls that got no answer.
    pub errors: u64,
    /// What went wrong last.
    pub last_error: Option<LogLine>,
    /// How long an answer takes, on a moving average.
    pub latency_us: Option<u64>,
    /// Calls that may run at one time now.
    #[serde(default)]
    pub calls_max: u32,
    /// Whether calls are held back from it; `None` where it does not take part.
    #[serde(default)]
    pub breaker: Option<Breaker>,
    /// Its section of the configuration; secrets read `•••`.
    pub settings: serde_json::Value,
    /// Its instances, if it has more than one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<InstanceReport>,
    /// Second copies of calls that took long.
    #[serde(default)]
    pub copies: Copies,
    /// Its tools that are answered by somebody else, by their own names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answered_by: BTreeMap<String, Detour>,
}

/// Second copies that were sent of calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copies {
    /// How many.
    pub sent: u64,
    /// How many of them were answered first.
    pub first: u64,
}

/// Who answers calls in the place of their server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detour {
    /// Another server, or the configuration.
    pub by: String,
    /// Since when, as RFC 3339 in UTC.
    pub since: String,
}

/// One instance of a server that has several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceReport {
    /// Where it answers.
    pub url: String,
    /// What it is doing.
    pub state: State,
    /// Why, where something is wrong.
    pub reason: Option<String>,
    /// Calls under way.
    pub calls_running: u32,
    /// Calls that were sent to it.
    pub calls: u64,
    /// Those of them that got no answer.
    pub errors: u64,
    /// Milliseconds for which it is left alone after failures, if it is.
    pub out_for_ms: Option<u64>,
}

/// Whether calls are let through to a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaker {
    /// `closed`: all pass; `open`: none; `half_open`: one at a time, to try it out.
    pub state: String,
    /// Since when, as RFC 3339 in UTC.
    pub since: String,
    /// Why they do not pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Milliseconds until it is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// Tools from which calls are held back by breakers of their own, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tools: BTreeMap<String, Breaker>,
}

/// A line that a server or the node wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When, as RFC 3339 in UTC.
    pub at: String,
    /// What it says.
    pub text: String,
    /// How bad it is, where it is known: `error`, `warn`, `info`, `debug` or `trace`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// The part of the node that says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
}

/// Which lines of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logs {
    /// How many of the newest.
    pub lines: usize,
    /// Whether to wait for more.
    pub follow: bool,
    /// Only what is at least this bad; only lines of the node have a level.
    pub level: Option<String>,
    /// Only what says this, in small letters or capitals.
    pub search: Option<String>,
}

impl Logs {
    /// As the query of a request.
    pub(crate) fn query(&self) -> String {
        query::of([
            ("lines", Some(&self.lines.to_string())),
            ("follow", Some(&self.follow.to_string())),
            ("level", self.level.as_deref()),
            ("search", self.search.as_deref()),
        ])
    }
}

/// A look at one server from its start to a harmless question. `POST /servers/{name}/test`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// The steps in their order; the first that fails is the last.
    pub steps: Vec<Step>,
}

impl Check {
    /// Whether every step went well.
    pub fn passed(&self) -> bool {
        self.steps.iter().all(|step| step.error.is_none())
    }
}

/// One step of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What was tried.
    pub name: String,
    /// How long it took.
    pub duration_ms: u64,
    /// What came of it, where it went well.
    pub found: Option<String>,
    /// What went wrong.
    pub error: Option<String>,
}

/// A configuration that was put in force. `POST /config/reload`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// Its number in the history.
    pub number: u64,
    /// What changed by it.
    pub plan: Plan,
    /// What is wrong with single servers, which are left out.
    pub warnings: Vec<String>,
}

/// A configuration of the past. `GET /config/history`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    /// Its number.
    pub number: u64,
    /// When it was put in force, as RFC 3339 in UTC.
    pub at: String,
    /// What put it in force: `start`, `file`, `signal`, `command` or `rollback`.
    pub origin: String,
    /// What changed by it.
    pub summary: String,
}

/// A configuration of the past with its text. `GET /config/history/{number}`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastText {
    /// What the list says of it.
    #[serde(flatten)]
    pub past: Past,
    /// The text of its file; secrets are written as references in it, and not replaced.
    pub text: String,
}

/// Why a request was refused, as RFC 9457 has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The code in words, such as `NOT_FOUND`.
    pub code: String,
    /// The HTTP status.
    pub status: u16,
    /// What kind of problem it is.
    pub title: String,
    /// What is wrong this time.
    pub detail: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// All that is wrong, where it is more than one thing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
}
