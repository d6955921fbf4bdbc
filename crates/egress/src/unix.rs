//! Unix sockets as hyper's connector.
//!
//! hyper keys its pool by authority, so the path of the socket travels there as hexadecimal digits.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tower_service::Service;

use crate::Error;
use crate::dial::Dialer;

/// Connects to the socket that the authority of a URI spells.
#[derive(Clone)]
pub(crate) struct UnixConnector {
    pub(crate) dialer: Dialer,
}

impl UnixConnector {
    /// Connects to the socket at the path.
    pub(crate) async fn connect(&self, socket: &Path) -> Result<UnixStream, Error> {
        let step = async {
            UnixStream::connect(socket)
                .await
                .map_err(|source| Error::Socket {
                    socket: socket.to_owned(),
                    source: Arc::new(source),
                })
        };
        self.dialer
            .within_limit(&socket.to_string_lossy(), step)
            .await
    }
}

impl Service<Uri> for UnixConnector {
    type Response = TokioIo<UnixStream>;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Self::Response, Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move {
            let socket = socket_of(uri.host().unwrap_or_default());
            connector.connect(&socket).await.map(TokioIo::new)
        })
    }
}

/// The authority that stands for a socket path.
pub(crate) fn authority_of(socket: &Path) -> String {
    socket
        .as_os_str()
        .as_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The socket path that an authority stands for.
fn socket_of(authority: &str) -> PathBuf {
    let digits = authority.as_bytes().chunks(2);
    let bytes =
        digits.filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    PathBuf::from(OsString::from_vec(bytes.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn socket_path_survives_its_authority() {
        for path in ["/run/switchboard.sock", "/with space/ünïcode", "/a\nb"] {
            assert_eq!(socket_of(&authority_of(Path::new(path))), Path::new(path));
        }
    }
}
