//! What can go wrong with a connection, for the log; callers only learn that there is no answer.

use std::{io, time::Duration};

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is none.
    #[error("the address is not usable: {reason}; write redis://HOST:PORT, rediss://HOST:PORT or unix:///PATH")]
    Address {
        /// What is wrong with it. Never the address itself, which may hold a password.
        reason: &'static str,
    },
    /// No connection could be made.
    #[error("no connection could be made")]
    Connect(#[from] egress::Error),
    /// The connection broke.
    #[error("the connection broke")]
    Broken(#[from] io::Error),
    /// The other side has closed the connection.
    #[error("the other side has closed the connection")]
    Closed,
    /// No answer came for a long time.
    #[error("no answer came for {0:?}")]
    Silent(Duration),
    /// What came is no reply.
    #[error("what came is no reply: {0}")]
    Garbled(&'static str),
    /// It does not let us in.
    #[error("it refuses us: {0}; check user, password and database of the address")]
    Refused(String),
}
