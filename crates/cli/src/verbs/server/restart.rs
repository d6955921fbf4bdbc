//! `switchboard server restart`: a server of the running node replaced by a fresh one.

use clap::Args;
use client::Server;
use serde::Serialize;

use crate::text::{Text, Tone};
use crate::{Context, Error, Exit, Report, completion, control};

/// Restart a server of the running node; calls under way finish on the old one.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard server restart git")]
pub(super) struct Restart {
    /// The name of the server.
    #[arg(add = completion::servers())]
    server: String,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Restarted(Server);

impl Restart {
    /// Runs the verb.
    pub(super) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let restarted = Restarted(control::node(context)?.restart(&self.server).await?);
        context.terminal.show(&restarted)?;
        Ok(Exit::Done)
    }
}

impl Report for Restarted {
    fn text(&self) -> Text {
        Text::plain("restarted the server ")
            .and(Tone::Strong, &self.0.name)
            .and(Tone::Faint, format!(", which is {} now", self.0.state))
    }
}
