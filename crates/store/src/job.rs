//! A job: one tool call that was accepted to be finished without its caller. The states it can be in, and what is kept of it.

use std::{fmt, str::FromStr};

use bytes::Bytes;

/// The name of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(pub u128);

impl fmt::Display for JobId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:032x}", self.0)
    }
}

/// A text that names no job.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a job is named by 32 hexadecimal digits")]
pub struct NoJobId;

impl FromStr for JobId {
    type Err = NoJobId;

    fn from_str(text: &str) -> Result<Self, NoJobId> {
        let is_plain = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_plain { u128::from_str_radix(text, 16).map(Self).map_err(|_| NoJobId) } else { Err(NoJobId) }
    }
}

/// How a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// It waits for its turn, or for its next attempt.
    Pending,
    /// Its call is under way.
    Running,
    /// Its call was answered.
    Completed,
    /// It failed, and will not be tried again by itself.
    Failed,
    /// Somebody cancelled it.
    Cancelled,
    /// Its call was under way when the process or the connection broke, and it may have had an effect.
    OutcomeUnknown,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::Running, Self::Completed, Self::Failed, Self::Cancelled, Self::OutcomeUnknown];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::OutcomeUnknown => "outcome_unknown",
        }
    }

    /// Whether nothing happens to it any more.
    pub fn is_end(self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }
}

/// A word that is no state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a state is one of pending, running, completed, failed, cancelled and outcome_unknown")]
pub struct NoState;

impl FromStr for State {
    type Err = NoState;

    fn from_str(word: &str) -> Result<Self, NoState> {
        Self::ALL.into_iter().find(|state| state.as_str() == word).ok_or(NoState)
    }
}

/// A job to be kept. Times are milliseconds since 1970.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// Its name.
    pub id: JobId,
    /// The principal it belongs to.
    pub owner: String,
    /// The path of the endpoint that its caller used.
    pub endpoint: String,
    /// The tool as its caller named it.
    pub tool: String,
    /// Whether its call may be made again when nobody knows what became of it.
    pub repeatable: bool,
    /// The request as it came.
    pub request: Bytes,
    /// When it was submitted.
    pub created_ms: u64,
    /// How long it is kept after its end.
    pub kept_ms: u64,
}

/// What is kept of a job beside its request and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its name.
    pub id: JobId,
    /// The principal it belongs to.
    pub owner: String,
    /// The path of the endpoint that its caller used.
    pub endpoint: String,
    /// The tool as its caller named it.
    pub tool: String,
    /// Whether its call may be made again when nobody knows what became of it.
    pub repeatable: bool,
    /// How it is.
    pub state: State,
    /// Why it is so, where that has to be said.
    pub reason: Option<String>,
    /// How often its call was begun since it was submitted or replayed.
    pub attempts: u32,
    /// When it was submitted.
    pub created_ms: u64,
    /// When it last changed.
    pub updated_ms: u64,
    /// From when on it may be begun.
    pub due_ms: u64,
    /// How long it is kept after its end.
    pub kept_ms: u64,
}

/// A job whose call is to be made now.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// The job, running.
    pub job: Job,
    /// The request as it came.
    pub request: Bytes,
}

/// One time that the call of a job was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// When it began.
    pub began_ms: u64,
    /// When it ended.
    pub ended_ms: Option<u64>,
    /// What became of it.
    pub outcome: Option<String>,
}

/// The answer of a job that was answered: the message as it came, and whether its server is of the modern era.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The message.
    pub answer: Bytes,
    /// The server that gave it.
    pub server: String,
    /// Whether that server is of the modern era.
    pub modern: bool,
}

/// What became of an attempt.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It was answered.
    Completed {
        /// What the server answered.
        answer: Ended,
        /// What the answer says of itself, where it says that the tool did not succeed.
        reason: Option<String>,
    },
    /// It failed for good; an answer that says so is kept.
    Failed {
        /// Why.
        reason: String,
        /// What the server answered, if it did.
        answer: Option<Ended>,
    },
    /// It failed and is tried again.
    Again {
        /// Why.
        reason: String,
        /// From when on.
        due_ms: u64,
    },
    /// Nobody knows whether it had an effect.
    Unknown {
        /// Why.
        reason: String,
    },
    /// It was cancelled while it ran.
    Cancelled {
        /// What that means.
        reason: String,
    },
}

impl Outcome {
    /// How the job is after it.
    pub fn state(&self) -> State {
        match self {
            Self::Completed { .. } => State::Completed,
            Self::Failed { .. } => State::Failed,
            Self::Again { .. } => State::Pending,
            Self::Unknown { .. } => State::OutcomeUnknown,
            Self::Cancelled { .. } => State::Cancelled,
        }
    }
}

/// Which jobs.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only of this principal.
    pub owner: Option<String>,
    /// Only in this state.
    pub state: Option<State>,
    /// Only those that come after this one in the list, which begins with the newest.
    pub after: Option<JobId>,
    /// At most so many.
    pub count_max: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_states_are_read_as_they_are_written() {
        for id in [0, 1, 0x0123_4567_89ab_cdef, u128::MAX].map(JobId) {
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        for wrong in ["", "1", "+0000000000000000000000000000001", "0000000000000000000000000000000g"] {
            assert_eq!(wrong.parse::<JobId>(), Err(NoJobId), "{wrong}");
        }
        for state in State::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
        }
        assert_eq!("done".parse::<State>(), Err(NoState));
    }
}
