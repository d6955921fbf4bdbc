//! SIGHUP has two meanings. Where the terminal is gone at which a node was started, the node ends, as every program there
//! does; otherwise somebody wishes the configuration to be read anew.

use std::fs::File;
use std::io::{IsTerminal, stderr};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The hang-ups of this process, one after the other.
pub(crate) struct Hangups {
    signal: Option<Signal>,
    is_at_terminal: bool,
}

/// What a hang-up means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hangup {
    /// The terminal of this process is gone.
    TerminalGone,
    /// The configuration is to be read anew.
    Reload,
}

impl Hangups {
    /// Listens from now on, so that none ends the process by itself. What talks into a file, as under `nohup`, outlives its
    /// terminal.
    pub(crate) fn listen() -> Self {
        Self { signal: signal(SignalKind::hangup()).ok(), is_at_terminal: stderr().is_terminal() }
    }

    /// The next one; none ever comes where signals cannot be listened for.
    pub(crate) async fn next(&mut self) -> Hangup {
        let came = match &mut self.signal {
            Some(signal) => signal.recv().await,
            None => None,
        };
        if came.is_none() {
            return std::future::pending().await;
        }
        if self.is_at_terminal && File::open("/dev/tty").is_err() { Hangup::TerminalGone } else { Hangup::Reload }
    }

    /// Resolves when the terminal is gone.
    pub(crate) async fn terminal_gone(&mut self) {
        while self.next().await != Hangup::TerminalGone {}
    }
}
