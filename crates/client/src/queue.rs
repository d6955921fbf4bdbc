//! The words of the control API about calls that wait, run and have ended.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::query;

/// One call: who makes it and what becomes of it, never what it says. `GET /queue`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuedCall {
    /// Its number.
    pub id: u64,
    /// The server it is for.
    pub server: String,
    /// What is called, in the server's own word; empty for methods that name nothing.
    pub tool: String,
    /// Who makes it.
    pub principal: String,
    /// How urgent it is: `CRITICAL`, `HIGH`, `MEDIUM`, `LOW` or `BULK`.
    pub priority: String,
    /// What it is doing.
    pub state: CallState,
    /// When it came, as RFC 3339 in UTC.
    pub at: String,
    /// How long it waited.
    pub waited_ms: u64,
    /// How long it ran.
    pub ran_ms: u64,
    /// Calls that start before it, while it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ahead: Option<u32>,
    /// How long that will take, as far as anybody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_ms: Option<u64>,
    /// What keeps it from going on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
}

/// What a call is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    /// It waits for its turn.
    Pending,
    /// It runs.
    Processing,
    /// It had an answer.
    Completed,
    /// It had none.
    Failed,
    /// Its deadline passed.
    Timeout,
    /// Somebody gave it up, or ended it.
    Cancelled,
}

/// A word that is no state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the state must be one of pending, processing, completed, failed, timeout, cancelled")]
pub struct UnknownState;

/// Which calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// Only those for this server.
    pub server: Option<String>,
    /// Only those of this principal.
    pub principal: Option<String>,
    /// Only those in this state; without it, those that have not ended.
    pub state: Option<CallState>,
    /// At most so many.
    pub count: Option<usize>,
}

impl CallState {
    const ALL: [Self; 6] =
        [Self::Pending, Self::Processing, Self::Completed, Self::Failed, Self::Timeout, Self::Cancelled];

    /// Whether the call has ended.
    pub fn is_end(self) -> bool {
        !matches!(self, Self::Pending | Self::Processing)
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for CallState {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for CallState {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, UnknownState> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(UnknownState)
    }
}

impl Calls {
    /// As the query of a request.
    pub(crate) fn query(&self) -> String {
        let (state, count) = (self.state.map(|state| state.to_string()), self.count.map(|count| count.to_string()));
        query::of([
            ("server", self.server.as_deref()),
            ("principal", self.principal.as_deref()),
            ("state", state.as_deref()),
            ("count", count.as_deref()),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_as_it_is_written() {
        for state in CallState::ALL {
            assert_eq!(state.to_string().parse(), Ok(state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.to_string());
        }
        assert_eq!("waiting".parse::<CallState>(), Err(UnknownState));
    }

    #[test]
    fn a_name_cannot_become_another_filter() {
        let calls = Calls { principal: Some("a&state=failed".to_owned()), ..Calls::default() };
        assert_eq!(calls.query(), "principal=a%26state%3Dfailed");
    }
}
