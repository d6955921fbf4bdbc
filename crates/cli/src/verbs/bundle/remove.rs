//! `switchboard bundle remove`: a bundle taken out of the configuration.

use clap::Args;

use crate::change::change;
use crate::{Context, Error, Exit, completion};

/// Take a bundle out of the configuration; its servers stay.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard bundle remove review")]
pub(super) struct Remove {
    /// The name of the bundle.
    #[arg(add = completion::bundles())]
    bundle: String,
}

impl Remove {
    /// Runs the verb.
    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let changed =
            change(("removed", "bundle", &self.bundle), context, |edit| Ok(edit.remove("bundles", &self.bundle)?))?;
        context.terminal.show(&changed)?;
        Ok(Exit::Done)
    }
}
