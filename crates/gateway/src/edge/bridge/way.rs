//! The paths of plain HTTP and the verbs that go with them. What happens there is for the others to know.

use http::Method as Verb;
use mcp::Method;

/// A path of plain HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// `/mcp/initialize`: opens a session.
    Initialize,
    /// `/mcp/tools/call` and its like: one request of MCP.
    Request(Method),
    /// `/mcp/tools/batch`: several calls in one.
    Batch,
    /// `/mcp/status`: the bridge, its sessions and its servers.
    Status,
    /// `/mcp/events`: what changes, as it changes.
    Events,
    /// `/tools`: all tools.
    Tools,
    /// `/tools/call`: a tool by the name in the body.
    CallTool,
    /// `/tools/{name}`: one tool, to look at or to call.
    Tool(String),
    /// `/tools/openapi.json`: all tools as an OpenAPI document.
    OpenApi,
    /// `/jobs`: the calls that are finished without their callers.
    Jobs,
    /// `/jobs/{id}`: one of them, to look at or to give up.
    Job(String),
    /// `/jobs/{id}/cancel`: one of them given up.
    CancelJob(String),
    /// `/health`: what this is and how long it has been running.
    Health,
    /// `/stats`: what it has done and what it holds.
    Stats,
}

impl Way {
    /// What a path means, if it is one of plain HTTP. Only the exact spelling counts.
    pub fn of(path: &str) -> Option<Self> {
        Some(match path {
            "/mcp/initialize" => Self::Initialize,
            "/mcp/tools/list" => Self::Request(Method::ToolsList),
            "/mcp/tools/call" => Self::Request(Method::ToolsCall),
            "/mcp/tools/batch" => Self::Batch,
            "/mcp/resources/list" => Self::Request(Method::ResourcesList),
            "/mcp/resources/read" => Self::Request(Method::ResourcesRead),
            "/mcp/prompts/list" => Self::Request(Method::PromptsList),
            "/mcp/prompts/get" => Self::Request(Method::PromptsGet),
            "/mcp/status" => Self::Status,
            "/mcp/events" => Self::Events,
            "/tools" => Self::Tools,
            "/tools/call" => Self::CallTool,
            "/tools/openapi.json" => Self::OpenApi,
            "/health" => Self::Health,
            "/stats" => Self::Stats,
            "/jobs" => Self::Jobs,
            other => return Self::named(other),
        })
    }

    /// A path that ends with a name.
    fn named(path: &str) -> Option<Self> {
        if let Some(job) = path.strip_prefix("/jobs/") {
            let is_plain = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
            let (id, way): (_, fn(String) -> Self) = match job.strip_suffix("/cancel") {
                Some(id) => (id, Self::CancelJob),
                None => (job, Self::Job),
            };
            return is_plain(id).then(|| way(id.to_owned()));
        }
        Some(Self::Tool(path.strip_prefix("/tools/").filter(|name| mcp::names::is_accepted(name))?.to_owned()))
    }

    /// Whether its answers are simple, not those of JSON-RPC.
    pub(super) fn is_simple(&self) -> bool {
        !matches!(self, Self::Initialize | Self::Request(_) | Self::Batch | Self::Status | Self::Events)
    }

    /// Whether it is there once for the node, not at the endpoints of servers and bundles.
    pub(in crate::edge) fn is_of_the_node(&self) -> bool {
        matches!(self, Self::Health | Self::Stats | Self::Jobs | Self::Job(_) | Self::CancelJob(_))
    }

    /// The verbs that are served, as the header `Allow` names them.
    pub(super) fn allowed(&self) -> &'static str {
        match self {
            Self::Initialize | Self::Request(_) | Self::Batch | Self::CallTool | Self::CancelJob(_) => "POST",
            Self::Job(_) => "GET, DELETE",
            Self::Tool(_) => "GET, POST",
            _ => "GET",
        }
    }

    /// Whether this verb is served.
    pub(super) fn allows(&self, verb: &Verb) -> bool {
        self.allowed().split(", ").any(|allowed| allowed == verb.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_mean_what_they_spell() {
        let check = |path, expected: Option<Way>| assert_eq!(Way::of(path), expected, "{path}");
        check("/mcp/tools/call", Some(Way::Request(Method::ToolsCall)));
        check("/tools", Some(Way::Tools));
        check("/tools/call", Some(Way::CallTool));
        check("/tools/git_log", Some(Way::Tool("git_log".to_owned())));
        check("/jobs", Some(Way::Jobs));
        check("/jobs/1f", Some(Way::Job("1f".to_owned())));
        check("/jobs/1f/cancel", Some(Way::CancelJob("1f".to_owned())));
        for path in [
            "/",
            "/mcp/tools",
            "/tools/",
            "/tools/a/b",
            "/tools/%67it",
            "/tools/é",
            "/mcp/tools/call/",
            "/jobs/",
            "/jobs//cancel",
            "/jobs/a/b",
        ] {
            check(path, None);
        }
    }

    #[test]
    fn only_looking_is_done_with_get() {
        let check = |path, verb: &Verb, expected| assert_eq!(Way::of(path).unwrap().allows(verb), expected, "{path}");
        check("/tools/git_log", &Verb::GET, true);
        check("/tools/git_log", &Verb::POST, true);
        check("/tools/call", &Verb::GET, false);
        check("/mcp/initialize", &Verb::GET, false);
        check("/tools", &Verb::POST, false);
        check("/jobs/1f", &Verb::DELETE, true);
        check("/jobs/1f/cancel", &Verb::GET, false);
        check("/health", &Verb::DELETE, false);
    }
}
