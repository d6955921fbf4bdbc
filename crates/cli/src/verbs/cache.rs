//! `switchboard cache`: the answers that the running node keeps.

mod clear;
mod stats;

use clap::{Args, Subcommand};

use crate::{Context, Error, Exit};

/// See what the running node keeps of answers, and drop it.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard cache stats
  switchboard cache clear home")]
pub struct Cache {
    #[command(subcommand)]
    verb: CacheVerb,
}

#[derive(Clone, Debug, Subcommand)]
enum CacheVerb {
    Stats(stats::Stats),
    Clear(clear::Clear),
}

impl Cache {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        match &self.verb {
            CacheVerb::Stats(stats) => stats.run(context).await,
            CacheVerb::Clear(clear) => clear.run(context).await,
        }
    }
}
