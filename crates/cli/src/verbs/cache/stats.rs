//! `switchboard cache stats`: what the running node keeps of answers, and what that was worth.

use clap::Args;
use client::{CacheCounts, CacheStatus, CachedTool, ListCopies, SharedCache, SharedState};
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
        let bytes = format!(" in {} of {} KiB", status.memory_bytes / 1024, status.memory_bytes_max / 1024);
        let mut lines = vec![
            Text::default().and(Tone::Strong, counted(status.answers, "answer", "answers")).and(Tone::Plain, bytes),
            Text::plain(worth(&status.total)),
        ];
        lines.extend(before(&status.lists));
        lines.extend(status.shared.as_ref().map(together));
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
    let (hits, misses) = (counted(counts.hits, "hit", "hits"), counted(counts.misses, "miss", "misses"));
    format!("{hits} ({percent:.0} %){stale}, {misses}, {} ms saved{}", counts.saved_ms, warmed(counts))
}

/// What became of answers that were fetched before anybody asked, in words.
fn warmed(counts: &CacheCounts) -> String {
    let CacheCounts { warmed, warmed_used, warmed_wasted, .. } = counts;
    if *warmed == 0 { String::new() } else { format!(", {warmed} warmed: {warmed_used} used, {warmed_wasted} wasted") }
}

/// Which lists are those of before the start, in words.
fn before(lists: &ListCopies) -> Option<Text> {
    let stale = (!lists.stale.is_empty())
        .then(|| format!("not heard since the start, shown as they were before: {}", lists.stale.join(", ")));
    let dropped = (lists.dropped > 0).then(|| counted(lists.dropped, "list", "lists") + " on disk could not be read");
    let said: Vec<String> = stale.into_iter().chain(dropped).collect();
    (!said.is_empty()).then(|| Text::default().and(Tone::Doubtful, said.join("; ")))
}

/// What several nodes keep together, in words.
fn together(shared: &SharedCache) -> Text {
    let (state, tone) = match shared.state {
        SharedState::Up => ("shared with other nodes", Tone::Plain),
        SharedState::Slow => ("shared, but answers come too late", Tone::Doubtful),
        SharedState::Down => ("not shared for now: no connection", Tone::Doubtful),
    };
    let counts = format!(
        ": {} found, {} written, {} unreadable, {} unanswered",
        shared.found, shared.written, shared.unreadable, shared.unanswered
    );
    Text::default().and(tone, state).and(Tone::Plain, counts)
}

/// A number and what it counts.
fn counted(count: u64, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}
