//! `switchboard server logs`: what one server writes; `switchboard logs` shows those of several.

use clap::Args;

use crate::verbs::logs::{LogOptions, Speaker, show};
use crate::{Context, Error, Exit, completion, control};

/// Show what a server of the running node writes.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard server logs git
  switchboard server logs git --follow")]
pub(super) struct Logs {
    /// The name of the server.
    #[arg(add = completion::servers())]
    server: String,
    #[command(flatten)]
    options: LogOptions,
}

impl Logs {
    /// Runs the verb.
    pub(super) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let node = control::node(context)?;
        show(&node, &[Speaker::Server(self.server.clone())], &self.options, context).await
    }
}
