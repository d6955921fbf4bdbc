//! `switchboard principal list`: who may call, without anything that is secret.

use clap::Args;
use config::{ClassMax, Principal};
use serde::Serialize;

use crate::entries::{Entry, Filter};
use crate::text::{Text, Tone};
use crate::{Context, Error, Exit};

/// List who may call, and from where.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard principal list
  switchboard principal list --json")]
pub(super) struct List {
    #[command(flatten)]
    filter: Filter,
}

#[derive(Serialize)]
struct Row {
    principal: String,
    networks: Vec<String>,
    /// None, if its token does not end.
    expires: Option<String>,
    class_max: ClassMax,
}

impl List {
    /// Runs the verb.
    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let principals = context.options.settings.load()?.config.principals;
        let rows = principals.iter().map(|(name, principal)| Row::of(name, principal)).collect();
        let none_yet =
            "no principals yet, so everybody on this machine may call; make one with `switchboard principal add NAME`";
        self.filter.show(rows, none_yet, context)
    }
}

impl Row {
    fn of(name: &str, principal: &Principal) -> Self {
        Self {
            principal: name.to_owned(),
            networks: principal.networks.iter().map(ToString::to_string).collect(),
            expires: principal.expires.as_ref().map(ToString::to_string),
            class_max: principal.class_max,
        }
    }
}

impl Entry for Row {
    fn name(&self) -> &str {
        &self.principal
    }

    fn cells(&self) -> Vec<Text> {
        let ends = self.expires.as_ref().map_or_else(|| "does not expire".to_owned(), |end| format!("until {end}"));
        let name = Text::default().and(Tone::Strong, &self.principal);
        vec![name, Text::plain(self.networks.join(", ")), Text::default().and(Tone::Faint, ends)]
    }
}
