//! `switchboard bundle`: the bundles of the configuration. One file per thing that can be done with them.

mod create;
mod list;
mod remove;
mod show;

use clap::{Args, Subcommand};

use crate::in_force::then_in_force;
use crate::{Context, Error, Exit};

/// Make and remove bundles: named selections of tools, each at its own address.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard bundle create review --server git --server search
  switchboard bundle list")]
pub struct Bundle {
    #[command(subcommand)]
    verb: BundleVerb,
}

#[derive(Clone, Debug, Subcommand)]
enum BundleVerb {
    Create(create::Create),
    List(list::List),
    Show(show::Show),
    Remove(remove::Remove),
}

impl Bundle {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        match &self.verb {
            BundleVerb::Create(create) => then_in_force(create.run(context), context).await,
            BundleVerb::List(list) => list.run(context),
            BundleVerb::Show(show) => show.run(context),
            BundleVerb::Remove(remove) => then_in_force(remove.run(context), context).await,
        }
    }
}
