//! `switchboard fault list`: the rules in force at the running node.

use clap::Args;
use client::FaultRule;
use serde::Serialize;

use super::cells;
use crate::text::Text;
use crate::{Context, Error, Exit, Report, control};

/// List the rules by which faults are made, with who made them and how many calls have met them.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard fault list")]
pub(super) struct List {}

#[derive(Serialize)]
#[serde(transparent)]
struct Listed(Vec<FaultRule>);

impl List {
    /// Runs the verb.
    pub(super) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let rules = control::node(context)?.faults().await?;
        if rules.is_empty() {
            context.terminal.say("no faults are made on purpose");
        }
        context.terminal.show(&Listed(rules))?;
        Ok(Exit::Done)
    }
}

impl Report for Listed {
    fn text(&self) -> Text {
        Text::table(&self.0.iter().map(cells).collect::<Vec<_>>())
    }
}
