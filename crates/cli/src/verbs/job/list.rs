//! `switchboard job list`: the jobs of the running node, newest first.

use clap::Args;
use client::{Job, Jobs};
use serde::Serialize;

use super::state;
use crate::text::{Text, Tone};
use crate::{Context, Error, Exit, Report, control};

/// List the jobs of the running node, newest first.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard job list
  switchboard job list --state failed --count 20
  switchboard job list --owner ada --json")]
pub(super) struct List {
    /// Only those in this state.
    #[arg(long, value_name = "STATE", value_parser = STATES)]
    state: Option<String>,
    /// Only those of this principal.
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,
    /// Those that come after this one.
    #[arg(long, value_name = "ID")]
    after: Option<String>,
    /// How many at most.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    count: Option<u32>,
}

/// The states that a job can be in.
const STATES: [&str; 6] = ["pending", "running", "completed", "failed", "cancelled", "outcome_unknown"];

#[derive(Serialize)]
#[serde(transparent)]
struct Listed(Vec<Job>);

impl List {
    /// Runs the verb.
    pub(super) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let wanted =
            Jobs { state: self.state.clone(), owner: self.owner.clone(), after: self.after.clone(), count: self.count };
        let listed = Listed(control::node(context)?.jobs(&wanted).await?);
        if listed.0.is_empty() {
            context.terminal.say("there are no such jobs");
        }
        context.terminal.show(&listed)?;
        Ok(Exit::Done)
    }
}

impl Report for Listed {
    fn text(&self) -> Text {
        Text::table(&self.0.iter().map(cells).collect::<Vec<_>>())
    }
}

fn cells(job: &Job) -> Vec<Text> {
    vec![
        Text::default().and(Tone::Strong, &job.id),
        state(job),
        Text::plain(&job.tool),
        Text::plain(&job.owner),
        Text::default().and(Tone::Faint, &job.created_at),
        Text::default().and(Tone::Faint, job.reason.as_deref().unwrap_or_default()),
    ]
}
