//! `switchboard job purge`: jobs that have ended, forgotten before their time.

use clap::Args;
use client::Purged;
use serde::Serialize;

use super::ENDS;
use crate::text::Text;
use crate::{Context, Error, Exit, Report, control};

/// Forget all jobs in a state, with their answers.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard job purge failed")]
pub(super) struct Purge {
    /// Those in this state.
    #[arg(value_parser = ENDS)]
    state: String,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Forgotten(Purged);

impl Purge {
    /// Runs the verb.
    pub(super) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let purged = Forgotten(control::node(context)?.purge_jobs(&self.state).await?);
        context.terminal.show(&purged)?;
        Ok(Exit::Done)
    }
}

impl Report for Forgotten {
    fn text(&self) -> Text {
        Text::plain(format!("forgot {} job{}", self.0.jobs, if self.0.jobs == 1 { "" } else { "s" }))
    }
}
