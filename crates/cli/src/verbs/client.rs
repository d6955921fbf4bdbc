//! `switchboard client`: the MCP clients of this machine. One file per thing that can be done with them.

mod export;
mod import;
mod install;
mod list;
mod uninstall;

use clap::{Args, Subcommand};

use crate::{Context, Error, Exit};

/// Take servers over from the MCP clients of this machine, and install Switchboard in them.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard client list
  switchboard client import
  switchboard client install cursor
  switchboard client uninstall cursor")]
pub struct Client {
    #[command(subcommand)]
    verb: ClientVerb,
}

#[derive(Clone, Debug, Subcommand)]
enum ClientVerb {
    List(list::List),
    Import(import::Import),
    Install(install::Install),
    Uninstall(uninstall::Uninstall),
    Export(export::Export),
}

impl Client {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        match &self.verb {
            ClientVerb::List(list) => list.run(context),
            ClientVerb::Import(import) => import.run(context).await,
            ClientVerb::Install(install) => install.run(context),
            ClientVerb::Uninstall(uninstall) => uninstall.run(context),
            ClientVerb::Export(export) => export.run(context),
        }
    }
}
