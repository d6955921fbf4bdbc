//! What makes two servers of two nodes the same: where they are and as whom they are asked, not how they are shown.

use std::collections::BTreeMap;

use crate::{Secret, Server};

impl Server {
    /// All that decides about the answers of the server of this name, secrets included. To be digested and never shown.
    pub fn identity(&self, name: &str) -> Vec<u8> {
        let bare = Self {
            enabled: true,
            start: crate::Start::default(),
            prefix: None,
            rename: BTreeMap::new(),
            hide: Vec::new(),
            describe: BTreeMap::new(),
            fix: BTreeMap::new(),
            calls_per_minute: None,
            burst: None,
            tool: BTreeMap::new(),
            concurrency: None,
            timeout_s: None,
            ..self.clone()
        };
        let secrets: Vec<&str> = self.secrets().map(Secret::expose).collect();
        serde_json::to_vec(&(name, bare, secrets)).unwrap_or_default()
    }

    fn secrets(&self) -> impl Iterator<Item = &Secret> {
        let auth = self.auth.bearer.iter().chain(&self.auth.password).chain(self.auth.query.values());
        let connections = self.connections.values().filter_map(|connection| connection.secret.as_ref());
        self.env.values().chain(self.headers.values()).chain(auth).chain(connections)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(more: &str) -> Server {
        let text = format!("[servers.a]\nurl = \"https://a.example/mcp\"\n{more}");
        crate::parse(&text, "file", &|_| None).config.servers["a"].clone()
    }

    #[test]
    fn servers_are_the_same_by_where_they_are_and_as_whom_they_are_asked() {
        let same = |one: &str, other: &str| server(one).identity("a") == server(other).identity("a");
        assert!(same("", "prefix = \"x\"\ntool.get.cache_s = 5"));
        assert!(same("headers.token = \"one\"", "headers.token = \"one\""));
        assert!(!same("headers.token = \"one\"", "headers.token = \"two\""));
        assert!(!same("", "instances = [{ url = \"https://b.example/mcp\" }]"));
        assert_ne!(server("").identity("a"), server("").identity("b"));
    }
}
