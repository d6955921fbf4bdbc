//! `switchboard resources`: what can be read, and the templates of what can.

use clap::Args;

use crate::listing::Listing;
use crate::mcp_client::List;
use crate::{Context, Error, Exit};

/// List the resources of a running node, or of any MCP server.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard resources
  switchboard resources 'file:*' --json")]
pub struct Resources {
    #[command(flatten)]
    listing: Listing,
}

impl Resources {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        self.listing.run(&[List::Resources, List::Templates], "uri", context).await
    }
}
