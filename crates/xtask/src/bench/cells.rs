//! What is measured: the table of questions, and for each of them who is asked on which path.

use testkit::load::{Ask, Era};

/// Length of a large result.
pub(super) const BLOB_BYTES: usize = 64 * 1024;
/// Length of a long list.
pub(super) const TOOLS: usize = 1_000;

/// Which server stands behind the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Server {
    ModernHttp,
    LegacyHttp,
    ModernStdio,
    LegacyStdio,
}

impl Server {
    /// Its name in the gateway's configuration.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ModernHttp => "up",
            Self::LegacyHttp => "old",
            Self::ModernStdio => "pipe",
            Self::LegacyStdio => "oldpipe",
        }
    }
}

/// What a call is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    Small,
    Large,
    List,
}

impl Question {
    /// The question as the load generator asks it, with each tool's name under `prefix`.
    pub(super) fn ask(self, prefix: &str) -> Ask {
        match self {
            Self::Small => Ask::Echo { tool: format!("{prefix}echo") },
            Self::Large => Ask::Blob { tool: format!("{prefix}blob"), bytes: BLOB_BYTES },
            Self::List => Ask::List { tools: TOOLS },
        }
    }
}

/// The way a call takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Path {
    Direct,
    Floor,
    Gateway,
}

impl Path {
    pub(super) const ALL: [Self; 3] = [Self::Direct, Self::Floor, Self::Gateway];

    /// Its name in the tables.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Floor => "floor",
            Self::Gateway => "switchboard",
        }
    }
}

/// One row of the table: a question, the client's era, the server behind, and how many ask at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) name: &'static str,
    pub(super) question: Question,
    pub(super) client: Era,
    pub(super) server: Server,
    pub(super) connections: usize,
}

const fn small(name: &'static str, client: Era, server: Server, connections: usize) -> Cell {
    Cell { name, question: Question::Small, client, server, connections }
}

/// The cell that the others are compared with.
pub(super) const REFERENCE: Cell = small("small, modern → modern", Era::Modern, Server::ModernHttp, 16);
pub(super) const STDIO: Cell = small("small, modern → modern stdio", Era::Modern, Server::ModernStdio, 16);
pub(super) const BRIDGED_DOWN: Cell = small("small, modern → legacy", Era::Modern, Server::LegacyHttp, 16);
pub(super) const BRIDGED_UP: Cell = small("small, legacy → modern", Era::Legacy, Server::ModernHttp, 16);
pub(super) const LARGE: Cell = Cell { name: "64 KiB result", question: Question::Large, ..REFERENCE };
pub(super) const LIST: Cell = Cell { name: "list of 1,000 tools", question: Question::List, ..REFERENCE };

/// All cells, in the order of the table.
pub(super) const CELLS: [Cell; 10] = [
    Cell { connections: 1, ..REFERENCE },
    REFERENCE,
    Cell { connections: 64, ..REFERENCE },
    small("small, legacy → legacy", Era::Legacy, Server::LegacyHttp, 16),
    BRIDGED_DOWN,
    BRIDGED_UP,
    STDIO,
    small("small, legacy → legacy stdio", Era::Legacy, Server::LegacyStdio, 16),
    LARGE,
    LIST,
];
