//! `switchboard config history`: the configurations that were in force.

use std::time::{Duration, UNIX_EPOCH};

use clap::Args;
use config::history::Record;
use serde::Serialize;

use crate::text::{Text, Tone};
use crate::{Context, Error, Exit, Report};

/// List the configurations that were in force, the newest first.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard config history
  switchboard config history --limit 5 --json")]
pub(super) struct History {
    /// How many at most.
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    limit: usize,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Rows(Vec<Row>);

#[derive(Serialize)]
struct Row {
    number: u64,
    at: String,
    origin: String,
    summary: String,
}

impl History {
    /// Runs the verb.
    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let mut records = super::past(context)?.list()?;
        records.truncate(self.limit);
        if records.is_empty() {
            context.terminal.say("no node has used this configuration yet");
        }
        context.terminal.show(&Rows(records.into_iter().map(Row::of).collect()))?;
        Ok(Exit::Done)
    }
}

impl Row {
    fn of(record: Record) -> Self {
        let at = gateway::moment::rfc3339(UNIX_EPOCH + Duration::from_secs(record.at_unix_s));
        Self { number: record.number, at, origin: record.origin, summary: record.summary }
    }
}

impl Report for Rows {
    fn text(&self) -> Text {
        let row = |row: &Row| {
            let number = Text::default().and(Tone::Strong, row.number.to_string());
            vec![number, Text::plain(&row.at), Text::default().and(Tone::Faint, &row.origin), Text::plain(&row.summary)]
        };
        Text::table(&self.0.iter().map(row).collect::<Vec<_>>())
    }
}
