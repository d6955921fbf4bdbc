//! `switchboard server show`: one server's section of the configuration file, and how it is where a node runs.

use clap::Args;

use crate::section::{self, SERVERS};
use crate::{Context, Error, Exit, completion, live};

/// Show the section of a server as it stands in the configuration file, and how it is where a node runs.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard server show git
  switchboard server show git --json")]
pub(super) struct Show {
    /// The name of the server.
    #[arg(add = completion::servers())]
    server: String,
}

impl Show {
    /// Runs the verb.
    pub(super) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let now = live::servers(context).await.remove(&self.server);
        section::show(SERVERS, &self.server, now, context)
    }
}
