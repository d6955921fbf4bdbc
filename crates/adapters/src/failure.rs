//! Why a call of a tool failed, with the code and the hint that the model is given.
//! Failures of loading an API are [`Error`](crate::Error).

use std::error::Error;
use std::time::Duration;

use toolkit::Code;

/// Time after which an API that could not be reached may be tried again.
const UNREACHABLE_RETRY_MS: u64 = 1_000;

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
        /// After how many milliseconds a later try may succeed.
        retry_after_ms: Option<u64>,
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

    /// What kind of failure it is.
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Argument { .. } => Code::InvalidInput,
            Self::Refused { .. } | Self::Garbled(_) => Code::UpstreamError,
            Self::Unreachable(_) => Code::Unavailable,
            Self::Lost(_) => Code::OutcomeUnknown,
            Self::Timeout { .. } => Code::Timeout,
            Self::TooLarge { .. } => Code::TooLarge,
        }
    }

    /// What to do about it.
    fn hint(&self) -> Option<&str> {
        match self {
            Self::Argument { hint, .. } => hint.as_deref(),
            Self::Refused { hint, .. } => Some(hint),
            Self::Unreachable(_) => Some("check the address of the api and whether it runs; nothing was sent"),
            Self::Lost(_) | Self::Timeout { .. } => Some("the call may have had its effect: look before repeating it"),
            Self::TooLarge { .. } => Some("ask for less: a page, a filter, fewer fields"),
            Self::Garbled(_) => Some("check whether the address really is this api"),
        }
    }

    /// The message with all that is known of the cause.
    fn text(&self) -> String {
        let mut text = self.to_string();
        if let Self::Refused { said, .. } = self
            && !said.is_empty()
        {
            text = format!("{text}: {said}");
        }
        let causes = std::iter::successors(self.source(), |cause| (*cause).source());
        causes.fold(text, |text, cause| format!("{text}: {cause}"))
    }

    fn retry_after_ms(&self) -> Option<u64> {
        match self {
            Self::Unreachable(_) => Some(UNREACHABLE_RETRY_MS),
            Self::Refused { retry_after_ms, .. } => *retry_after_ms,
            _ => None,
        }
    }
}

impl From<Failure> for toolkit::Failure {
    fn from(failure: Failure) -> Self {
        let mut told = Self::new(failure.code(), failure.text());
        if let Failure::Argument { field, .. } = &failure {
            told.field = Some(field.clone());
        }
        if let Some(hint) = failure.hint() {
            told = told.hint(hint);
        }
        match failure.retry_after_ms() {
            Some(retry_after_ms) => told.retry_after_ms(retry_after_ms),
            None => told,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusal_tells_what_the_api_said() {
        let failure = Failure::Refused {
            message: "GET /pets answered 429 Too Many Requests".to_owned(),
            hint: "wait before calling again".to_owned(),
            said: "slow down".to_owned(),
            retry_after_ms: Some(5),
        };
        let told = toolkit::Failure::from(failure);
        assert_eq!(told.to_string(), "[UPSTREAM_ERROR] GET /pets answered 429 Too Many Requests: slow down");
        assert_eq!((told.hint.as_str(), told.retry_after_ms), ("wait before calling again", Some(5)));
    }
}
