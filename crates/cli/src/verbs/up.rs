//! `switchboard up`: a node, whether one runs already or not.

use clap::Args;
use serde::Serialize;

use super::Serve;
use crate::mcp_client::{Deaf, McpClient, Request};
use crate::text::{Text, Tone};
use crate::{Context, Error, Exit, Report};

/// Seconds a node that runs may take to say so.
const ANSWER_S_MAX: u64 = 2;

/// Make sure that a node runs: say where it is, or start one here.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard up
  switchboard up --config switchboard.toml")]
pub struct Up {
    #[command(flatten)]
    serve: Serve,
}

/// A node that runs already.
#[derive(Serialize)]
struct Found {
    url: String,
}

impl Up {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let addresses = context.options.settings.addresses()?;
        let named = context.options.url.clone();
        let default = addresses.first().map(|address| format!("{address}/mcp"));
        let url = named.or(default).unwrap_or_else(|| context.options.url().to_owned());
        let mut node = McpClient::of_node(&url, ANSWER_S_MAX)?;
        let follows = std::env::var_os(config::env::PREDECESSOR.name).is_some();
        if !follows && node.request(&Request::new("server/discover"), &mut Deaf).await.is_ok() {
            context.terminal.show(&Found { url })?;
            return Ok(Exit::Done);
        }
        context.program.serve(&self.serve, &context.options, context.terminal).await
    }
}

impl Report for Found {
    fn text(&self) -> Text {
        Text::plain("a node runs at ").and(Tone::Strong, &self.url)
    }
}
