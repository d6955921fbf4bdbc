//! `switchboard cache stats`: what the running node keeps of answers, and what that was worth.

use clap::Args;
use client::{CacheCounts, CacheStatus, CachedTool};
use serde::Serialize;

use crate::text::{Text, Tone};
use crate::{Context, Error, Exit, Report, control};

/// Say what the running node keeps of answers, and what that was worth.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard cache stats
  switchboard cache stats --json")]
pub(super) struct Stats {}

#[derive(Serialize)]
#[serde(transparent)]
struct Shown(CacheStatus);

impl Stats {
    /// Runs the verb.
    pub(super) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        context.terminal.show(&Shown(control::node(context)?.cache().await?))?;
        Ok(Exit::Done)
    }
}

impl Report for Shown {
    fn text(&self) -> Text {
        let status = &self.0;
        let mut lines = vec![
            Text::default().and(Tone::Strong, status.answers.to_string()).and(
                Tone::Plain,
                format!(" answers in {} of {} KiB", status.memory_bytes / 1024, status.memory_bytes_max / 1024),
            ),
            Text::plain(worth(&status.total)),
        ];
        if !status.tools.is_empty() {
            lines.push(Text::table(&status.tools.iter().map(row).collect::<Vec<_>>()));
        }
        Text::lines(lines)
    }
}

fn row(tool: &CachedTool) -> Vec<Text> {
    vec![
        Text::default().and(Tone::Strong, format!("{}:{}", tool.server, tool.tool)),
        Text::plain(format!("{} kept", tool.answers)),
        Text::plain(worth(&tool.counts)),
        Text::default().and(Tone::Faint, tool.advice.as_deref().unwrap_or_default()),
    ]
}

/// What keeping answers was worth, in words.
fn worth(counts: &CacheCounts) -> String {
    let Some(percent) = counts.hit_percent else { return "no call yet".to_owned() };
    let stale = if counts.stale > 0 { format!(", {} of them stale", counts.stale) } else { String::new() };
    format!("{} hits ({percent:.0} %){stale}, {} misses, {} ms saved", counts.hits, counts.misses, counts.saved_ms)
}
