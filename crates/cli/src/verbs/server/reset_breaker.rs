//! `switchboard server reset-breaker`: calls pass again to a server that somebody has mended.

use clap::Args;
use client::Server;
use serde::Serialize;

use crate::text::{Text, Tone};
use crate::{Context, Error, Exit, Report, completion, control};

/// Let calls through again to a server of the running node that is left alone because it failed.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard server reset-breaker git")]
pub(super) struct ResetBreaker {
    /// The name of the server.
    #[arg(add = completion::servers())]
    server: String,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Reset(Server);

impl ResetBreaker {
    /// Runs the verb.
    pub(super) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let reset = Reset(control::node(context)?.reset_breaker(&self.server).await?);
        context.terminal.show(&reset)?;
        Ok(Exit::Done)
    }
}

impl Report for Reset {
    fn text(&self) -> Text {
        Text::plain("calls pass to the server ")
            .and(Tone::Strong, &self.0.name)
            .and(Tone::Faint, format!(", which is {} now", self.0.state))
    }
}
