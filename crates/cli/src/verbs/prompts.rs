//! `switchboard prompts`: the prompts there are.

use clap::Args;

use crate::listing::Listing;
use crate::mcp_client::List;
use crate::{Context, Error, Exit};

/// List the prompts of a running node, or of any MCP server.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard prompts
  switchboard prompts --server everything --long")]
pub struct Prompts {
    #[command(flatten)]
    listing: Listing,
}

impl Prompts {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        self.listing.run(&[List::Prompts], "name", context).await
    }
}
