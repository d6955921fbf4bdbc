//! `switchboard queue list`: the calls of the running node.

use clap::Args;
use client::{CallState, Calls, QueuedCall};
use serde::Serialize;

use crate::text::{Text, Tone};
use crate::{Context, Error, Exit, Report, completion, control};

/// List the calls that wait and run, oldest first, or the newest that have ended.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard queue list
  switchboard queue list --server git --state failed")]
pub(super) struct List {
    /// Only those for this server.
    #[arg(long, value_name = "NAME", add = completion::servers())]
    server: Option<String>,
    /// Only those of this principal.
    #[arg(long, value_name = "NAME")]
    principal: Option<String>,
    /// Only those in this state; without it, those that have not ended.
    #[arg(long, value_name = "STATE", value_parser = STATES)]
    state: Option<String>,
    /// How many at most.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=1_000))]
    count: Option<u16>,
}

/// The states that a call can be in.
const STATES: [&str; 6] = ["pending", "processing", "completed", "failed", "timeout", "cancelled"];

#[derive(Serialize)]
#[serde(transparent)]
struct Listed(Vec<QueuedCall>);

impl List {
    /// Runs the verb.
    pub(super) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let wanted = Calls {
            server: self.server.clone(),
            principal: self.principal.clone(),
            state: self.state.as_deref().and_then(|state| state.parse().ok()),
            count: self.count.map(usize::from),
        };
        let calls = control::node(context)?.queue(&wanted).await?;
        if calls.is_empty() {
            context.terminal.say("there are no such calls");
        }
        context.terminal.show(&Listed(calls))?;
        Ok(Exit::Done)
    }
}

impl Report for Listed {
    fn text(&self) -> Text {
        Text::table(&self.0.iter().map(cells).collect::<Vec<_>>())
    }
}

fn cells(call: &QueuedCall) -> Vec<Text> {
    let tone = match call.state {
        CallState::Processing | CallState::Completed => Tone::Good,
        CallState::Failed | CallState::Timeout => Tone::Bad,
        CallState::Pending | CallState::Cancelled => Tone::Faint,
    };
    let about = match (&call.waits_for, call.ahead) {
        (Some(hold), Some(ahead)) => format!("{ahead} ahead, waits for {hold}"),
        (Some(hold), None) => format!("waits for {hold}"),
        _ => format!("waited {} ms, ran {} ms", call.waited_ms, call.ran_ms),
    };
    vec![
        Text::default().and(Tone::Strong, call.id.to_string()),
        Text::default().and(tone, call.state.to_string()),
        Text::plain(&call.priority),
        Text::plain(format!("{} {}", call.server, call.tool)),
        Text::plain(&call.principal),
        Text::default().and(Tone::Faint, about),
    ]
}
