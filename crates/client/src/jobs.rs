//! The words of the control API about jobs: calls that are finished without their callers.

use serde::{Deserialize, Serialize};

use crate::query;

/// One job in a list. `GET /jobs`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Its name.
    pub id: String,
    /// How it is: `pending`, `running`, `completed`, `failed`, `cancelled` or `outcome_unknown`.
    pub state: String,
    /// Why it is so, where that has to be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The tool as its caller named it.
    pub tool: String,
    /// Whose it is.
    pub owner: String,
    /// How often its call was begun.
    pub attempts: u32,
    /// Whether its call may be made again when nobody knows what became of it.
    pub repeatable: bool,
    /// When it was submitted, as RFC 3339 in UTC.
    pub created_at: String,
    /// When it last changed, as RFC 3339 in UTC.
    pub updated_at: String,
}

/// One job with all that is known of it. `GET /jobs/{id}`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobReport {
    /// What a list says of it.
    #[serde(flatten)]
    pub job: Job,
    /// The request as it came, without what needs a caller that waits.
    pub request: serde_json::Value,
    /// The answer of its server, if it was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<serde_json::Value>,
    /// Each time that its call was made, oldest first.
    pub history: Vec<Attempt>,
}

/// One time that the call of a job was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it began, as RFC 3339 in UTC.
    pub began_at: String,
    /// When it ended, as RFC 3339 in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// What became of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
}

/// Jobs that were forgotten. `POST /jobs/purge`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purged {
    /// How many.
    pub jobs: usize,
}

/// Which jobs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Jobs {
    /// Only in this state.
    pub state: Option<String>,
    /// Only of this principal.
    pub owner: Option<String>,
    /// Those that come after this one in the list, which begins with the newest.
    pub after: Option<String>,
    /// At most so many.
    pub count: Option<u32>,
}

impl Jobs {
    /// As the query of a request.
    pub(crate) fn query(&self) -> String {
        let count = self.count.map(|count| count.to_string());
        query::of([
            ("state", self.state.as_deref()),
            ("owner", self.owner.as_deref()),
            ("after", self.after.as_deref()),
            ("count", count.as_deref()),
        ])
    }
}
