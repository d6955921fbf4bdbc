//! Everything a verb can fail of, with its hint. Which exit code follows stands in `exit.rs`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::{io, iter};

use config::Listen;

use crate::taken;

/// Why a verb failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was typed is no command.
    #[error("{message}")]
    Usage {
        /// What is wrong with it.
        message: String,
        /// What to type instead.
        hint: Option<String>,
    },
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
    /// An argument of a tool or prompt does not fit.
    #[error("argument `{argument}`: {reason}")]
    Argument {
        /// The argument, as typed.
        argument: String,
        /// What is wrong with it.
        reason: String,
        /// What to type instead.
        hint: Option<String>,
    },
    /// A required argument was not given, and there is nobody to ask.
    #[error("argument `{argument}` is required")]
    Missing {
        /// Its name.
        argument: String,
    },
    /// There is nothing of this kind and name.
    #[error("there is no {kind} `{name}`")]
    Unknown {
        /// What was looked for: `tool`, `server`.
        kind: &'static str,
        /// Its name.
        name: String,
        /// A name that is near, or where the names are.
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
    /// A server could not be started or connected, or does not speak MCP.
    #[error("the server `{name}` does not answer: {reason}")]
    ServerFailed {
        /// Its name, or its address.
        name: String,
        /// What went wrong.
        reason: String,
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
    /// The request was answered with an error.
    #[error("the answer was: {message} ({code})")]
    Refused {
        /// The JSON-RPC error code.
        code: i64,
        /// The message that came with it.
        message: String,
    },
    /// It wants to know who calls.
    #[error("{url} wants a token")]
    Unauthorized {
        /// Where the answer came from.
        url: String,
    },
    /// Something answered that is no MCP.
    #[error("{url} answered with something that is no mcp: {what}")]
    NoAnswer {
        /// Where the answer came from.
        url: String,
        /// What is wrong with it.
        what: String,
    },
    /// A server asks something that cannot be answered here.
    #[error("the server asks a question that cannot be answered here: {what}")]
    Question {
        /// What it asks, or why it cannot be answered.
        what: String,
    },
    /// There is no home folder to look in.
    #[error("there is no home folder: the environment variable `HOME` is not set")]
    Homeless,
    /// What is to be added cannot be understood.
    #[error("cannot tell what `{what}` is: {reason}")]
    NoServer {
        /// What was given.
        what: String,
        /// Why it is none.
        reason: String,
    },
    /// A client is not on this machine.
    #[error("{title} was not found: there is no `{}`", path.display())]
    NoClient {
        /// What people call it.
        title: &'static str,
        /// Where its file would be.
        path: PathBuf,
    },
    /// A client has no files of projects.
    #[error("{title} has no file for a project")]
    NoProject {
        /// What people call it.
        title: &'static str,
    },
    /// Switchboard was not installed there.
    #[error("{title} has nothing of ours in `{}`", path.display())]
    NotInstalled {
        /// What people call it.
        title: &'static str,
        /// Its file.
        path: PathBuf,
    },
    /// The file of a client could not be read or written.
    #[error("cannot read or write `{}`; it is as it was", path.display())]
    ClientFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file of a client says something that cannot be worked with.
    #[error("`{}` is as it was", path.display())]
    ClientText {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: adoption::Error,
    },
    /// Somebody else wrote the file of a client while it was being changed.
    #[error("`{}` was changed by somebody else meanwhile; it is as they left it", path.display())]
    ClientChanged {
        /// The file.
        path: PathBuf,
    },
    /// The control API of the node gave no answer, or refused.
    #[error(transparent)]
    Control(#[from] client::Error),
    /// The operator has interrupted.
    #[error("cancelled")]
    Cancelled,
    /// Others could connect and nobody would ask who they are.
    #[error(transparent)]
    Open(#[from] config::ListenError),
    /// A listener could not be opened.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// The way in for gRPC could not be opened.
    #[error("cannot serve gRPC")]
    Grpc(#[source] gateway::edge::grpc::GrpcError),
    /// The jobs that were promised to be done cannot be read.
    #[error("the jobs cannot be read")]
    Jobs(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A toolkit cannot work where it was told to.
    #[error("the toolkit `{name}` cannot start")]
    Toolkit {
        /// Its name.
        name: String,
        /// Why not.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Somebody else listens there.
    #[error("{address} is taken by {}", by.as_deref().unwrap_or("a program of another user"))]
    Taken {
        /// The address.
        address: SocketAddr,
        /// Who has it, as far as this user may know.
        by: Option<String>,
        /// A free one nearby.
        free: Option<SocketAddr>,
    },
    /// The output could not be written, or the input not read.
    #[error("cannot write the output or read the input")]
    Output(#[from] io::Error),
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Usage { hint, .. } | Self::Argument { hint, .. } | Self::Unknown { hint, .. } => hint.clone(),
            Self::Config(error) => error.hint(),
            Self::Control(error) => error.hint(),
            Self::Address { .. } => Some("write `http://127.0.0.1:3100/mcp` or `unix:/path/to/socket`".into()),
            Self::Missing { argument } => Some(format!("give it as `{argument}=VALUE`")),
            Self::Unreachable { .. } => Some("start one with `switchboard serve`, or name another with `--url`".into()),
            Self::Unauthorized { .. } => Some(
                "put that of a principal into `SWITCHBOARD_TOKEN`; `switchboard principal add NAME` makes one".into(),
            ),
            Self::Open(_) => Some(Listen::HINT_OPEN.into()),
            Self::Listen { .. } => Some("choose another address with `--listen`".into()),
            Self::Grpc(_) => Some("see `certificate`, `key` and `client_authorities` in the section `[grpc]`".into()),
            Self::Jobs(_) => {
                Some("to start without them for now, set `durable = false` in the section `[jobs]`".into())
            }
            Self::Taken { free: Some(free), .. } => {
                Some(format!("end that one, or listen elsewhere: `--listen {free}`"))
            }
            Self::Taken { .. } => Some("end that one, or choose another address with `--listen`".into()),
            Self::Timeout { .. } => Some("give it more time with `--timeout SECONDS`".into()),
            Self::NoAnswer { .. } => Some("is this the address of an MCP server? it often ends in `/mcp`".into()),
            Self::NoServer { .. } => {
                Some("give a url, or a command after `--`: `switchboard server add git -- uvx mcp-server-git`".into())
            }
            Self::ServerFailed { name, .. } => Some(format!("`switchboard server logs {name}` may say more")),
            Self::Question { .. } => Some("call it from a terminal, where you can answer".into()),
            Self::NoClient { .. } => Some("start the client once, or see `switchboard client list`".into()),
            Self::NoProject { .. } => Some("leave out `--project`".into()),
            Self::NotInstalled { .. } => Some("`switchboard client list` says where it is installed".into()),
            Self::ClientChanged { .. } => Some("close the client, then try again".into()),
            Self::ClientText { source: adoption::Error::Exists(_), .. } => {
                Some("uninstall it first, or choose another `--name`".into())
            }
            _ => None,
        }
    }

    /// The error and everything that led to it, in one line.
    pub fn with_causes(&self) -> String {
        let causes = iter::successors(std::error::Error::source(self), |cause| (*cause).source());
        causes.fold(self.to_string(), |message, cause| format!("{message}: {cause}"))
    }

    /// A listener could not be opened at `address`; who has it is found out.
    pub fn listen(address: &Listen, source: io::Error) -> Self {
        match address {
            Listen::Tcp(address) if source.kind() == io::ErrorKind::AddrInUse => {
                Self::Taken { address: *address, by: taken::by_whom(*address), free: taken::free_after(*address) }
            }
            _ => Self::Listen { address: address.to_string(), source },
        }
    }

    /// Nothing of this kind has this name; `known` are the names there are.
    pub fn unknown<'n>(
        kind: &'static str,
        name: &str,
        known: impl Iterator<Item = &'n str> + Clone,
        list_verb: &str,
    ) -> Self {
        let hint =
            config::nearest::hint(name, known).unwrap_or_else(|| format!("`switchboard {list_verb}` lists them"));
        Self::Unknown { kind, name: name.to_owned(), hint: Some(hint) }
    }
}
