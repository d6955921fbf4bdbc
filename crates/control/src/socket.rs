//! The door of the control API: a unix socket that only the node's own user can open. The file says so by its mode, and
//! each connection is asked once more who is at its other end. Like every door of a node it can go over to a successor.

use std::convert::Infallible;
use std::fmt;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use config::Listen;
use gateway::edge::serve::{Listener, Stream};
use gateway::leaving::Underway;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::UnixStream;
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;

use crate::Api;

/// Connections at one time: a few people and their scripts.
const CONNECTIONS_MAX: usize = 64;
/// How long a connection may take to say what it wants.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);
/// How long an answer may still be written after the node has begun to leave.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A bound control socket.
pub struct Socket(Arc<Listener>);

/// The process at the other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its user.
    pub user: u32,
    /// Its number, where the system says it.
    pub process: Option<i32>,
}

impl fmt::Display for Peer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "user {}", self.user)?;
        self.process.map_or(Ok(()), |process| write!(out, ", process {process}"))
    }
}

/// A control socket that is served for as long as this is kept.
pub struct Serving {
    listener: Arc<Listener>,
    accepting: AbortHandle,
}

impl Socket {
    /// Binds the socket at `path`, in a folder that is made if it is not there.
    pub async fn bind(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let listener = Listener::bind(&Listen::Unix(path.to_owned())).await?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        Ok(Self(Arc::new(listener)))
    }

    /// The socket at `path` that the predecessor of this process has bound.
    pub fn taken_over(path: &Path, descriptor: OwnedFd) -> io::Result<Self> {
        Listener::taken_over(&Listen::Unix(path.to_owned()), descriptor).map(|listener| Self(Arc::new(listener)))
    }

    /// Answers from now on.
    pub fn serve(self, api: Api) -> Serving {
        let accepting = tokio::spawn(accept(self.0.clone(), api)).abort_handle();
        Serving { listener: self.0, accepting }
    }
}

impl Serving {
    /// Its listener.
    pub fn listener(&self) -> &Arc<Listener> {
        &self.listener
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: Arc<Listener>, api: Api) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok(Stream::Unix(stream)) => {
                let Some(peer) = own_user(&stream) else {
                    tracing::warn!("another user tried to use the control socket");
                    continue;
                };
                let (api, underway) = (api.clone(), api.configuration.current().now().stages.begin());
                tokio::spawn(async move {
                    converse(api, (stream, peer), underway).await;
                    drop(place);
                });
            }
            Ok(_) => tracing::warn!("a control connection came over something else than a unix socket"),
            Err(error) => {
                tracing::warn!(%error, "could not accept a control connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// The process at the other end, if it belongs to the same user, or to root, who may do everything anyway.
fn own_user(stream: &UnixStream) -> Option<Peer> {
    let own = rustix::process::geteuid().as_raw();
    let peer = stream.peer_cred().ok()?;
    (peer.uid() == own || peer.uid() == 0).then(|| Peer { user: peer.uid(), process: peer.pid() })
}

async fn converse(api: Api, (stream, peer): (UnixStream, Peer), mut underway: Underway) {
    let service = service_fn(move |request| {
        let api = api.clone();
        async move { Ok::<_, Infallible>(api.answer::<hyper::body::Incoming>(request, peer).await) }
    });
    let mut connection = http1::Builder::new();
    connection.timer(TokioTimer::new()).header_read_timeout(HEADERS_WITHIN);
    let mut connection = pin!(connection.serve_connection(TokioIo::new(stream), service));
    let end = tokio::select! {
        end = connection.as_mut() => Ok(end),
        () = underway.leaves() => {
            connection.as_mut().graceful_shutdown();
            tokio::time::timeout(LAST_WORDS, connection).await
        }
    };
    if let Ok(Err(error)) = end {
        tracing::debug!(%error, "a control connection ended with an error");
    }
}
