//! A toolkit: a name, its tools, and what they share. It is put together once and never changes; who connects to it is
//! `serve`'s part.

use std::{collections::HashMap, sync::Arc};

use mcp::nearest;
use serde_json::{Value, json};

use crate::{
    call::Caller,
    connection::Connections,
    failure::Failure,
    keep::Keep,
    redact::Secrets,
    repeats::Repeats,
    tool::{Running, Served, Tool, Typed},
};

/// Bytes of text in one result: more than any model reads at once.
pub const RESULT_BYTES_MAX: usize = 1024 * 1024;

/// Texts that clients can read by their URI.
pub trait Resources: Send + Sync {
    /// Reads one; `None` if there is no such resource for this caller.
    fn read<'a>(&'a self, uri: &'a str, caller: &'a Caller) -> Running<'a, Option<String>>;
}

/// An MCP server made of tools.
pub struct Toolkit {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) instructions: Option<String>,
    pub(crate) tools: Vec<Arc<dyn Served>>,
    by_name: HashMap<String, usize>,
    pub(crate) argument_aliases: &'static [(&'static str, &'static str)],
    pub(crate) keep: Option<Arc<dyn Keep>>,
    pub(crate) secrets: Secrets,
    pub(crate) connections: Arc<Connections>,
    pub(crate) shows_commands: bool,
    pub(crate) resources: Option<Arc<dyn Resources>>,
    pub(crate) repeats: Repeats,
    pub(crate) result_bytes_max: usize,
}

impl std::fmt::Debug for Toolkit {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Toolkit").field("name", &self.name).field("tools", &self.tools.len()).finish_non_exhaustive()
    }
}

impl Toolkit {
    /// A toolkit without tools.
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            instructions: None,
            tools: Vec::new(),
            by_name: HashMap::new(),
            argument_aliases: &[],
            keep: None,
            secrets: Secrets::default(),
            connections: Arc::default(),
            shows_commands: false,
            resources: None,
            repeats: Repeats::default(),
            result_bytes_max: RESULT_BYTES_MAX,
        }
    }

    /// With one more typed tool.
    pub fn tool(self, tool: impl Tool) -> Self {
        self.served(Arc::new(Typed::new(tool)))
    }

    /// With one more tool, known only at run time. Of two tools with one name the first stays.
    pub fn served(mut self, tool: Arc<dyn Served>) -> Self {
        let declaration = tool.declaration();
        if self.by_name.contains_key(&declaration.name) {
            return self;
        }
        let place = self.tools.len();
        self.by_name.insert(declaration.name.clone(), place);
        for alias in &declaration.aliases {
            self.by_name.entry(alias.clone()).or_insert(place);
        }
        self.tools.push(tool);
        self
    }

    /// With other names of arguments, for all tools that have them: `(alias, name)`. A tool's own aliases come first.
    pub fn argument_aliases(self, argument_aliases: &'static [(&'static str, &'static str)]) -> Self {
        Self { argument_aliases, ..self }
    }

    /// With a text for the model.
    pub fn instructions(self, instructions: impl Into<String>) -> Self {
        Self { instructions: Some(instructions.into()), ..self }
    }

    /// With a place where whole results are kept when they are cut.
    pub fn keep(self, keep: Arc<dyn Keep>) -> Self {
        Self { keep: Some(keep), ..self }
    }

    /// With values that no result may say.
    pub fn secrets(self, secrets: Secrets) -> Self {
        Self { secrets: self.secrets.and(secrets), ..self }
    }

    /// With outside systems that its tools may reach, in the place of those of the same name that it has already. What
    /// proves who it is there is said by no result.
    pub fn connections(mut self, connections: Connections) -> Self {
        let secrets = Secrets::new(connections.secrets());
        Arc::make_mut(&mut self.connections).extend(connections);
        self.secrets(secrets)
    }

    /// Shows with every result the commands that were run for it, whether the call asks for them or not.
    pub fn shows_commands(self, shows_commands: bool) -> Self {
        Self { shows_commands, ..self }
    }

    /// With texts that clients can read.
    pub fn resources(self, resources: Arc<dyn Resources>) -> Self {
        Self { resources: Some(resources), ..self }
    }

    /// With another bound on the text of one result.
    pub fn result_bytes_max(self, result_bytes_max: usize) -> Self {
        Self { result_bytes_max, ..self }
    }

    /// What is said of its tools, in their order.
    pub fn declarations(&self) -> impl Iterator<Item = &crate::Declaration> {
        self.tools.iter().map(|tool| tool.declaration())
    }

    /// The tool of this name or alias.
    pub(crate) fn find(&self, name: &str) -> Result<&Arc<dyn Served>, Failure> {
        self.by_name.get(name).map(|place| &self.tools[*place]).ok_or_else(|| {
            let failure = Failure::invalid("name", format!("unknown tool: {name}"));
            let known = self.tools.iter().map(|tool| tool.declaration().name.as_str());
            match nearest::hint(name, known) {
                Some(hint) => failure.hint(hint),
                None => failure,
            }
        })
    }

    /// What it says of itself: `serverInfo`.
    pub(crate) fn info(&self) -> Value {
        json!({"name": self.name, "version": self.version})
    }

    /// What it can do: `capabilities`.
    pub(crate) fn capabilities(&self) -> Value {
        let mut capabilities = json!({"tools": {}});
        if self.resources.is_some() {
            capabilities["resources"] = json!({});
        }
        capabilities
    }
}
