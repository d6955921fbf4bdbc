//! What a list says of a server with which something is wrong: `_meta["dev.switchboard/servers"]`. A server that is well
//! is not mentioned.

use std::time::SystemTime;

use supervisor::backoff::State;

use super::Part;
use crate::moment::rfc3339;

/// One server's line in the list of those with which something is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Notice {
    state: String,
    reason: String,
    /// Since when its part of the list has not been read anew.
    stale_since: Option<SystemTime>,
}

impl Notice {
    /// What is to be said of a server in this state whose part of the catalogue is `part`, if anything.
    pub(super) fn of(state: &State, part: &Part) -> Option<Self> {
        let reason = part.failed.as_deref().or_else(|| state.reason())?;
        let state = match state {
            // it answers, but not with its lists
            State::Running | State::Stopped if part.is_copy => "stale".to_owned(),
            State::Running | State::Stopped => "degraded".to_owned(),
            state => state.to_string(),
        };
        let stale_since = part.read_at.filter(|_| part.failed.is_some());
        Some(Self { state, reason: reason.to_owned(), stale_since })
    }

    /// A name that is not shown because of another, and what they have in common.
    pub(super) fn shadowed(reason: &str) -> Self {
        Self { state: "shadowed".to_owned(), reason: reason.to_owned(), stale_since: None }
    }

    /// As the value that clients read.
    pub(super) fn as_json(&self) -> serde_json::Value {
        let mut json = serde_json::json!({ "state": self.state, "reason": self.reason });
        if let Some(since) = self.stale_since {
            json["stale_since"] = rfc3339(since).into();
        }
        json
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
        let said = Notice::of(state, &part).map_or(serde_json::Value::Null, |notice| notice.as_json());
        assert_eq!(said, *expected);
    }

    #[test]
    fn only_a_server_with_which_something_is_wrong_is_mentioned() {
        let noisy = State::Degraded { reason: "noise".to_owned() };
        check(&State::Running, None, true, &json!(null));
        check(&State::Stopped, None, true, &json!(null));
        check(&noisy, None, true, &json!({"state": "degraded", "reason": "noise"}));
        check(&State::Starting, Some("slow"), false, &json!({"state": "starting", "reason": "slow"}));
        let stale = json!({"state": "degraded", "reason": "no list", "stale_since": "1970-01-01T00:01:00Z"});
        check(&State::Running, Some("no list"), true, &stale);
    }
}
