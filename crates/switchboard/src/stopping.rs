//! When a node ends: the first signal lets it finish what is under way, the second one does not.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::hangup::Hangups;

/// The signals that ask a node to end; they are listened for from the beginning on.
pub(crate) struct Signals {
    terminate: Option<Signal>,
    interrupt: Option<Signal>,
    hangups: Hangups,
}

impl Signals {
    /// Listens from now on.
    pub(crate) fn listen() -> Self {
        Self {
            terminate: signal(SignalKind::terminate()).ok(),
            interrupt: signal(SignalKind::interrupt()).ok(),
            hangups: Hangups::listen(),
        }
    }

    /// Resolves when the node is asked to end.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            () = one(&mut self.terminate) => {}
            () = one(&mut self.interrupt) => {}
            () = self.hangups.terminal_gone() => {}
        }
    }
}

/// The next of these signals; none ever comes where they cannot be listened for.
async fn one(signal: &mut Option<Signal>) {
    let came = match signal {
        Some(signal) => signal.recv().await,
        None => None,
    };
    if came.is_none() {
        std::future::pending::<()>().await;
    }
}
