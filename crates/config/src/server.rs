//! Sections `[servers.NAME]`: one MCP server, how it is reached, run, and shown.
//! What a valid server is stands in `checks/server.rs`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Auth, Balance, Connection, Glob, Instance, Operations, Rest, Secret, ServerPool, ToolSettings};

/// The arguments of one tool that always have the same value, by argument name.
pub type FixedArguments = BTreeMap<String, serde_json::Value>;

/// One server: a `command` to run or a `url` to reach that speaks MCP, a built-in `toolkit`, or an API whose operations become tools:
/// `openapi`, `rest`, `graphql` or `grpc`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Whether the server takes part; `false` keeps its settings but shows none of its tools. Default `true`.
    pub enabled: bool,
    /// The program to run as a child process speaking MCP on stdin and stdout. Default none: give `url`.
    pub command: Option<String>,
    /// Arguments of `command`, each passed as it is; no shell is involved. Default none.
    pub args: Vec<String>,
    /// Environment variables of `command`. `${env:NAME}` is replaced by the gateway's own variable `NAME`;
    /// values are never shown. Default none.
    pub env: BTreeMap<String, Secret>,
    /// The working directory of `command`. Default the gateway's own.
    pub cwd: Option<String>,
    /// Where the server answers: `http`, `https`, `ws`, `wss`, or `unix:/path/to/socket`. Default none: give
    /// `command`.
    pub url: Option<String>,
    /// Further addresses at which the same server answers; without `url`, all of them. Default none.
    pub instances: Vec<Instance>,
    /// How one of several instances is chosen. Default `"least_outstanding"`.
    pub balance: Balance,
    /// Regions to which calls may go, and nowhere else, whatever happens. Default none: all.
    pub only_regions: Vec<String>,
    /// Servers with tools of the same names that are asked, one after the other, where this one has no answer. Default
    /// none.
    pub equivalent: Vec<String>,
    /// The built-in toolkit that this server is: one of `switchboard toolkit list`. It runs as a process of its own.
    /// Default none.
    pub toolkit: Option<String>,
    /// The folders that `toolkit` may work in; `~` is the home of the gateway's user. Default `["~/projects"]`.
    pub roots: Vec<String>,
    /// How `toolkit` is held back; named here, it refuses to start where the kernel offers less. Default none: as the
    /// toolkit needs it, as far as the kernel offers it.
    pub sandbox: Option<Sandbox>,
    /// The outside systems that `toolkit` may reach, by name. Default those that the toolkit finds by itself.
    pub connections: BTreeMap<String, Connection>,
    /// Whether results of `toolkit` show the commands that were run for them, and why. Default `false`: only where a call
    /// asks for it.
    pub show_commands: bool,
    /// How messages travel. Default `"auto"`: decided by `command` or by the scheme of `url`.
    pub transport: Transport,
    /// Headers sent with every request to `url`. `${env:NAME}` is replaced by the gateway's own variable
    /// `NAME`; values are never shown. Default none.
    pub headers: BTreeMap<String, Secret>,
    /// An OpenAPI 3 document whose operations become tools: a file or a URL, JSON or YAML. Default none.
    pub openapi: Option<String>,
    /// A GraphQL endpoint whose queries and mutations become tools. Default none.
    pub graphql: Option<String>,
    /// A gRPC server whose unary and server-streaming methods become tools, such as `http://127.0.0.1:50051`.
    /// Default none.
    pub grpc: Option<String>,
    /// A REST API described by hand. Default none.
    pub rest: Rest,
    /// Where the API of `openapi` or `rest` answers. Default what the document says, if that is on the host the
    /// document came from.
    pub base_url: Option<String>,
    /// A file with the compiled description of `grpc` (`protoc --descriptor_set_out --include_imports`). Default
    /// none: the server is asked by reflection.
    pub descriptor_set: Option<String>,
    /// How the gateway identifies itself at an API, beside `headers`. Default not at all.
    pub auth: Auth,
    /// The operations of an API that become tools. Default all.
    pub include: Operations,
    /// The operations of an API that do not. Default none.
    pub exclude: Operations,
    /// Levels of the selection that is made for `graphql` when a call gives none. Default 3.
    #[schemars(range(min = 1, max = 10))]
    pub select_depth: usize,
    /// Seconds one request to an API may take. Default 30.
    #[schemars(range(min = 1, max = 3_600))]
    pub deadline_s: u64,
    /// The protocol era the server speaks. Default `"auto"`: found out by asking, and asked again after
    /// `limits.probe_hours`.
    pub era: Era,
    /// Who may share one connection or process of this server. Default `"per_session"`.
    pub mode: Mode,
    /// When the server is started or connected. Default `"lazy"`.
    pub start: Start,
    /// Seconds without a call after which a process is stopped; 0 never. Default 600.
    #[schemars(range(max = 604_800))]
    pub idle_stop_s: u64,
    /// Seconds a starting process has to finish its handshake. Default 10.
    #[schemars(range(min = 1, max = 600))]
    pub start_timeout_s: u64,
    /// Processes or connections of this server at one time. Default 64.
    #[schemars(range(min = 1, max = 1_024))]
    pub instances_max: usize,
    /// Several processes of a `command` that is `shared`, over which calls are spread: as many as `[pool]` says, where nothing
    /// else is said here. Default none: one process.
    pub pool: Option<ServerPool>,
    /// Restarts after a crash within an hour; after that the server counts as failed. Default 12.
    #[schemars(range(max = 3_600))]
    pub restarts_per_hour_max: u32,
    /// What stands before each tool's own name, joined by `_`. Default the server's name; at most one server
    /// may use `""`.
    pub prefix: Option<String>,
    /// New names, by the tool's own name. Default none.
    pub rename: BTreeMap<String, String>,
    /// Tools whose own name matches one of these globs are not shown and cannot be called. Default none.
    pub hide: Vec<Glob>,
    /// New descriptions, by the tool's own name. Default none.
    pub describe: BTreeMap<String, String>,
    /// Arguments with a fixed value, by the tool's own name: clients neither see nor set them. Default none.
    pub fix: BTreeMap<String, FixedArguments>,
    /// How calls of some tools are treated, by a glob over the tool's own name. Default none.
    pub tool: BTreeMap<String, ToolSettings>,
    /// Calls that run at one time at this server, instead of `queue.concurrency_per_server`. Default none.
    #[schemars(range(min = 1, max = 100_000))]
    pub concurrency: Option<u32>,
    /// With it the calls that run at one time follow how quickly the server answers: at the least so many, at the most
    /// `concurrency`. Default none: always as many as `concurrency` says.
    #[schemars(range(min = 1, max = 100_000))]
    pub concurrency_min: Option<u32>,
    /// Seconds a call of this server may be silent, neither answer nor progress, instead of `limits.call_ms_max`; what a
    /// tool or a caller says counts where it is less. Default none.
    #[schemars(range(min = 1, max = 86_400))]
    pub timeout_s: Option<u64>,
    /// Calls of this server in a minute at most, from everybody together. Default none: any number.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub calls_per_minute: Option<u32>,
    /// Calls of this server at once at most, where there is `calls_per_minute`. Default a sixth of that, and at least 1.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub burst: Option<u32>,
    /// Bytes in one line from this server, instead of `limits.line_bytes_max`. Default none.
    #[schemars(range(min = 1_024, max = 1_073_741_824))]
    pub line_bytes_max: Option<usize>,
}

impl Server {
    /// The name of the server with the gateway's own tools. It is there without being configured.
    pub const OWN: &str = "switchboard";

    /// Whether the section of this name stands for the gateway's own tools.
    pub fn is_own(&self, name: &str) -> bool {
        let is_another = self.command.is_some() || self.address().is_some() || self.toolkit.is_some() || self.is_api();
        name == Self::OWN && !is_another
    }

    /// What stands before each tool's own name: the `prefix`, or else the server's `name`.
    pub fn prefix<'a>(&'a self, name: &'a str) -> &'a str {
        self.prefix.as_deref().unwrap_or(name)
    }

    /// Whether it is an API whose operations become tools.
    pub fn is_api(&self) -> bool {
        self.openapi.is_some() || self.graphql.is_some() || self.grpc.is_some() || !self.rest.tools.is_empty()
    }

    /// The transport with `auto` decided: by `command`, or else by the scheme of `url`.
    pub fn transport(&self) -> Transport {
        match (self.transport, self.address()) {
            (Transport::Auto, None) => Transport::Stdio,
            (Transport::Auto, Some(url)) if url.starts_with("unix:") => Transport::Unix,
            (Transport::Auto, Some(url)) if url.starts_with("ws") => Transport::Ws,
            (Transport::Auto, Some(_)) => Transport::Http,
            (chosen, _) => chosen,
        }
    }
}

impl Default for Server {
    fn default() -> Self {
        Self {
            enabled: true,
            command: None,
            args: Vec::new(),
            env: BTreeMap::new(),
            cwd: None,
            url: None,
            instances: Vec::new(),
            balance: Balance::LeastOutstanding,
            only_regions: Vec::new(),
            equivalent: Vec::new(),
            toolkit: None,
            roots: Vec::new(),
            sandbox: None,
            connections: BTreeMap::new(),
            show_commands: false,
            transport: Transport::Auto,
            headers: BTreeMap::new(),
            openapi: None,
            graphql: None,
            grpc: None,
            rest: Rest::default(),
            base_url: None,
            descriptor_set: None,
            auth: Auth::default(),
            include: Operations::default(),
            exclude: Operations::default(),
            select_depth: 3,
            deadline_s: 30,
            era: Era::Auto,
            mode: Mode::PerSession,
            start: Start::Lazy,
            idle_stop_s: 600,
            start_timeout_s: 10,
            instances_max: 64,
            pool: None,
            restarts_per_hour_max: 12,
            prefix: None,
            rename: BTreeMap::new(),
            hide: Vec::new(),
            describe: BTreeMap::new(),
            fix: BTreeMap::new(),
            tool: BTreeMap::new(),
            concurrency: None,
            concurrency_min: None,
            timeout_s: None,
            calls_per_minute: None,
            burst: None,
            line_bytes_max: None,
        }
    }
}

/// How messages travel to a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// Decided by `command` or by the scheme of `url`.
    #[default]
    Auto,
    /// Lines on stdin and stdout of a child process.
    Stdio,
    /// Streamable HTTP.
    Http,
    /// The HTTP+SSE transport of 2024-11-05.
    Sse,
    /// A WebSocket.
    Ws,
    /// Lines on a unix socket.
    Unix,
}

/// How a toolkit is held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sandbox {
    /// Not at all.
    None,
    /// It writes only in its folders, opens no unix socket, and makes no unusual system call.
    Standard,
    /// The same, and no network.
    Strict,
}

impl Sandbox {
    /// How it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Standard => "standard",
            Self::Strict => "strict",
        }
    }
}

/// The protocol era a server speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Era {
    /// Found out by asking the server.
    #[default]
    Auto,
    /// 2024-11-05 to 2025-11-25: handshake and sessions.
    Legacy,
    /// Since 2026-07-28: stateless requests.
    Modern,
}

/// Who may share one connection or process of a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Everybody: the server is declared to keep no state between calls.
    Shared,
    /// The sessions of one principal.
    PerPrincipal,
    /// Nobody: each client session has its own.
    #[default]
    PerSession,
}

/// When a server is started or connected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// On first use.
    #[default]
    Lazy,
    /// With the gateway.
    Warm,
}
