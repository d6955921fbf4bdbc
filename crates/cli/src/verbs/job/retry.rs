//! `switchboard job retry`: a job that did not succeed, begun anew.

use clap::Args;
use client::Job;
use serde::Serialize;

use super::became;
use crate::text::Text;
use crate::{Context, Error, Exit, Report, control};

/// Begin a job anew that failed or was cancelled.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard job retry 0123456789abcdef0123456789abcdef
  switchboard job retry 0123456789abcdef0123456789abcdef --anyway")]
pub(super) struct Retry {
    /// The job, as `job list` names it.
    job: String,
    /// Also when it may have had its effect: nobody knows, and you have looked.
    #[arg(long)]
    anyway: bool,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Retried(Job);

impl Retry {
    /// Runs the verb.
    pub(super) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let retried = Retried(control::node(context)?.retry_job(&self.job, self.anyway).await?);
        context.terminal.show(&retried)?;
        Ok(Exit::Done)
    }
}

impl Report for Retried {
    fn text(&self) -> Text {
        became(&self.0)
    }
}
