//! Why a call of a tool failed, with the code and the hint that the model is given.
//! Failures of loading an API are [`Error`](crate::Error).

use std::time::Duration;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// An argument is missing, unknown, of the wrong type or of a value that cannot be sent.
    #[error("{message}")]
    Argument {
        /// The argument, as a path such as `filter.name`.
        field: String,
        /// What is wrong with it.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// The API answered with an error.
    #[error("{message}")]
    Refused {
        /// What was asked and what came back.
        message: String,
        /// What to do.
        hint: String,
        /// What the API said, cut.
        said: String,
        /// Whether a later try may succeed.
        retryable: bool,
    },
    /// The API could not be reached; nothing was sent.
    #[error("the api could not be reached")]
    Unreachable(#[source] egress::Error),
    /// The connection was lost after the request may have left.
    #[error("the connection to the api was lost before its answer was complete")]
    Lost(#[source] Option<egress::Error>),
    /// The answer did not come in time.
    #[error("no answer within {} s", limit.as_secs())]
    Timeout {
        /// The time that was allowed.
        limit: Duration,
    },
    /// The answer is larger than allowed.
    #[error("the answer is larger than {bytes_max} bytes")]
    TooLarge {
        /// The bytes allowed.
        bytes_max: usize,
    },
    /// The answer is not what the API promised.
    #[error("the api answered with {0}")]
    Garbled(String),
}

impl Failure {
    /// A problem with an argument.
    pub(crate) fn argument(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Argument { field: field.into(), message: message.into(), hint: None }
    }

    /// The code of the contract's table of errors.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Argument { .. } => "INVALID_INPUT",
            Self::Refused { .. } | Self::Garbled(_) => "UPSTREAM_ERROR",
            Self::Unreachable(_) => "UNAVAILABLE",
            Self::Lost(_) => "OUTCOME_UNKNOWN",
            Self::Timeout { .. } => "TIMEOUT",
            Self::TooLarge { .. } => "TOO_LARGE",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Argument { hint, .. } => hint.as_deref(),
            Self::Refused { hint, .. } => Some(hint),
            Self::Unreachable(_) => Some("check the address of the api and whether it runs; nothing was sent"),
            Self::Lost(_) | Self::Timeout { .. } => Some("the call may have had its effect: look before repeating it"),
            Self::TooLarge { .. } => Some("ask for less: a page, a filter, fewer fields"),
            Self::Garbled(_) => Some("check whether the address really is this api"),
        }
    }

    /// Whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Refused { retryable, .. } => *retryable,
            _ => false,
        }
    }
}
