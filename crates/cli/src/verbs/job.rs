//! `switchboard job`: calls that the running node finishes without their callers. One file per thing that can be done with
//! them.

mod cancel;
mod list;
mod purge;
mod retry;
mod show;

use clap::{Args, Subcommand};

use crate::text::{Text, Tone};
use crate::{Context, Error, Exit};

/// See, cancel and retry calls that the node finishes without their callers.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard job list --state failed
  switchboard job show 0123456789abcdef0123456789abcdef
  switchboard job retry 0123456789abcdef0123456789abcdef")]
pub struct Job {
    #[command(subcommand)]
    verb: JobVerb,
}

#[derive(Clone, Debug, Subcommand)]
enum JobVerb {
    List(list::List),
    Show(show::Show),
    Cancel(cancel::Cancel),
    Retry(retry::Retry),
    Purge(purge::Purge),
}

impl Job {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        match &self.verb {
            JobVerb::List(list) => list.run(context).await,
            JobVerb::Show(show) => show.run(context).await,
            JobVerb::Cancel(cancel) => cancel.run(context).await,
            JobVerb::Retry(retry) => retry.run(context).await,
            JobVerb::Purge(purge) => purge.run(context).await,
        }
    }
}

/// The states of jobs that have ended.
const ENDS: [&str; 4] = ["completed", "failed", "cancelled", "outcome_unknown"];

/// A state, in the colour of how good it is.
fn state(job: &client::Job) -> Text {
    let tone = match job.state.as_str() {
        "completed" => Tone::Good,
        "failed" => Tone::Bad,
        "outcome_unknown" => Tone::Doubtful,
        _ => Tone::Plain,
    };
    Text::default().and(tone, &job.state)
}

/// What became of a job by a verb.
fn became(job: &client::Job) -> Text {
    let text = Text::plain("the job ").and(Tone::Strong, &job.id).and(Tone::Plain, format!(" is {}", job.state));
    job.reason.iter().fold(text, |text, reason| text.and(Tone::Faint, format!(": {reason}")))
}
