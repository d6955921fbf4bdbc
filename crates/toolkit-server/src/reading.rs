//! Reading the machine from an async tool: on a thread that may block, and for what only two readings show, twice.

use std::time::Duration;

use toolkit::Failure;

use crate::error::Error;

/// Between the two readings of what is a rate: as long as `top` waits before its first screen.
pub(crate) const WINDOW: Duration = Duration::from_millis(100);

/// Reads on a thread that may block.
pub(crate) async fn read<T: Send + 'static>(
    reading: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Failure> {
    Ok(tokio::task::spawn_blocking(reading).await.map_err(|_| Error::Interrupted)??)
}

/// Reads twice, with the window between.
pub(crate) async fn read_twice<T: Send + 'static>(
    window: Duration,
    reading: impl Fn() -> Result<T, Error> + Clone + Send + 'static,
) -> Result<(T, T), Failure> {
    let before = read(reading.clone()).await?;
    tokio::time::sleep(window).await;
    Ok((before, read(reading).await?))
}
