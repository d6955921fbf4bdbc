//! Why a tool did not do what it was asked: a code that programs know, a sentence for people, and what to do next.

use std::fmt;

use serde_json::{Value, json};

/// The kinds of failure, the same for all tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is named after the code it stands for")]
pub enum Code {
    InvalidInput,
    NotFound,
    AlreadyExists,
    Conflict,
    Unauthorized,
    Forbidden,
    PathDenied,
    CommandDenied,
    ConfirmationRequired,
    TooLarge,
    Timeout,
    Cancelled,
    OutcomeUnknown,
    RateLimited,
    Overloaded,
    Unavailable,
    DependencyMissing,
    CommandFailed,
    FilesystemError,
    GitError,
    DockerError,
    GraphicsError,
    UpstreamError,
    NotSupported,
    InternalError,
}

impl Code {
    /// How it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidInput => "INVALID_INPUT",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::Conflict => "CONFLICT",
            Self::Unauthorized => "UNAUTHORIZED",
            Self::Forbidden => "FORBIDDEN",
            Self::PathDenied => "PATH_DENIED",
            Self::CommandDenied => "COMMAND_DENIED",
            Self::ConfirmationRequired => "CONFIRMATION_REQUIRED",
            Self::TooLarge => "TOO_LARGE",
            Self::Timeout => "TIMEOUT",
            Self::Cancelled => "CANCELLED",
            Self::OutcomeUnknown => "OUTCOME_UNKNOWN",
            Self::RateLimited => "RATE_LIMITED",
            Self::Overloaded => "OVERLOADED",
            Self::Unavailable => "UNAVAILABLE",
            Self::DependencyMissing => "DEPENDENCY_MISSING",
            Self::CommandFailed => "COMMAND_FAILED",
            Self::FilesystemError => "FILESYSTEM_ERROR",
            Self::GitError => "GIT_ERROR",
            Self::DockerError => "DOCKER_ERROR",
            Self::GraphicsError => "GRAPHICS_ERROR",
            Self::UpstreamError => "UPSTREAM_ERROR",
            Self::NotSupported => "NOT_SUPPORTED",
            Self::InternalError => "INTERNAL_ERROR",
        }
    }
}

/// A tool that did not do what it was asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// What kind of failure it is.
    pub code: Code,
    /// What was tried, with what, and why it did not work.
    pub message: String,
    /// What to do next; empty if there is nothing to say.
    pub hint: String,
    /// The argument that is to blame.
    pub field: Option<String>,
    /// More for programs.
    pub details: Option<Value>,
    /// After how many milliseconds it makes sense to try again; `None` if it does not.
    pub retry_after_ms: Option<u64>,
}

impl Failure {
    /// A failure of this kind.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: String::new(), field: None, details: None, retry_after_ms: None }
    }

    /// An argument is missing, unknown or wrong.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self { field: Some(field.to_owned()), ..Self::new(Code::InvalidInput, message) }
    }

    /// Says what to do next.
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: hint.into(), ..self }
    }

    /// Adds something for programs.
    pub fn details(self, details: Value) -> Self {
        Self { details: Some(details), ..self }
    }

    /// Says that it makes sense to try again after so many milliseconds.
    pub fn retry_after_ms(self, retry_after_ms: u64) -> Self {
        Self { retry_after_ms: Some(retry_after_ms), ..self }
    }

    /// As the model reads it.
    pub(crate) fn text(&self) -> String {
        if self.hint.is_empty() { self.to_string() } else { format!("{self}\nhint: {}", self.hint) }
    }

    /// As programs read it: the value of `_meta["dev.switchboard/error"]`.
    pub(crate) fn envelope(&self) -> Value {
        let mut envelope = json!({
            "code": self.code.as_str(), "message": self.message, "hint": self.hint,
            "retryable": self.retry_after_ms.is_some(),
        });
        let mut put = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                envelope[key] = value;
            }
        };
        put("retry_after_ms", self.retry_after_ms.map(Value::from));
        put("field", self.field.clone().map(Value::from));
        put("details", self.details.clone());
        envelope
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "[{}] {}", self.code.as_str(), self.message)
    }
}

impl std::error::Error for Failure {}
