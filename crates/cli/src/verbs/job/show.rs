//! `switchboard job show`: everything that is known of one job.

use clap::Args;
use client::{Attempt, JobReport};
use serde::Serialize;

use super::became;
use crate::text::{Text, Tone};
use crate::{Context, Error, Exit, Report, control};

/// Show one job with its request, its attempts and its answer.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard job show 0123456789abcdef0123456789abcdef
  switchboard job show 0123456789abcdef0123456789abcdef --json")]
pub(super) struct Show {
    /// The job, as `job list` names it.
    job: String,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Shown(JobReport);

impl Show {
    /// Runs the verb.
    pub(super) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let shown = Shown(control::node(context)?.job(&self.job).await?);
        context.terminal.show(&shown)?;
        Ok(Exit::Done)
    }
}

impl Report for Shown {
    fn text(&self) -> Text {
        let JobReport { job, request, answer, history } = &self.0;
        let text = became(job)
            .and(Tone::Plain, format!("\ntool      {}", job.tool))
            .and(Tone::Plain, format!("\nowner     {}", job.owner))
            .and(Tone::Plain, format!("\nsubmitted {}", job.created_at))
            .and(Tone::Plain, format!("\nrequest   {request}"));
        let text = history.iter().map(attempt).fold(text, |text, line| text.and(Tone::Faint, line));
        answer.iter().fold(text, |text, answer| text.and(Tone::Plain, format!("\nanswer    {answer}")))
    }
}

fn attempt(attempt: &Attempt) -> String {
    let ended = attempt.ended_at.as_deref().unwrap_or("now");
    format!("\nattempt   {} to {ended}: {}", attempt.began_at, attempt.outcome.as_deref().unwrap_or("under way"))
}
