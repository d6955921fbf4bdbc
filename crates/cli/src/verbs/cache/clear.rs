//! `switchboard cache clear`: kept answers of the running node dropped.

use clap::Args;
use client::Cleared;
use serde::Serialize;

use crate::text::{Text, Tone};
use crate::{Context, Error, Exit, Report, completion, control};

/// Drop the answers that the running node keeps, and have it ask for lists anew.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard cache clear
  switchboard cache clear home
  switchboard cache clear --context deployment")]
pub(super) struct Clear {
    /// The name of the server whose answers are dropped; without it those of all.
    #[arg(add = completion::servers())]
    server: Option<String>,
    /// Only the answers of tools that depend on this context, which has changed.
    #[arg(long, value_name = "NAME", conflicts_with = "server")]
    context: Option<String>,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Shown(Cleared);

impl Clear {
    /// Runs the verb.
    pub(super) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let node = control::node(context)?;
        let cleared = match &self.context {
            Some(changed) => node.change_context(changed).await?,
            None => node.clear_cache(self.server.as_deref()).await?,
        };
        context.terminal.show(&Shown(cleared))?;
        Ok(Exit::Done)
    }
}

impl Report for Shown {
    fn text(&self) -> Text {
        let answers = self.0.answers;
        let noun = if answers == 1 { "answer" } else { "answers" };
        Text::plain("dropped ").and(Tone::Strong, answers.to_string()).and(Tone::Plain, format!(" kept {noun}"))
    }
}
