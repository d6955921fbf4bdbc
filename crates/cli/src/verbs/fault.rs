//! `switchboard fault`: faults made on purpose at the running node, for a while. One file per thing that can be done with them.

mod add;
mod list;
mod remove;

use clap::{Args, Subcommand};
use client::FaultRule;

use crate::text::{Text, Tone};
use crate::{Context, Error, Exit};

/// Make calls late, fail or be lost on purpose for a while, to see what becomes of them.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard fault add git delay --ms 500 --for 600
  switchboard fault add 'search*' drop --percent 10 --principal ada --for 60
  switchboard fault list
  switchboard fault remove 3")]
pub struct Fault {
    #[command(subcommand)]
    verb: FaultVerb,
}

#[derive(Clone, Debug, Subcommand)]
enum FaultVerb {
    Add(add::Add),
    List(list::List),
    Remove(remove::Remove),
}

impl Fault {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        match &self.verb {
            FaultVerb::Add(add) => add.run(context).await,
            FaultVerb::List(list) => list.run(context).await,
            FaultVerb::Remove(remove) => remove.run(context).await,
        }
    }
}

/// A rule as one row.
fn cells(rule: &FaultRule) -> Vec<Text> {
    let effect = rule.delay_ms.map_or_else(|| rule.effect.clone(), |ms| format!("{} {ms} ms", rule.effect));
    let who = rule.principal.as_deref().unwrap_or("everybody");
    let about = format!("by {}, {} s left, met {} times", rule.by, rule.left_ms / 1_000, rule.met);
    vec![
        Text::default().and(Tone::Strong, rule.id.to_string()),
        Text::default().and(Tone::Doubtful, effect),
        Text::plain(format!("{} % of {} {}", rule.percent, rule.server, rule.tool)),
        Text::plain(who),
        Text::default().and(Tone::Faint, about),
    ]
}
