//! `GET /servers/{name}/logs`: what a server's processes wrote to stderr, and what they write from now on.

use std::sync::Arc;
use std::time::Duration;

use client::LogLine;
use futures_util::stream::{self, StreamExt};
use gateway::moment;
use gateway::upstream::Upstream;
use supervisor::Entry;

use crate::Api;
use crate::reply::{Outcome, lines};
use crate::servers::running;

/// Lines that are given when nobody says how many.
const LINES: usize = 100;
/// Lines that are looked at for new ones: more than a server's ring is asked for at once.
const LINES_MAX: usize = 10_000;
/// How often somebody who follows is told.
const TELL: Duration = Duration::from_millis(200);

/// Streams the log of one server.
pub(crate) fn of_server(api: &Api, name: &str, query: &str) -> Outcome {
    let upstream = running(api, name)?;
    let wanted = option(query, "lines").and_then(|count| count.parse().ok()).unwrap_or(LINES).min(LINES_MAX);
    let first = upstream.log_tail(wanted);
    let last = upstream.log_tail(1).pop();
    let following = option(query, "follow") == Some("true");
    let rest =
        stream::unfold((upstream, last), next).flat_map(stream::iter).take_while(move |_| async move { following });
    let rest = if following { rest.boxed() } else { stream::empty().boxed() };
    Ok(lines(stream::iter(first).chain(rest).map(line)))
}

/// Waits until there are new lines.
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
    LogLine { at: moment::rfc3339(entry.at), text: entry.text }
}

/// The value of an option in a query.
fn option<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::{Entry, newer, option};

    #[test]
    fn only_new_lines_are_told() {
        let entry = |second, text: &str| Entry { at: UNIX_EPOCH + Duration::from_secs(second), text: text.to_owned() };
        let lines = vec![entry(1, "a"), entry(2, "b"), entry(3, "b")];
        assert_eq!(newer(lines.clone(), Some(&entry(2, "b"))), [entry(3, "b")]);
        assert_eq!(newer(lines.clone(), Some(&entry(0, "gone"))), lines);
        assert_eq!(newer(lines.clone(), None), lines);
    }

    #[test]
    fn options_of_a_query_are_found_by_name() {
        assert_eq!(option("lines=7&follow=true", "follow"), Some("true"));
        assert_eq!(option("", "lines"), None);
    }
}
