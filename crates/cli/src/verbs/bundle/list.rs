//! `switchboard bundle list`: the bundles of the configuration.

use clap::Args;
use config::Bundle;
use serde::Serialize;

use crate::listing::passes;
use crate::text::{Text, Tone};
use crate::{Context, Error, Exit, Report};

/// List the bundles of the configuration.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard bundle list
  switchboard bundle list --json")]
pub(super) struct List {
    /// Only those that have this text in their name, or match this glob.
    filter: Option<String>,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Rows(Vec<Row>);

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
        let mut bundles = context.options.settings.load()?.config.all_bundles();
        bundles.retain(|name, _| self.filter.as_deref().is_none_or(|filter| passes(name, filter)));
        if bundles.is_empty() {
            context.terminal.say("no bundles yet; make one with `switchboard bundle create NAME --server NAME`");
        }
        context.terminal.show(&Rows(bundles.iter().map(|(name, bundle)| Row::of(name, bundle)).collect()))?;
        Ok(Exit::Done)
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

impl Report for Rows {
    fn text(&self) -> Text {
        let row = |row: &Row| {
            let servers = if row.servers.is_empty() { "all servers".to_owned() } else { row.servers.join(", ") };
            let about = row.description.clone().unwrap_or_default();
            let name = Text::default().and(Tone::Strong, &row.bundle);
            vec![name, Text::plain(servers), Text::default().and(Tone::Faint, &row.path), Text::plain(about)]
        };
        Text::table(&self.0.iter().map(row).collect::<Vec<_>>())
    }
}
