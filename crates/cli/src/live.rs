//! How servers are at the running node, for verbs that show what is configured: where no node runs, nothing is said of it.

use std::collections::BTreeMap;
use std::time::Duration;

use client::{Server, State};
use tokio::time::timeout;

use crate::text::{Text, Tone};
use crate::{Context, control};

/// How long a node may take to answer: what is configured is shown in any case.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// The servers of the node that follows this configuration, by name; none where it does not run.
pub(crate) async fn servers(context: &Context<'_>) -> BTreeMap<String, Server> {
    let node = timeout(ANSWER_WITHIN, control::following(context)).await.ok().flatten();
    let servers = node.into_iter().flat_map(|(_, status)| status.servers);
    servers.map(|server| (server.name.clone(), server)).collect()
}

/// The state of a server, in its tone.
pub(crate) fn state(server: &Server) -> Text {
    let tone = match server.state {
        State::Running => Tone::Good,
        State::Degraded | State::Backoff => Tone::Doubtful,
        State::Failed | State::Misconfigured => Tone::Bad,
        State::Disabled | State::Stopped => Tone::Faint,
        State::Idle | State::Starting | State::Stopping => Tone::Plain,
    };
    Text::default().and(tone, server.state.to_string())
}

/// What else is known of it: since when, its era, its calls.
pub(crate) fn details(server: &Server) -> String {
    let since = server.since.iter().map(|since| format!("since {since}"));
    let era = server.era.iter().cloned();
    let calls = [(server.calls, "calls"), (server.calls_running as u64, "running")];
    let calls = calls.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    since.chain(era).chain(calls).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::{Server, State, details};

    #[test]
    fn only_what_is_known_is_told() {
        let fresh = Server {
            name: "git".to_owned(),
            state: State::Idle,
            reason: None,
            transport: "stdio".to_owned(),
            instances: 0,
            calls_running: 0,
            stale_lists: false,
            since: None,
            era: None,
            calls: 0,
            pool: None,
        };
        assert_eq!(details(&fresh), "");
        let (since, era) = (Some("2026-01-02T03:04:05Z".to_owned()), Some("modern".to_owned()));
        let busy = Server { since, era, calls: 7, calls_running: 1, ..fresh };
        assert_eq!(details(&busy), "since 2026-01-02T03:04:05Z, modern, 7 calls, 1 running");
    }
}
