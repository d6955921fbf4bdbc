//! `switchboard queue cancel`: one call of the running node ended.

use clap::Args;
use client::QueuedCall;
use serde::Serialize;

use crate::text::{Text, Tone};
use crate::{Context, Error, Exit, Report, control};

/// End a call, whether it waits or runs. Its caller is told that an operator did it.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard queue cancel 417")]
pub(super) struct Cancel {
    /// The number of the call, as `queue list` shows it.
    call: u64,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Cancelled(QueuedCall);

impl Cancel {
    /// Runs the verb.
    pub(super) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let cancelled = Cancelled(control::node(context)?.cancel_call(self.call).await?);
        context.terminal.show(&cancelled)?;
        Ok(Exit::Done)
    }
}

impl Report for Cancelled {
    fn text(&self) -> Text {
        let Self(call) = self;
        Text::plain("cancelled the call ")
            .and(Tone::Strong, call.id.to_string())
            .and(Tone::Faint, format!(" of {}, which was {}", call.server, call.state))
    }
}
