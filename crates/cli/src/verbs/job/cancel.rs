//! `switchboard job cancel`: a job that is not to be finished.

use clap::Args;
use client::Job;
use serde::Serialize;

use super::became;
use crate::text::Text;
use crate::{Context, Error, Exit, Report, control};

/// Cancel a job; one that runs is stopped, and may have had its effect.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard job cancel 0123456789abcdef0123456789abcdef")]
pub(super) struct Cancel {
    /// The job, as `job list` names it.
    job: String,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Cancelled(Job);

impl Cancel {
    /// Runs the verb.
    pub(super) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let cancelled = Cancelled(control::node(context)?.cancel_job(&self.job).await?);
        context.terminal.show(&cancelled)?;
        Ok(Exit::Done)
    }
}

impl Report for Cancelled {
    fn text(&self) -> Text {
        became(&self.0)
    }
}
