//! The options that say which node, and which part of it, a verb talks to.

use clap::Args;
use egress::Target;

use crate::Error;

/// Where a node listens when nobody said otherwise.
const DEFAULT_URL: &str = "http://127.0.0.1:3100/mcp";

/// Which node to talk to.
#[derive(Clone, Debug, Args)]
pub struct Node {
    /// The address of the node: a URL, or `unix:/path/to/socket`.
    #[arg(long, value_name = "URL", default_value = DEFAULT_URL)]
    pub url: String,
    /// Only this server, under its own tool names.
    #[arg(long, value_name = "NAME")]
    pub server: Option<String>,
    /// Seconds to wait for an answer.
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub timeout: u64,
}

impl Node {
    /// The endpoint that these options name.
    pub(crate) fn target(&self) -> Result<Target, Error> {
        let endpoint = endpoint(&self.url, self.server.as_deref());
        Target::parse(&endpoint).map_err(|source| Error::Address { url: endpoint, source })
    }
}

/// The address of the endpoint of `server`, or of everything, at `url`.
fn endpoint(url: &str, server: Option<&str>) -> String {
    let Some(server) = server else { return url.to_owned() };
    if url.starts_with("unix:") {
        let socket = url.split('#').next().unwrap_or(url);
        return format!("{socket}#/servers/{server}/mcp");
    }
    let door = url.trim_end_matches('/');
    let door = door.strip_suffix("/mcp").unwrap_or(door);
    format!("{door}/servers/{server}/mcp")
}

#[cfg(test)]
mod tests {
    use super::{DEFAULT_URL, endpoint};

    fn check(url: &str, server: Option<&str>, expected: &str) {
        assert_eq!(endpoint(url, server), expected);
    }

    #[test]
    fn server_has_its_own_endpoint() {
        check(DEFAULT_URL, None, "http://127.0.0.1:3100/mcp");
        check(DEFAULT_URL, Some("git"), "http://127.0.0.1:3100/servers/git/mcp");
        check("https://example.org", Some("git"), "https://example.org/servers/git/mcp");
        check("unix:/run/s.sock", Some("git"), "unix:/run/s.sock#/servers/git/mcp");
        check("unix:/run/s.sock#/mcp", Some("git"), "unix:/run/s.sock#/servers/git/mcp");
    }
}
