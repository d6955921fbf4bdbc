//! `switchboard queue`: the calls that wait and run at the running node. One file per thing that can be done with them.

mod cancel;
mod list;
mod priority;

use clap::{Args, Subcommand};

use crate::{Context, Error, Exit};

/// See the calls that wait and run at the running node, end one, make one more urgent.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard queue list --state pending
  switchboard queue priority 417 HIGH
  switchboard queue cancel 417")]
pub struct Queue {
    #[command(subcommand)]
    verb: QueueVerb,
}

#[derive(Clone, Debug, Subcommand)]
enum QueueVerb {
    List(list::List),
    Cancel(cancel::Cancel),
    Priority(priority::Priority),
}

impl Queue {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        match &self.verb {
            QueueVerb::List(list) => list.run(context).await,
            QueueVerb::Cancel(cancel) => cancel.run(context).await,
            QueueVerb::Priority(priority) => priority.run(context).await,
        }
    }
}
