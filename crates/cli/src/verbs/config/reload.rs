//! `switchboard config reload`: the running node reads its configuration anew, now.

use clap::Args;
use client::Applied;
use serde::Serialize;

use crate::text::{Text, Tone};
use crate::{Context, Error, Exit, Report, Word, control};

/// Make the running node read its configuration now; it does so by itself when a file changes.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard config reload")]
pub(super) struct Reload {}

#[derive(Serialize)]
#[serde(transparent)]
struct Reloaded(Applied);

impl Reload {
    /// Runs the verb.
    pub(super) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let applied = match control::node(context)?.reload().await {
            Ok(applied) => applied,
            Err(client::Error::Refused(problem)) => {
                for problem in &problem.problems {
                    context.terminal.problem(Word::Error, problem, None);
                }
                return Err(client::Error::Refused(problem).into());
            }
            Err(error) => return Err(error.into()),
        };
        for warning in &applied.warnings {
            context.terminal.problem(Word::Warning, warning, None);
        }
        context.terminal.show(&Reloaded(applied))?;
        Ok(Exit::Done)
    }
}

impl Report for Reloaded {
    fn text(&self) -> Text {
        Text::plain(self.0.plan.to_string()).and(Tone::Faint, format!(" (configuration {})", self.0.number))
    }
}
