//! Everything a verb can fail of, with its hint and its exit code.

use std::io;

use crate::Exit;

/// Why a verb failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration could not be read or shown.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// The configuration has problems, which were already shown.
    #[error("the configuration has {} problem{}", count, if *count == 1 { "" } else { "s" })]
    Problems {
        /// How many.
        count: usize,
    },
    /// The address of the node is none.
    #[error("`{url}` is no address of a node")]
    Address {
        /// What was given.
        url: String,
        /// What is wrong with it.
        source: egress::Error,
    },
    /// An argument of a tool does not fit.
    #[error("argument `{argument}`: {reason}")]
    Argument {
        /// The argument, as typed.
        argument: String,
        /// What is wrong with it.
        reason: String,
        /// What to type instead.
        hint: Option<String>,
    },
    /// The node has no such tool.
    #[error("there is no tool `{name}`")]
    NoTool {
        /// The name that was asked for.
        name: String,
        /// A name that is near.
        hint: Option<String>,
    },
    /// No request got through.
    #[error("cannot reach a node at {url}")]
    Unreachable {
        /// Where the node was looked for.
        url: String,
        /// Why it was not found.
        source: egress::Error,
    },
    /// The connection broke within the answer.
    #[error("the connection to {url} broke within the answer")]
    Broken {
        /// Where the node is.
        url: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No answer came in time.
    #[error("no answer within {seconds} s")]
    Timeout {
        /// The time that was given.
        seconds: u64,
    },
    /// The node answered with an error.
    #[error("the node answered: {message} ({code})")]
    Refused {
        /// The JSON-RPC error code.
        code: i64,
        /// The message of the node.
        message: String,
    },
    /// Something answered that is no MCP.
    #[error("{url} answered with something that is no mcp: {what}")]
    NoAnswer {
        /// Where the answer came from.
        url: String,
        /// What is wrong with it.
        what: String,
    },
    /// The tool asks something only a human or a model can answer.
    #[error("the tool asks a question, which `call` cannot answer")]
    Question,
    /// A listener could not be opened.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// The configuration has no such server or bundle.
    #[error("there is no endpoint {name}")]
    NoEndpoint {
        /// What was asked for.
        name: String,
    },
    /// The output could not be written.
    #[error("cannot write the output")]
    Output(#[from] io::Error),
}

impl Error {
    /// The exit code of this failure.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
            Self::Config(_)
            | Self::Problems { .. }
            | Self::Address { .. }
            | Self::Argument { .. }
            | Self::NoTool { .. }
            | Self::Listen { .. }
            | Self::NoEndpoint { .. }
            | Self::Output(_) => Exit::Usage,
            Self::Unreachable { .. } | Self::Broken { .. } | Self::Timeout { .. } => Exit::Unreachable,
            Self::Refused { .. } | Self::NoAnswer { .. } | Self::Question => Exit::Protocol,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Argument { hint, .. } | Self::NoTool { hint, .. } => hint.clone(),
            Self::Address { .. } => Some("write `http://127.0.0.1:3100/mcp` or `unix:/path/to/socket`".into()),
            Self::Unreachable { .. } => Some("start one with `switchboard serve`, or name another with `--url`".into()),
            Self::Listen { .. } => Some("is another node running there? choose another address with `--listen`".into()),
            Self::NoEndpoint { .. } => Some("`switchboard config show` lists the servers and bundles".into()),
            Self::Timeout { .. } => Some("give it more time with `--timeout SECONDS`".into()),
            Self::NoAnswer { .. } => Some("is this the address of a switchboard? it ends in `/mcp`".into()),
            Self::Question => Some("use a client that can answer, such as a desktop client".into()),
            _ => None,
        }
    }
}
