//! `switchboard server`: the servers of the configuration. One file per thing that can be done with them.

mod add;
mod edit;
mod given;
mod list;
mod logs;
mod remove;
mod reset_breaker;
mod restart;
mod show;
mod switch;
mod test;

use clap::{Args, Subcommand};

use crate::in_force::then_in_force;
use crate::{Context, Error, Exit};

/// Add, change, try out and remove servers; a running node takes changes over by itself.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard server add git -- uvx mcp-server-git
  switchboard server list
  switchboard server test git")]
pub struct Server {
    #[command(subcommand)]
    verb: ServerVerb,
}

#[derive(Clone, Debug, Subcommand)]
enum ServerVerb {
    Add(add::Add),
    List(list::List),
    Show(show::Show),
    Test(test::Test),
    Edit(edit::Edit),
    Enable(switch::Enable),
    Disable(switch::Disable),
    Restart(restart::Restart),
    ResetBreaker(reset_breaker::ResetBreaker),
    Logs(logs::Logs),
    Remove(remove::Remove),
}

impl Server {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        match &self.verb {
            ServerVerb::Add(add) => then_in_force(add.run(context).await, context).await,
            ServerVerb::List(list) => list.run(context).await,
            ServerVerb::Show(show) => show.run(context).await,
            ServerVerb::Test(test) => test.run(context).await,
            ServerVerb::Edit(edit) => then_in_force(edit.run(context), context).await,
            ServerVerb::Enable(enable) => then_in_force(enable.run(context), context).await,
            ServerVerb::Disable(disable) => then_in_force(disable.run(context), context).await,
            ServerVerb::Restart(restart) => restart.run(context).await,
            ServerVerb::ResetBreaker(reset) => reset.run(context).await,
            ServerVerb::Logs(logs) => logs.run(context).await,
            ServerVerb::Remove(remove) => then_in_force(remove.run(context), context).await,
        }
    }
}
