//! What a list says of a server with which something is wrong: `_meta["dev.switchboard/servers"]`. A server that is well
//! is not mentioned.

use std::time::SystemTime;

use supervisor::backoff::State;

use super::Part;
use crate::{moment::rfc3339, upstream::Status};

/// One server's line in the list of those with which something is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Notice {
    state: String,
    reason: String,
    /// Since when the server is in this state.
    since: Option<SystemTime>,
    /// Since when its part of the list has not been read anew.
    stale_since: Option<SystemTime>,
    hint: &'static str,
}

impl Notice {
    /// What is to be said of a server that is like this and whose part of the catalogue is `part`, if anything.
    pub(super) fn of(status: &Status, part: &Part) -> Option<Self> {
        Self::of_state(&status.state, status.since, part)
    }

    fn of_state(state: &State, since: SystemTime, part: &Part) -> Option<Self> {
        let reason = part.failed.as_deref().or_else(|| state.reason())?;
        let hint = hint(state, part);
        let state = match state {
            // it answers, but not with its lists
            State::Running | State::Stopped if part.is_copy => "stale".to_owned(),
            State::Running | State::Stopped => "degraded".to_owned(),
            state => state.to_string(),
        };
        let stale_since = part.read_at.filter(|_| part.failed.is_some());
        Some(Self { state, reason: reason.to_owned(), since: Some(since), stale_since, hint })
    }

    /// A name that is not shown because of another, and what they have in common.
    pub(super) fn shadowed(reason: &str) -> Self {
        let hint = "rename one of the two in its server's section, or give that another prefix";
        Self { state: "shadowed".to_owned(), reason: reason.to_owned(), since: None, stale_since: None, hint }
    }

    /// As the value that clients read.
    pub(super) fn as_json(&self) -> serde_json::Value {
        let mut json = serde_json::json!({ "state": self.state, "reason": self.reason });
        for (name, at) in [("since", self.since), ("stale_since", self.stale_since)] {
            if let Some(at) = at {
                json[name] = rfc3339(at).into();
            }
        }
        json["hint"] = self.hint.into();
        json
    }
}

/// What to do about a server in this state.
fn hint(state: &State, part: &Part) -> &'static str {
    match state {
        State::Starting => "ask again in a moment: it is starting",
        State::Backoff { .. } | State::Failed { .. } => {
            "it is tried again by itself; `switchboard logs` says what went wrong"
        }
        _ if part.has_lists() => "what it said before is shown; it is asked again by itself",
        _ => "ask again in a moment: it is asked again by itself",
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant, UNIX_EPOCH};

    use serde_json::json;

    use super::*;

    fn check(state: &State, failed: Option<&str>, read: bool, expected: &serde_json::Value) {
        let mut part = Part::unread(None, Instant::now(), String::new());
        part.failed = failed.map(str::to_owned);
        part.read_at = read.then(|| UNIX_EPOCH + Duration::from_mins(1));
        let said = Notice::of_state(state, UNIX_EPOCH, &part).map_or(json!(null), |notice| notice.as_json());
        assert_eq!(said, *expected);
    }

    #[test]
    fn only_a_server_with_which_something_is_wrong_is_mentioned() {
        let noisy = State::Degraded { reason: "noise".to_owned() };
        check(&State::Running, None, true, &json!(null));
        check(&State::Stopped, None, true, &json!(null));
        let (start, later) = ("1970-01-01T00:00:00Z", "ask again in a moment: it is asked again by itself");
        check(&noisy, None, true, &json!({"state": "degraded", "reason": "noise", "since": start, "hint": later}));
        let soon = "ask again in a moment: it is starting";
        let starting = json!({"state": "starting", "reason": "slow", "since": start, "hint": soon});
        check(&State::Starting, Some("slow"), false, &starting);
        let stale = json!({
            "state": "degraded", "reason": "no list", "since": start, "stale_since": "1970-01-01T00:01:00Z", "hint": later,
        });
        check(&State::Running, Some("no list"), true, &stale);
    }
}
