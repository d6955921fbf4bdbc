//! `switchboard fault remove`: a rule of the running node ended before its time.

use clap::Args;
use client::FaultRule;
use serde::Serialize;

use crate::text::{Text, Tone};
use crate::{Context, Error, Exit, Report, control};

/// End a rule by which faults are made. Calls that it made late are not sent sooner.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard fault remove 3")]
pub(super) struct Remove {
    /// The number of the rule, as `fault list` shows it.
    rule: u64,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Removed(FaultRule);

impl Remove {
    /// Runs the verb.
    pub(super) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let removed = Removed(control::node(context)?.remove_fault(self.rule).await?);
        context.terminal.show(&removed)?;
        Ok(Exit::Done)
    }
}

impl Report for Removed {
    fn text(&self) -> Text {
        let Self(rule) = self;
        Text::plain("removed the fault rule ")
            .and(Tone::Strong, rule.id.to_string())
            .and(Tone::Faint, format!(", which {} calls had met", rule.met))
    }
}
