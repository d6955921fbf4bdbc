//! What was given to `server add`: a command line, an address, the description of an API, or a block of JSON as MCP
//! clients have it. It tells them apart and turns each into sections of the configuration; it writes nothing.

use std::path::Path;

use adoption::Client;
use serde_json::{Value, json};

use crate::{Error, clients};

/// The clients whose words a pasted block may be in, with the key by which it is known.
const BLOCKS: [(&str, &str); 2] = [("mcpServers", "cursor"), ("servers", "vscode")];

/// A section of the configuration, before it stands in a file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Section {
    /// The name of the server.
    pub(super) name: String,
    pub(super) settings: Value,
    /// What has to be mended by hand, and keeps it disabled until then.
    pub(super) note: Option<String>,
}

impl Section {
    fn new(name: &str, settings: Value) -> Self {
        Self { name: name.to_owned(), settings, note: None }
    }

    /// A server that is started by this command line.
    pub(super) fn command(name: &str, words: &[String]) -> Self {
        let (command, args) = words.split_first().map_or(("", &[][..]), |(command, args)| (command.as_str(), args));
        let mut settings = json!({ "command": command });
        if !args.is_empty() {
            settings["args"] = json!(args);
        }
        Self::new(name, settings)
    }

    /// The built-in toolkit of this name.
    pub(super) fn toolkit(name: &str) -> Self {
        Self::new(name, json!({ "toolkit": name }))
    }

    /// A server or an API at this place.
    pub(super) fn place(name: &str, place: &str, kind: Option<Kind>) -> Result<Self, Error> {
        let reason = || "it is neither a url nor a file".to_owned();
        let none = || Error::NoServer { what: place.to_owned(), reason: reason() };
        let kind = kind.or_else(|| Kind::of(place)).ok_or_else(none)?;
        Ok(Self::new(name, json!({ kind.key(): place })))
    }

    /// The servers of a block of JSON: `mcpServers`, or `servers` of VS Code; comments are allowed in it. An entry that
    /// leads to one of `addresses`, or starts this program, would lead in a circle and is left out.
    pub(super) fn block(text: &str, addresses: &[String]) -> Result<Vec<Self>, Error> {
        let what = || text.lines().next().unwrap_or_default().chars().take(40).collect::<String>();
        let fail = |reason: String| Error::NoServer { what: what(), reason };
        let known = BLOCKS.iter().find(|(key, _)| text.contains(&format!("\"{key}\"")));
        let client = known.and_then(|(_, client)| Client::find(client));
        let client = client.ok_or_else(|| fail("it has neither `mcpServers` nor `servers`".to_owned()))?;
        let mut servers = adoption::read(client, text).map_err(|error| fail(error.to_string()))?;
        servers.retain(|server| !clients::is_ours(server, addresses));
        if servers.is_empty() {
            return Err(fail("there is no server in it".to_owned()));
        }
        Ok(servers.iter().map(Self::of_entry).collect())
    }

    fn of_entry(server: &adoption::Server) -> Self {
        let mut section = Self::new(&clients::plain_name(&server.name), clients::section(server));
        if let Some(foreign) = clients::unresolved(server) {
            section.settings["enabled"] = false.into();
            section.note = Some(format!("only its client knows `{foreign}`: write what is meant, then enable it"));
        } else if !server.unknown.is_empty() {
            section.note = Some(format!("without {}", server.unknown.join(", ")));
        }
        section
    }
}

/// What answers at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Kind {
    /// An MCP server.
    Mcp,
    /// An API described by an OpenAPI document, which is named.
    Openapi,
    /// A GraphQL endpoint.
    Graphql,
    /// A gRPC server.
    Grpc,
}

impl Kind {
    /// The key of the configuration under which such a place stands.
    fn key(self) -> &'static str {
        match self {
            Self::Mcp => "url",
            Self::Openapi => "openapi",
            Self::Graphql => "graphql",
            Self::Grpc => "grpc",
        }
    }

    /// What a place is, as far as its name tells.
    fn of(place: &str) -> Option<Self> {
        let path = place.split(['?', '#']).next().unwrap_or(place);
        let extension = Path::new(path).extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let is_document = ["json", "yaml", "yml"].contains(&extension.to_lowercase().as_str());
        let is_web = place.starts_with("http://") || place.starts_with("https://");
        match place {
            _ if is_document && (is_web || Path::new(path).is_file()) => Some(Self::Openapi),
            _ if is_web && path.trim_end_matches('/').ends_with("/graphql") => Some(Self::Graphql),
            _ if is_web => Some(Self::Mcp),
            _ if ["ws://", "wss://", "unix:"].iter().any(|scheme| place.starts_with(scheme)) => Some(Self::Mcp),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Kind, Section};

    #[test]
    fn place_is_known_by_its_name() {
        let check = |place, expected| assert_eq!(Kind::of(place), expected, "{place}");
        check("https://example.org/mcp", Some(Kind::Mcp));
        check("wss://example.org/mcp", Some(Kind::Mcp));
        check("unix:/run/s.sock", Some(Kind::Mcp));
        check("https://example.org/openapi.json", Some(Kind::Openapi));
        check("https://example.org/v3/api.YAML?x=1", Some(Kind::Openapi));
        check("https://example.org/graphql", Some(Kind::Graphql));
        check("missing.json", None);
        check("uvx", None);
    }

    #[test]
    fn command_line_becomes_a_section() {
        let words = ["uvx".to_owned(), "mcp-server-git".to_owned()];
        let section = Section::command("git", &words);
        assert_eq!(section.settings, json!({ "command": "uvx", "args": ["mcp-server-git"] }));
    }

    #[test]
    fn block_of_a_client_becomes_its_servers() {
        let text = r#"{ "mcpServers": { // mine
            "Brave Search": { "command": "npx", "args": ["-y", "brave"], "env": { "KEY": "k" } },
        } }"#;
        let sections = Section::block(text, &[]).unwrap();
        assert_eq!(sections[0].name, "brave-search");
        assert_eq!(sections[0].settings, json!({ "command": "npx", "args": ["-y", "brave"], "env": { "KEY": "k" } }));
        let text =
            r#"{ "servers": { "gh": { "type": "http", "url": "https://x/mcp", "headers": { "A": "${input:t}" } } } }"#;
        let sections = Section::block(text, &[]).unwrap();
        assert_eq!(sections[0].settings["enabled"], false);
        assert!(sections[0].note.as_deref().unwrap_or_default().contains("${input:t}"), "{sections:?}");
    }

    #[test]
    fn what_is_no_block_is_refused_with_a_reason() {
        let check = |text: &str, expected: &str| {
            assert_eq!(Section::block(text, &[]).unwrap_err().to_string(), format!("cannot tell what {expected}"));
        };
        check("{}", "`{}` is: it has neither `mcpServers` nor `servers`");
        let ours = r#"{"mcpServers": {"s": {"command": "switchboard", "args": ["stdio"]}}}"#;
        assert!(Section::block(ours, &[]).unwrap_err().to_string().ends_with("there is no server in it"));
        check(r#"{"mcpServers": {}}"#, "`{\"mcpServers\": {}}` is: there is no server in it");
    }
}
