//! `switchboard bundle list`: the bundles of the configuration.

use clap::Args;
use config::Bundle;
use serde::Serialize;

use crate::entries::{Entry, Filter};
use crate::text::{Text, Tone};
use crate::{Context, Error, Exit};

/// List the bundles of the configuration.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard bundle list
  switchboard bundle list --json")]
pub(super) struct List {
    #[command(flatten)]
    filter: Filter,
}

#[derive(Serialize)]
struct Row {
    bundle: String,
    /// Empty where it takes tools from every server.
    servers: Vec<String>,
    description: Option<String>,
    /// Where clients find it at a node.
    path: String,
}

impl List {
    /// Runs the verb.
    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let bundles = context.options.settings.load()?.config.all_bundles();
        let rows = bundles.iter().map(|(name, bundle)| Row::of(name, bundle)).collect();
        self.filter.show(rows, "no bundles yet; make one with `switchboard bundle create NAME --server NAME`", context)
    }
}

impl Row {
    fn of(name: &str, bundle: &Bundle) -> Self {
        Self {
            bundle: name.to_owned(),
            servers: bundle.servers.clone(),
            description: bundle.description.clone(),
            path: format!("/bundles/{name}/mcp"),
        }
    }
}

impl Entry for Row {
    fn name(&self) -> &str {
        &self.bundle
    }

    fn cells(&self) -> Vec<Text> {
        let servers = if self.servers.is_empty() { "all servers".to_owned() } else { self.servers.join(", ") };
        let about = self.description.clone().unwrap_or_default();
        let name = Text::default().and(Tone::Strong, &self.bundle);
        vec![name, Text::plain(servers), Text::default().and(Tone::Faint, &self.path), Text::plain(about)]
    }
}
