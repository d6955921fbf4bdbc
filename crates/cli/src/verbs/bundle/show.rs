//! `switchboard bundle show`: one bundle's section of the configuration file.

use clap::Args;

use crate::section::{self, BUNDLES};
use crate::{Context, Error, Exit, completion};

/// Show the section of a bundle as it stands in the configuration file.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard bundle show review")]
pub(super) struct Show {
    /// The name of the bundle.
    #[arg(add = completion::bundles())]
    bundle: String,
}

impl Show {
    /// Runs the verb.
    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        section::show(BUNDLES, &self.bundle, None, context)
    }
}
