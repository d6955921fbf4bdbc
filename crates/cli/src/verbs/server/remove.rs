//! `switchboard server remove`: a server taken out of the configuration.

use clap::Args;

use crate::change::change;
use crate::{Context, Error, Exit, completion};

/// Take a server out of the configuration; what the file was before stays beside it as `.bak`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard server remove git")]
pub(super) struct Remove {
    /// The name of the server.
    #[arg(add = completion::servers())]
    server: String,
}

impl Remove {
    /// Runs the verb.
    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let changed =
            change(("removed", "server", &self.server), context, |edit| Ok(edit.remove("servers", &self.server)?))?;
        context.terminal.show(&changed)?;
        Ok(Exit::Done)
    }
}
