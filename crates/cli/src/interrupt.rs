//! Ctrl-C while a request is under way: the request is given up, which cancels it at the server.

use crate::Error;

/// Waits for `work`, unless the operator interrupts.
pub(crate) async fn unless_interrupted<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    tokio::select! {
        done = work => done,
        _ = tokio::signal::ctrl_c() => Err(Error::Cancelled),
    }
}
