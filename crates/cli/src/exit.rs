//! How a verb ends, as the exit code that scripts read: the one table of codes, and which failure has which.

use std::io;
use std::process::ExitCode;

use mcp::code;

use crate::Error;

/// How a verb ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// It was tried, and failed.
    Failure = 1,
    /// Wrong usage or configuration.
    Usage = 2,
    /// What was named does not exist.
    NotFound = 3,
    /// It is not allowed.
    Denied = 4,
    /// A node or server cannot be reached, has no room, or did not answer in time.
    Unavailable = 5,
}

/// Every exit code and what it means.
pub const EXITS: [(Exit, &str); 6] = [
    (Exit::Done, "done"),
    (Exit::Failure, "it was tried, and failed"),
    (Exit::Usage, "wrong usage or configuration"),
    (Exit::NotFound, "what was named does not exist"),
    (Exit::Denied, "it is not allowed"),
    (Exit::Unavailable, "a node or server cannot be reached, has no room, or did not answer in time"),
];

/// The table of exit codes as lines that begin with `indent`.
pub(crate) fn table(indent: &str) -> String {
    let lines = EXITS.iter().map(|(exit, meaning)| format!("{indent}{}  {meaning}", *exit as u8));
    lines.collect::<Vec<_>>().join("\n")
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl Exit {
    /// The exit of a tool that failed with this code of the table of tool errors; none is a plain failure.
    pub(crate) fn of_tool(code: Option<&str>) -> Self {
        match code {
            Some("INVALID_INPUT") => Self::Usage,
            Some("NOT_FOUND") => Self::NotFound,
            Some(
                "UNAUTHORIZED" | "FORBIDDEN" | "PATH_DENIED" | "COMMAND_DENIED" | "GUARDRAIL_BLOCKED" | "QUARANTINED",
            ) => Self::Denied,
            Some("UNAVAILABLE" | "OVERLOADED" | "RATE_LIMITED" | "QUOTA_EXCEEDED" | "TIMEOUT") => Self::Unavailable,
            _ => Self::Failure,
        }
    }

    /// The exit of a request that was answered with this JSON-RPC code.
    fn of_refusal(code: i64) -> Self {
        match i32::try_from(code).unwrap_or_default() {
            code::INVALID_PARAMS => Self::Usage,
            code::LEGACY_RESOURCE_NOT_FOUND => Self::NotFound,
            // denied by policy, approval pending, blocked by a guardrail, quarantined
            -31005 | -31006 | -31010 | -31011 => Self::Denied,
            // a queue or rate limit, an allowance used up
            -31003 | -31008 | code::DEADLINE | code::UNAVAILABLE | code::OVERLOADED => Self::Unavailable,
            _ => Self::Failure,
        }
    }
}

impl Error {
    /// The exit code of this failure.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Control(error) if error.is_unavailable() => Exit::Unavailable,
            Self::Control(error) if error.is_not_found() => Exit::NotFound,
            Self::Control(client::Error::Address { .. }) => Exit::Usage,
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
            Self::Config(config::Error::Missing { .. })
            | Self::Unknown { .. }
            | Self::NoClient { .. }
            | Self::NotInstalled { .. } => Exit::NotFound,
            Self::Config(
                config::Error::Write { .. }
                | config::Error::Changed { .. }
                | config::Error::There { .. }
                | config::Error::History { .. },
            )
            | Self::Control(_)
            | Self::NoAnswer { .. }
            | Self::Unauthorized { .. }
            | Self::Question { .. }
            | Self::Homeless
            | Self::ClientFile { .. }
            | Self::ClientText { .. }
            | Self::ClientChanged { .. }
            | Self::Cancelled
            | Self::Listen { .. }
            | Self::Grpc(_)
            | Self::Jobs(_)
            | Self::Output(_) => Exit::Failure,
            Self::Usage { .. }
            | Self::NoProject { .. }
            | Self::Config(_)
            | Self::Problems { .. }
            | Self::Address { .. }
            | Self::Open(_)
            | Self::Argument { .. }
            | Self::NoServer { .. }
            | Self::Toolkit { .. }
            | Self::Missing { .. } => Exit::Usage,
            Self::Unreachable { .. }
            | Self::Broken { .. }
            | Self::Timeout { .. }
            | Self::ServerFailed { .. }
            | Self::Taken { .. } => Exit::Unavailable,
            Self::Refused { code, .. } => Exit::of_refusal(*code),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{EXITS, Exit};

    #[test]
    fn every_code_stands_in_the_table_once_and_in_order() {
        let codes: Vec<u8> = EXITS.iter().map(|(exit, _)| *exit as u8).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn failure_of_a_tool_or_a_request_says_whose_fault_it_is() {
        let check = |code, expected| assert_eq!(Exit::of_tool(code), expected, "{code:?}");
        check(Some("INVALID_INPUT"), Exit::Usage);
        check(Some("NOT_FOUND"), Exit::NotFound);
        check(Some("PATH_DENIED"), Exit::Denied);
        check(Some("UNAVAILABLE"), Exit::Unavailable);
        check(Some("COMMAND_FAILED"), Exit::Failure);
        check(None, Exit::Failure);
        let check = |code, expected| assert_eq!(Exit::of_refusal(code), expected, "{code}");
        check(-32602, Exit::Usage);
        check(-31005, Exit::Denied);
        check(-31004, Exit::Unavailable);
        check(-32603, Exit::Failure);
        check(i64::MAX, Exit::Failure);
    }
}
