//! How a verb ended, as the exit code that scripts read.

use std::process::ExitCode;

/// The table of exit codes, for `--help`.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  the tool said that it failed
  2  wrong usage or configuration, or output that cannot be written
  3  the node cannot be reached, or did not answer in time
  4  the node answered with an error, or with something that is no answer";

/// How a verb ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// The tool said that it failed.
    ToolFailed = 1,
    /// Wrong usage or configuration, or output that cannot be written.
    Usage = 2,
    /// The node cannot be reached, or did not answer in time.
    Unreachable = 3,
    /// The node answered with an error, or with something that is no answer.
    Protocol = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
