//! `/logs` and `/servers/{name}/logs`: what the node says of itself, what a server's processes wrote to stderr, and what
//! they say from now on.

use std::sync::Arc;
use std::time::Duration;

use client::LogLine;
use futures_util::stream::{self, Stream, StreamExt};
use gateway::moment;
use gateway::upstream::Upstream;
use http::StatusCode;
use supervisor::Entry;
use telemetry::{Journal, Level, Line};
use url::form_urlencoded;

use crate::Api;
use crate::reply::{Outcome, lines, problem};
use crate::servers::running;

/// Lines that are given when nobody says how many.
const LINES: usize = 100;
/// Lines that are looked at for new ones: more than a ring is asked for at once.
const LINES_MAX: usize = 10_000;
/// How often somebody who follows is told.
const TELL: Duration = Duration::from_millis(200);

/// Which lines somebody wants to see.
#[derive(Clone, Debug, PartialEq)]
struct Wanted {
    lines: usize,
    follow: bool,
    /// The least important level.
    level: Level,
    /// What stands in each of them.
    search: String,
}

/// Streams the node's own log.
pub(crate) fn of_node(api: &Api, query: &str) -> Outcome {
    let wanted = Wanted::read(query)?;
    let journal = api.configuration.log().journal().clone();
    let before = journal.newest();
    let first = journal.after(0, wanted.lines, |line| wanted.takes_own(line));
    let last = first.last().map_or(before, |line| line.number.max(before));
    let takes = wanted.clone();
    let rest = stream::unfold((journal, last), next_own).flat_map(stream::iter);
    let rest = rest.filter(move |line| std::future::ready(takes.takes_own(line)));
    Ok(stream_of(first.into_iter().map(own_line), rest.map(own_line), wanted.follow))
}

/// Streams the log of one server.
pub(crate) fn of_server(api: &Api, name: &str, query: &str) -> Outcome {
    let wanted = Wanted::read(query)?;
    let upstream = running(api, name)?;
    let all = upstream.log_tail(LINES_MAX);
    let last = all.last().cloned();
    let mut first: Vec<Entry> = all.into_iter().filter(|entry| wanted.takes(&entry.text)).collect();
    let first = first.split_off(first.len().saturating_sub(wanted.lines));
    let takes = wanted.clone();
    let rest = stream::unfold((upstream, last), next).flat_map(stream::iter);
    let rest = rest.filter(move |entry| std::future::ready(takes.takes(&entry.text)));
    Ok(stream_of(first.into_iter().map(line), rest.map(line), wanted.follow))
}

/// The lines there are, and those to come if they are wanted.
fn stream_of(
    first: impl Iterator<Item = LogLine> + Send + 'static,
    rest: impl Stream<Item = LogLine> + Send + 'static,
    follow: bool,
) -> crate::reply::Reply {
    let first = stream::iter(first);
    if follow { lines(first.chain(rest)) } else { lines(first) }
}

/// Waits until the node says something.
async fn next_own((journal, last): (Journal, u64)) -> Option<(Vec<Line>, (Journal, u64))> {
    loop {
        tokio::time::sleep(TELL).await;
        let fresh = journal.after(last, LINES_MAX, |_| true);
        if let Some(newest) = fresh.last().map(|line| line.number) {
            return Some((fresh, (journal, newest)));
        }
    }
}

/// Waits until the server has written something.
async fn next(
    (upstream, last): (Arc<Upstream>, Option<Entry>),
) -> Option<(Vec<Entry>, (Arc<Upstream>, Option<Entry>))> {
    loop {
        tokio::time::sleep(TELL).await;
        let fresh = newer(upstream.log_tail(LINES_MAX), last.as_ref());
        if let Some(newest) = fresh.last().cloned() {
            return Some((fresh, (upstream, Some(newest))));
        }
    }
}

/// The lines after `last`; all of them, where `last` is not there any more.
fn newer(mut lines: Vec<Entry>, last: Option<&Entry>) -> Vec<Entry> {
    match last.and_then(|last| lines.iter().rposition(|line| line == last)) {
        Some(known) => lines.split_off(known + 1),
        None => lines,
    }
}

fn line(entry: Entry) -> LogLine {
    LogLine { at: moment::rfc3339(entry.at), text: entry.text, level: None, part: None }
}

fn own_line(line: Line) -> LogLine {
    let level = Some(line.level.to_string().to_lowercase());
    LogLine { at: moment::rfc3339(line.at), text: line.text, level, part: Some(line.target) }
}

impl Wanted {
    fn read(query: &str) -> Result<Self, client::Problem> {
        let mut wanted = Self { lines: LINES, follow: false, level: Level::TRACE, search: String::new() };
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*key {
                "lines" => wanted.lines = value.parse().unwrap_or(LINES).min(LINES_MAX),
                "follow" => wanted.follow = value == "true",
                "level" => wanted.level = value.parse().map_err(|_| no_level(&value))?,
                "search" => wanted.search = value.to_lowercase(),
                _ => {}
            }
        }
        Ok(wanted)
    }

    fn takes_own(&self, line: &Line) -> bool {
        // The least important level is the greatest.
        line.level <= self.level && (self.takes(&line.text) || self.takes(&line.target))
    }

    fn takes(&self, text: &str) -> bool {
        self.search.is_empty() || text.to_lowercase().contains(&self.search)
    }
}

fn no_level(word: &str) -> client::Problem {
    let mut refused = problem(StatusCode::BAD_REQUEST, "INVALID_INPUT", format!("`{word}` is no level"));
    refused.hint = Some("one of error, warn, info, debug, trace".to_owned());
    refused
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn only_new_lines_are_told() {
        let entry = |second, text: &str| Entry { at: UNIX_EPOCH + Duration::from_secs(second), text: text.to_owned() };
        let lines = vec![entry(1, "a"), entry(2, "b"), entry(3, "b")];
        assert_eq!(newer(lines.clone(), Some(&entry(2, "b"))), [entry(3, "b")]);
        assert_eq!(newer(lines.clone(), Some(&entry(0, "gone"))), lines);
        assert_eq!(newer(lines.clone(), None), lines);
    }

    #[test]
    fn what_is_wanted_stands_in_the_query() {
        let check = |query: &str, lines, follow, level, search: &str| {
            let expected = Wanted { lines, follow, level, search: search.to_owned() };
            assert_eq!(Wanted::read(query).unwrap(), expected, "{query}");
        };
        check("", LINES, false, Level::TRACE, "");
        check("lines=7&follow=true&level=warn&search=Two%20words", 7, true, Level::WARN, "two words");
        check("lines=99999999&follow=no", LINES_MAX, false, Level::TRACE, "");
        assert_eq!(Wanted::read("level=loud").unwrap_err().detail, "`loud` is no level");
    }

    #[test]
    fn line_is_wanted_by_its_level_and_what_it_says() {
        let wanted = Wanted::read("level=warn&search=disk").unwrap();
        let line = |level, target: &str, text: &str| Line {
            number: 1,
            at: UNIX_EPOCH,
            level,
            target: target.to_owned(),
            text: text.to_owned(),
        };
        assert!(wanted.takes_own(&line(Level::ERROR, "gateway", "the Disk is full")));
        assert!(wanted.takes_own(&line(Level::WARN, "disk", "slow")));
        assert!(!wanted.takes_own(&line(Level::INFO, "gateway", "the disk is there")));
        assert!(!wanted.takes_own(&line(Level::ERROR, "gateway", "no memory")));
    }
}
