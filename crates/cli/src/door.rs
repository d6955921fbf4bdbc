//! The options of verbs that talk to an MCP server: which part of a node, and how long to wait.

use clap::Args;

use crate::mcp_client::McpClient;
use crate::{Context, Error, completion};

/// Which part of the node to talk to.
#[derive(Clone, Debug, Args)]
pub(crate) struct Door {
    /// Only this server of the node, under its own names.
    #[arg(long, value_name = "NAME", add = completion::servers())]
    server: Option<String>,
    /// Only this bundle of the node.
    #[arg(long, value_name = "NAME", conflicts_with = "server", add = completion::bundles())]
    bundle: Option<String>,
    /// Seconds to wait for an answer.
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
}

impl Door {
    /// A client of the server that these options and `--url` name.
    pub(crate) async fn open(&self, context: &Context<'_>) -> Result<McpClient, Error> {
        let part = match (&self.server, &self.bundle) {
            (Some(server), _) => Some(format!("servers/{server}")),
            (_, Some(bundle)) => Some(format!("bundles/{bundle}")),
            _ => None,
        };
        McpClient::open(&endpoint(context.options.url(), part.as_deref()), self.timeout, context).await
    }
}

/// The address of a part of the node at `url`, or of everything.
fn endpoint(url: &str, part: Option<&str>) -> String {
    let Some(part) = part else { return url.to_owned() };
    if url.starts_with("unix:") {
        let socket = url.split('#').next().unwrap_or(url);
        return format!("{socket}#/{part}/mcp");
    }
    let door = url.trim_end_matches('/');
    let door = door.strip_suffix("/mcp").unwrap_or(door);
    format!("{door}/{part}/mcp")
}

#[cfg(test)]
mod tests {
    use super::endpoint;

    fn check(url: &str, part: Option<&str>, expected: &str) {
        assert_eq!(endpoint(url, part), expected);
    }

    #[test]
    fn part_of_a_node_has_its_own_endpoint() {
        check("http://127.0.0.1:3100/mcp", None, "http://127.0.0.1:3100/mcp");
        check("http://127.0.0.1:3100/mcp", Some("servers/git"), "http://127.0.0.1:3100/servers/git/mcp");
        check("https://example.org", Some("bundles/dev"), "https://example.org/bundles/dev/mcp");
        check("unix:/run/s.sock", Some("servers/git"), "unix:/run/s.sock#/servers/git/mcp");
        check("unix:/run/s.sock#/mcp", Some("servers/git"), "unix:/run/s.sock#/servers/git/mcp");
    }
}
