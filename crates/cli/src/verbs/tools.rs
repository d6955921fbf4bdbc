//! `switchboard tools`: what can be called.

use clap::Args;

use crate::listing::Listing;
use crate::mcp_client::List;
use crate::{Context, Error, Exit};

/// List the tools of a running node, or of any MCP server.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard tools
  switchboard tools 'git_*' --long
  switchboard tools --server git --json
  switchboard tools --url https://example.org/mcp")]
pub struct Tools {
    #[command(flatten)]
    listing: Listing,
}

impl Tools {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        self.listing.run(&[List::Tools], "name", context).await
    }
}
