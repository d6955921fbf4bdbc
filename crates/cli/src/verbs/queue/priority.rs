//! `switchboard queue priority`: a waiting call of the running node made more or less urgent.

use clap::{Args, builder::PossibleValuesParser};
use client::QueuedCall;
use serde::Serialize;

use crate::text::{Text, Tone};
use crate::{Context, Error, Exit, Report, control};

/// Make a waiting call more or less urgent.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard queue priority 417 HIGH")]
pub(super) struct Priority {
    /// The number of the call, as `queue list` shows it.
    call: u64,
    /// How urgent it is from now on.
    #[arg(value_parser = PossibleValuesParser::new(CLASSES), ignore_case = true)]
    class: String,
}

/// The classes, the most urgent first.
const CLASSES: [&str; 5] = ["CRITICAL", "HIGH", "MEDIUM", "LOW", "BULK"];

#[derive(Serialize)]
#[serde(transparent)]
struct Moved(QueuedCall);

impl Priority {
    /// Runs the verb.
    pub(super) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let moved = Moved(control::node(context)?.prioritise_call(self.call, &self.class).await?);
        context.terminal.show(&moved)?;
        Ok(Exit::Done)
    }
}

impl Report for Moved {
    fn text(&self) -> Text {
        let Self(call) = self;
        let ahead = call.ahead.map(|ahead| format!(", with {ahead} ahead")).unwrap_or_default();
        Text::plain("the call ")
            .and(Tone::Strong, call.id.to_string())
            .and(Tone::Faint, format!(" is {} now{ahead}", call.priority))
    }
}
