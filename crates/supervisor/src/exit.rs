//! How a child ended.

use std::{fmt, os::unix::process::ExitStatusExt as _, process::ExitStatus};

/// The end of a process, as the system reported it.
///
/// Under the [guard](crate::guard) a program that was found but could not be executed ends with
/// `Code(127)`, and the reason stands in its stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It ended by itself with this code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
    /// It is gone, but the system could not tell how.
    Unknown,
}

impl Exit {
    /// Whether the process said that all went well.
    pub fn is_success(self) -> bool {
        self == Self::Code(0)
    }
}

impl From<ExitStatus> for Exit {
    fn from(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Code(code),
            (None, Some(signal)) => Self::Signal(signal),
            (None, None) => Self::Unknown,
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(formatter, "ended with code {code}"),
            Self::Signal(signal) => write!(formatter, "ended by signal {signal}"),
            Self::Unknown => formatter.write_str("ended in an unknown way"),
        }
    }
}
