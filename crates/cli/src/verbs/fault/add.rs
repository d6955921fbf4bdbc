//! `switchboard fault add`: a rule by which faults are made.

use clap::{Args, builder::PossibleValuesParser};
use client::{FaultRule, NewFault};
use serde::Serialize;

use super::cells;
use crate::text::Text;
use crate::{Context, Error, Exit, Report, completion, control};

/// Make faults on purpose from now on. The rule ends by itself, and with the node; answers and the log say what was made.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard fault add git delay --ms 500 --for 600
  switchboard fault add git error --tool 'log*' --for 60
  switchboard fault add '*' drop --percent 10 --for 60")]
pub(super) struct Add {
    /// A glob over the servers whose calls meet the fault.
    #[arg(add = completion::servers())]
    server: String,
    /// What they meet: they are sent later, find their server out of reach, or are lost.
    #[arg(value_parser = PossibleValuesParser::new(["delay", "error", "drop"]))]
    effect: String,
    /// How late they are sent, for `delay`.
    #[arg(long, value_name = "MILLISECONDS", required_if_eq("effect", "delay"))]
    ms: Option<u64>,
    /// A glob over the tools, by their own names; without it, all that is sent to the servers.
    #[arg(long, value_name = "GLOB")]
    tool: Option<String>,
    /// Only calls of this principal.
    #[arg(long, value_name = "NAME")]
    principal: Option<String>,
    /// How many calls of a hundred; without it, all.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=100))]
    percent: Option<u32>,
    /// For how many seconds, an hour at the most.
    #[arg(long = "for", value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3_600))]
    for_s: u64,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Added(FaultRule);

impl Add {
    /// Runs the verb.
    pub(super) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let fault = NewFault {
            server: self.server.clone(),
            tool: self.tool.clone(),
            principal: self.principal.clone(),
            percent: self.percent,
            effect: self.effect.clone(),
            delay_ms: self.ms,
            for_s: self.for_s,
        };
        let added = Added(control::node(context)?.add_fault(&fault).await?);
        context.terminal.show(&added)?;
        Ok(Exit::Done)
    }
}

impl Report for Added {
    fn text(&self) -> Text {
        Text::table(&[cells(&self.0)])
    }
}
