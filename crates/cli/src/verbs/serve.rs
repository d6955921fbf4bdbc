//! `switchboard serve`: what can be typed. The program around this crate runs it.

use clap::Args;
use config::Listen;

use crate::{Context, Error, Exit};

/// Run a node that clients reach over HTTP, WebSocket and unix sockets.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard serve
  switchboard serve --config switchboard.toml --listen 127.0.0.1:4000,unix:/run/switchboard.sock")]
pub struct Serve {
    /// Listen here instead of where the configuration says: `IP:PORT` or `unix:/path/to/socket`.
    #[arg(long, value_name = "ADDRESS", env = config::env::LISTEN.name, value_delimiter = ',')]
    pub listen: Vec<Listen>,
}

impl Serve {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        context.program.serve(self, &context.options, context.terminal).await
    }
}
