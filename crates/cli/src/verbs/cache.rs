//! `switchboard cache`: the answers that the running node keeps.

mod advise;
mod clear;
mod stats;

use clap::{Args, Subcommand};

use crate::{Context, Error, Exit};

/// See what the running node keeps of answers, drop it, and keep it for better times.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard cache stats
  switchboard cache clear home
  switchboard cache advise --apply")]
pub struct Cache {
    #[command(subcommand)]
    verb: CacheVerb,
}

#[derive(Clone, Debug, Subcommand)]
enum CacheVerb {
    Stats(stats::Stats),
    Clear(clear::Clear),
    Advise(advise::Advise),
}

impl Cache {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        match &self.verb {
            CacheVerb::Stats(stats) => stats.run(context).await,
            CacheVerb::Clear(clear) => clear.run(context).await,
            CacheVerb::Advise(advise) => advise.run(context).await,
        }
    }
}
