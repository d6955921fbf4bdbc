//! `switchboard config diff`: what differs between a configuration of the past and the file as it is.

use clap::Args;
use config::{Difference, Plan, differences, plan};
use serde::Serialize;
use serde_json::Value;

use crate::text::{Text, Tone};
use crate::{Context, Error, Exit, Report};

/// Say what differs between a configuration of the past and the file as it is, and what that means.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard config diff
  switchboard config diff 12")]
pub(super) struct Diff {
    /// The number of the one of the past, as `config history` lists it; the newest, if not given.
    number: Option<u64>,
}

#[derive(Serialize)]
struct Compared {
    number: u64,
    differences: Vec<Difference>,
    plan: Plan,
}

impl Diff {
    /// Runs the verb.
    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let record = super::record(self.number, context)?;
        let now = context.options.settings.load()?;
        let environment = |name: &str| std::env::var(name).ok();
        let then = config::parse_with_stored(&record.text, &record.stored, &environment).config;
        let alone = config::parse_with_stored(&now.text, &now.stored, &environment).config;
        let mut found = differences(&record.text, &now.text)?;
        found.extend(differences(&record.stored, &now.stored)?);
        context.terminal.show(&Compared { number: record.number, differences: found, plan: plan(&then, &alone) })?;
        Ok(Exit::Done)
    }
}

impl Report for Compared {
    fn text(&self) -> Text {
        let side = |tone, sign: &str, one: &Difference, value: &Option<Value>| {
            value.as_ref().map(|value| Text::default().and(tone, format!("{sign} {} = {value}", one.key)))
        };
        let lines = self.differences.iter().flat_map(|one| {
            [side(Tone::Bad, "-", one, &one.old), side(Tone::Good, "+", one, &one.new)].into_iter().flatten()
        });
        let told = format!("since configuration {}: {}", self.number, self.plan);
        Text::lines(lines.chain([Text::default().and(Tone::Faint, told)]))
    }
}
