//! `switchboard principal remove`: somebody who may not call any more.

use clap::Args;

use crate::change::change;
use crate::{Context, Error, Exit, completion};

/// Take a principal out of the configuration; its token ends at once.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard principal remove ada")]
pub(super) struct Remove {
    /// The name of the principal.
    #[arg(add = completion::principals())]
    principal: String,
}

impl Remove {
    /// Runs the verb.
    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let name = &self.principal;
        let changed = change(("removed", "principal", name), context, |edit| Ok(edit.remove("principals", name)?))?;
        context.terminal.show(&changed)?;
        if context.options.settings.load()?.config.principals.is_empty() {
            context.terminal.say("that was the last one: now everybody on this machine may call, and nobody else");
        }
        Ok(Exit::Done)
    }
}
