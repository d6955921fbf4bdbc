//! `switchboard principal`: who may call. One file per thing that can be done with principals; `token` makes tokens.

mod add;
mod list;
mod remove;
mod rotate;
mod token;

use clap::{Args, Subcommand};

use crate::in_force::then_in_force;
use crate::{Context, Error, Exit};

/// Say who may call, each with a token of its own.
///
/// Without principals everybody on this machine may call. With the first one, nobody may without a token.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard principal add ada
  switchboard principal list")]
pub struct Principal {
    #[command(subcommand)]
    verb: PrincipalVerb,
}

#[derive(Clone, Debug, Subcommand)]
enum PrincipalVerb {
    Add(add::Add),
    List(list::List),
    Rotate(rotate::Rotate),
    Remove(remove::Remove),
}

impl Principal {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        match &self.verb {
            PrincipalVerb::Add(add) => then_in_force(add.run(context), context).await,
            PrincipalVerb::List(list) => list.run(context),
            PrincipalVerb::Rotate(rotate) => then_in_force(rotate.run(context), context).await,
            PrincipalVerb::Remove(remove) => then_in_force(remove.run(context), context).await,
        }
    }
}
