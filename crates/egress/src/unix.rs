//! Streams to unix sockets.

use std::path::Path;
use std::sync::Arc;

use tokio::net::UnixStream;

use crate::Error;
use crate::dial::Dialer;

/// Connects to the socket at the path within the time limit.
pub(crate) async fn connect(dialer: &Dialer, socket: &Path) -> Result<UnixStream, Error> {
    let failed = |source| Error::Socket { socket: socket.to_owned(), source: Arc::new(source) };
    let step = async { UnixStream::connect(socket).await.map_err(failed) };
    dialer.within_limit(&socket.to_string_lossy(), step).await
}
