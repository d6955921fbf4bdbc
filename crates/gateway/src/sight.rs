//! What a principal may see, and so what it may call: the same two questions make its lists and decide its calls.
//! It knows names only; what there is of these names is the catalogue's affair.

use std::collections::BTreeSet;

use config::Glob;

/// The servers and tools that a principal may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// Empty for all.
    servers: BTreeSet<String>,
    /// Empty for all.
    tools: Vec<Glob>,
}

impl Sight {
    /// What the configuration says of a principal; `None` if it may see everything.
    pub fn of(settings: &config::Principal) -> Option<Self> {
        let sight = Self { servers: settings.servers.iter().cloned().collect(), tools: settings.tools.clone() };
        (!sight.servers.is_empty() || !sight.tools.is_empty()).then_some(sight)
    }

    /// Whether it may see this server.
    pub fn shows_server(&self, server: &str) -> bool {
        self.servers.is_empty() || self.servers.contains(server)
    }

    /// Whether it may see the tool with this exposed name, which begins with the prefix of its server.
    pub fn shows_tool(&self, exposed: &str) -> bool {
        self.tools.is_empty() || self.tools.iter().any(|glob| glob.matches(exposed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sight(text: &str) -> Option<Sight> {
        let text = format!("[principals.ada]\n{text}");
        Sight::of(&config::parse(&text, "f", &|_| None).config.principals["ada"])
    }

    #[test]
    fn who_is_not_limited_sees_everything() {
        assert_eq!(sight(""), None);
    }

    #[test]
    fn only_what_is_named_is_seen() {
        let servers = sight("servers = [\"git\"]").unwrap();
        assert!(servers.shows_server("git") && !servers.shows_server("gitt") && servers.shows_tool("git_push"));
        let tools = sight("tools = [\"git_{log,show}\", \"*_read_*\"]").unwrap();
        assert!(tools.shows_server("any") && tools.shows_tool("git_log") && tools.shows_tool("project_read_file"));
        assert!(!tools.shows_tool("git_push") && !tools.shows_tool("log"));
    }
}
