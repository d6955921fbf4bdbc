//! Why the control API of a node gave no answer, or none that was hoped for.

use std::path::PathBuf;

use crate::Problem;

/// Why an act on a node failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address names no node of this machine and user.
    #[error("`{url}` is no address of a node of this machine")]
    Address {
        /// What was given.
        url: String,
    },
    /// Without a home there is no folder in which a node's socket could be.
    #[error("neither HOME nor SWITCHBOARD_STATE_DIR is set, so the control socket of the node cannot be found")]
    NoFolder,
    /// No node listens at the socket.
    #[error("no node of this user is running at {}", socket.display())]
    NoNode {
        /// The control socket.
        socket: PathBuf,
        /// Why it could not be reached.
        source: egress::Error,
    },
    /// The node went away within the answer.
    #[error("the node ended within its answer")]
    Broken {
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No answer came in time.
    #[error("the node gave no answer within {seconds} s")]
    Timeout {
        /// The time that was given.
        seconds: u64,
    },
    /// The node refused.
    #[error("{}", .0.detail)]
    Refused(Problem),
    /// Something answered that is no control API of ours.
    #[error("the node answered something that is not understood: {what}")]
    NotUnderstood {
        /// What is wrong with it.
        what: String,
    },
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Refused(problem) => problem.hint.clone(),
            Self::NoNode { .. } => Some("start one with `switchboard serve`, or name another with `--url`".into()),
            Self::Address { .. } => Some("write `http://127.0.0.1:3100` or `unix:/path/to/socket`".into()),
            Self::NotUnderstood { .. } => Some("is the node of the same version as this program?".into()),
            Self::NoFolder | Self::Broken { .. } | Self::Timeout { .. } => None,
        }
    }

    /// Whether the node could not be asked at all, or went away.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::NoNode { .. } | Self::Broken { .. } | Self::Timeout { .. })
    }

    /// Whether the node knows nothing of this name.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused(problem) if problem.status == 404)
    }
}
