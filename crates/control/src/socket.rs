//! The door of the control API: a unix socket that only the node's own user can open. The file says so by its mode, and
//! each connection is asked once more who is at its other end.

use std::convert::Infallible;
use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use config::Listen;
use gateway::edge::serve::{Listener, SocketFile};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;

use crate::Api;

/// Connections at one time: a few people and their scripts.
const CONNECTIONS_MAX: usize = 64;
/// How long a connection may take to say what it wants.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);

/// A bound control socket.
pub struct Socket {
    listener: UnixListener,
    file: SocketFile,
}

impl Socket {
    /// Binds the socket at `path`, in a folder that is made if it is not there.
    pub async fn bind(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        match Listener::bind(&Listen::Unix(path.to_owned())).await? {
            Listener::Unix(listener, file) => {
                fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
                Ok(Self { listener, file })
            }
            Listener::Tcp(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// Answers from now on, and gives the file, which goes when it is dropped.
    pub fn serve(self, api: Api) -> SocketFile {
        tokio::spawn(accept(self.listener, api));
        self.file
    }
}

async fn accept(listener: UnixListener, api: Api) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) if is_own_user(&stream) => {
                let api = api.clone();
                tokio::spawn(async move {
                    converse(api, stream).await;
                    drop(place);
                });
            }
            Ok(_) => tracing::warn!("another user tried to use the control socket"),
            Err(error) => {
                tracing::warn!(%error, "could not accept a control connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Whether the process at the other end belongs to the same user, or to root, who may do everything anyway.
fn is_own_user(stream: &UnixStream) -> bool {
    let own = rustix::process::geteuid().as_raw();
    stream.peer_cred().is_ok_and(|peer| peer.uid() == own || peer.uid() == 0)
}

async fn converse(api: Api, stream: UnixStream) {
    let service = service_fn(move |request| {
        let api = api.clone();
        async move { Ok::<_, Infallible>(api.answer::<hyper::body::Incoming>(request).await) }
    });
    let mut connection = http1::Builder::new();
    connection.timer(TokioTimer::new()).header_read_timeout(HEADERS_WITHIN);
    if let Err(error) = connection.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "a control connection ended with an error");
    }
}
