//! Why an engine could not be asked or did not do what it was told: one reason each, and what the caller of a tool is told.

use std::{io, path::PathBuf, sync::Arc};

use bollard::errors::Error as Answer;
use toolkit::{Code, Failure};

use crate::shown;

/// What can go wrong between a tool and an engine.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Connections over ssh are not made.
    #[error("`{url}` is reached over ssh, which is not done here")]
    Ssh {
        /// The address.
        url: String,
    },
    /// The address has a scheme that is unknown.
    #[error("`{url}` is no address of an engine")]
    Scheme {
        /// The address.
        url: String,
    },
    /// The address is wrong behind its scheme.
    #[error("`{url}` is no address of an engine: {source}")]
    Address {
        /// The address.
        url: String,
        /// What is wrong with it.
        #[source]
        source: egress::Error,
    },
    /// A file that the connection names cannot be read.
    #[error("the certificate file `{}` of the connection cannot be read: {source}", file.display())]
    Certificate {
        /// Which one.
        file: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Nobody answers.
    #[error("no engine answers at `{address}`: {reason}")]
    Unreachable {
        /// Where it was looked for.
        address: String,
        /// The innermost cause.
        reason: String,
        /// What kind of cause it is.
        kind: io::ErrorKind,
    },
    /// The engine did not do it.
    #[error("cannot {act}: {}", reason(source))]
    Engine {
        /// What it was told to do.
        act: String,
        /// What it said.
        #[source]
        source: Answer,
    },
}

impl Error {
    /// Says of a failed exchange with the engine at this address whether there is an engine at all.
    pub(crate) fn reaching(address: &str) -> impl FnOnce(Answer) -> Self {
        move |source| {
            let Some(error) = unsent(&source) else {
                return Self::Engine { act: format!("ask the engine at `{address}` who it is"), source };
            };
            let (reason, kind) = innermost(error);
            Self::Unreachable { address: address.to_owned(), reason, kind }
        }
    }
}

/// Says of what the engine answered what it was told to do.
pub(crate) trait During<T> {
    /// The failure of the act, if it failed.
    fn during(self, act: impl Into<String>) -> Result<T, Failure>;
}

impl<T> During<T> for Result<T, Answer> {
    fn during(self, act: impl Into<String>) -> Result<T, Failure> {
        self.map_err(|source| Error::Engine { act: act.into(), source }.into())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let (code, hint) = match &error {
            Error::Ssh { .. } => (
                Code::NotSupported,
                "forward its socket with `ssh -N -L /run/far.sock:/run/docker.sock HOST` and connect to `unix:///run/far.sock`",
            ),
            Error::Scheme { .. } | Error::Address { .. } => (
                Code::Unavailable,
                "write `unix:///path/to/socket`, or `tcp://host:port` with `ca`, `certificate` and `key`",
            ),
            Error::Certificate { .. } => (Code::Unavailable, "correct the connection in the configuration"),
            Error::Unreachable { kind, address, .. } => (Code::Unavailable, missing(*kind, address)),
            Error::Engine { source, .. } => answered(source),
        };
        Failure::new(code, shown::short(&error.to_string())).hint(hint)
    }
}

/// What to do when nobody answers.
fn missing(kind: io::ErrorKind, address: &str) -> &'static str {
    match kind {
        io::ErrorKind::NotFound if address.contains("podman") => {
            "start it with `sudo systemctl start podman.socket`, or name another connection"
        }
        io::ErrorKind::NotFound => "start it with `sudo systemctl start docker`, or name another connection",
        io::ErrorKind::PermissionDenied => {
            "add the user that Switchboard runs as to the group `docker`, or use the socket of a rootless engine"
        }
        io::ErrorKind::ConnectionRefused => "the engine is stopped: start it with `sudo systemctl start docker`",
        io::ErrorKind::InvalidData => "are `ca`, `certificate` and `key` of the connection those of this engine?",
        _ => "is the engine running, and is its address right?",
    }
}

/// What kind of failure an answer is.
fn answered(answer: &Answer) -> (Code, &'static str) {
    match answer {
        Answer::DockerResponseServerError { status_code, message } => match status_code {
            400 => (Code::InvalidInput, ""),
            401 => (Code::Unauthorized, "log in to the registry on the engine's machine"),
            403 => (Code::Forbidden, ""),
            404 => (Code::NotFound, "list what is there"),
            409 => (Code::Conflict, "look at its state, then try again"),
            501 => (Code::NotSupported, "this engine cannot do it"),
            _ if message.contains("not implemented") || message.contains("not supported") => {
                (Code::NotSupported, "this engine cannot do it")
            }
            _ => (Code::DockerError, ""),
        },
        Answer::RequestTimeoutError => (Code::Timeout, "give it more time with `timeout_s`"),
        Answer::DockerStreamError { .. } | Answer::DockerContainerWaitError { .. } => (Code::DockerError, ""),
        Answer::JsonDataError { .. } | Answer::JsonSerdeError { .. } => {
            (Code::DockerError, "is there an engine of another kind, or a very old one?")
        }
        other if unsent(other).is_some_and(|error| error.sent() == egress::Sent::No) => {
            (Code::Unavailable, "is the engine still running?")
        }
        _ => (Code::OutcomeUnknown, "the connection was lost: look at what has happened before trying again"),
    }
}

/// What the engine said, without the words around it.
fn reason(answer: &Answer) -> String {
    match answer {
        Answer::DockerResponseServerError { message, .. } => message.trim().to_owned(),
        Answer::DockerStreamError { error } => error.trim().to_owned(),
        other => other.to_string(),
    }
}

/// The failure of a connection that was never made.
fn unsent(answer: &Answer) -> Option<&egress::Error> {
    let Answer::IOError { err } = answer else { return None };
    let error = err.get_ref()?.downcast_ref::<egress::Error>()?;
    (error.sent() == egress::Sent::No || matches!(error, egress::Error::Http { .. })).then_some(error)
}

/// All that is said of a connection that was not made, and the kind of its cause.
fn innermost(error: &egress::Error) -> (String, io::ErrorKind) {
    let first: &(dyn std::error::Error + 'static) = error;
    let chain: Vec<_> = std::iter::successors(Some(first), |error| error.source()).collect();
    let system = chain.iter().rev().find_map(|error| error.downcast_ref::<Arc<io::Error>>());
    let kind = match error {
        egress::Error::Tls { .. } | egress::Error::Identity { .. } => io::ErrorKind::InvalidData,
        _ => system.map_or(io::ErrorKind::Other, |error| error.kind()),
    };
    let mut reasons: Vec<String> = chain.iter().map(ToString::to_string).collect();
    reasons.dedup();
    (reasons.join(": "), kind)
}
