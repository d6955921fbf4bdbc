//! Memory of the gateway: idle, under load, and with a thousand legacy sessions.

use testkit::load::{Ask, Connection, Era};
use testkit::process;

use super::Error;
use super::stand::Stand;
use crate::program::{self, Configuration, Program};

/// How many legacy sessions are opened.
pub(super) const SESSIONS: usize = 1_000;

/// Resident memory, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory {
    /// After the start, before anybody came.
    pub(super) idle: u64,
    /// At its highest in all the rounds.
    pub(super) loaded: u64,
    /// With a thousand sessions that made one call each, their connections open.
    pub(super) sessions_connected: u64,
    /// With the same sessions after their connections were closed.
    pub(super) sessions_idle: u64,
}

/// Measures a fresh gateway; `loaded` was read from the one that went through the rounds.
pub(super) async fn measure(stand: &Stand, loaded: u64) -> Result<Memory, Error> {
    program::raise_descriptor_limit();
    let configuration = Configuration::write(&stand.one_server())?;
    let gateway = stand.start_gateway(&configuration)?;
    let idle = resident(&gateway)?;
    let connections = open_sessions(&gateway).await?;
    let sessions_connected = resident(&gateway)?;
    drop(connections);
    one_more_session(&gateway).await?;
    Ok(Memory { idle, loaded, sessions_connected, sessions_idle: resident(&gateway)? })
}

async fn open_sessions(gateway: &Program) -> Result<Vec<Connection>, Error> {
    let mut connections = Vec::with_capacity(SESSIONS);
    for _ in 0..SESSIONS {
        connections.push(one_more_session(gateway).await?);
    }
    Ok(connections)
}

async fn one_more_session(gateway: &Program) -> Result<Connection, Error> {
    let ask = Ask::Echo { tool: "up_echo".to_owned() };
    let failed = |source| Error::Load { what: "a session".to_owned(), source };
    let mut connection = Connection::open(&gateway.at("/mcp"), Era::Legacy, &ask).await.map_err(failed)?;
    connection.call().await.map_err(failed)?;
    Ok(connection)
}

fn resident(gateway: &Program) -> Result<u64, Error> {
    let usage = process::usage(gateway.pid());
    usage.map(|usage| usage.rss_bytes).map_err(|source| Error::System { doing: "read its memory", source })
}
