//! Listeners: TCP and unix sockets that speak HTTP or gRPC, and stdio. Each connection has its limits, and all of them end when
//! the node stops: no new ones, a while for what is under way, then the end.

use std::{future::Future, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use config::Listen;
use http::StatusCode;
use hyper::{Request, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use mcp::lines;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpSocket, UnixListener},
    sync::{Semaphore, mpsc, watch},
    task::JoinSet,
};

use super::{
    STREAM_QUEUE,
    duplex::Duplex,
    framing::{Framed, Switched},
    grpc::Grpc,
    head_timer::HeadTimer,
    http::Http,
};
use crate::{catalogue::Endpoint, current::Current, principal::Remote};

/// Connections that may wait to be accepted. With the usual 128 a burst of clients overflows, and whoever is dropped then
/// tries again after a whole second.
const BACKLOG: u32 = 1_024;

/// A bound listener.
pub enum Listener {
    /// A TCP socket.
    Tcp(TcpListener),
    /// A unix socket; its file is removed when the listener goes.
    Unix(UnixListener, SocketFile),
}

/// What is spoken on a listener.
#[derive(Clone)]
pub enum Speech {
    /// HTTP, with all that goes over it.
    Http,
    /// gRPC.
    Grpc(Grpc),
}

/// The file of a unix socket.
pub struct SocketFile(std::path::PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Listener {
    /// Binds an address.
    pub async fn bind(address: &Listen) -> std::io::Result<Self> {
        match address {
            Listen::Tcp(address) => Ok(Self::Tcp(listen(*address)?)),
            Listen::Unix(path) => {
                let path: &Path = path.as_ref();
                remove_stale(path).await?;
                Ok(Self::Unix(UnixListener::bind(path)?, SocketFile(path.to_owned())))
            }
        }
    }

    /// Where it listens, as a user writes it.
    pub fn address(&self, speech: &Speech) -> String {
        let scheme = match speech {
            Speech::Http => "http",
            Speech::Grpc(grpc) => grpc.scheme(),
        };
        match (self, speech) {
            (Self::Tcp(listener), _) => {
                listener.local_addr().map(|address| format!("{scheme}://{address}")).unwrap_or_default()
            }
            (Self::Unix(_, file), Speech::Http) => format!("unix:{}", file.0.display()),
            (Self::Unix(_, file), Speech::Grpc(_)) => format!("{scheme}+unix:{}", file.0.display()),
        }
    }
}

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// A socket file that nobody listens at is left over from a crash.
async fn remove_stale(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::FileTypeExt;
    let is_socket = std::fs::metadata(path).is_ok_and(|meta| meta.file_type().is_socket());
    if is_socket && tokio::net::UnixStream::connect(path).await.is_err() {
        std::fs::remove_file(path)?;
    }
    Ok(())
}

/// Serves all listeners until `stop` turns true, then lets calls finish for as long as the limits allow.
pub async fn serve(gateway: Current, listeners: Vec<(Listener, Speech)>, stop: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(gateway.now().limits.connections_max));
    let mut accepting = JoinSet::new();
    for (listener, speech) in listeners {
        accepting.spawn(accept(gateway.clone(), listener, speech, places.clone(), stop.clone()));
    }
    let drained = drain_jobs(gateway.clone(), stop);
    let ended = async { while accepting.join_next().await.is_some() {} };
    tokio::join!(ended, drained);
    gateway.now().stop().await;
}

/// Lets the jobs under way finish while the connections do.
async fn drain_jobs(gateway: Current, mut stop: watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
    let gateway = gateway.now();
    gateway.jobs.drain(Duration::from_millis(gateway.limits.drain_ms_max)).await;
}

async fn accept(
    gateway: Current,
    listener: Listener,
    speech: Speech,
    places: Arc<Semaphore>,
    mut stop: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let accepted = tokio::select! {
            accepted = next(&listener) => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let (gateway, speech, stop) = (gateway.clone(), speech.clone(), stop.clone());
        match accepted {
            Ok(Stream::Tcp(stream, remote)) => drop(connections.spawn(async move {
                let _ = stream.set_nodelay(true);
                speech.connection(gateway, stream, remote, stop).await;
                drop(place);
            })),
            Ok(Stream::Unix(stream)) => drop(connections.spawn(async move {
                speech.connection(gateway, stream, Remote::Socket, stop).await;
                drop(place);
            })),
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
    if let Speech::Grpc(grpc) = speech {
        grpc.stop().await;
    }
    let drain = Duration::from_millis(gateway.now().limits.drain_ms_max);
    let _ = tokio::time::timeout(drain, async { while connections.join_next().await.is_some() {} }).await;
}

enum Stream {
    Tcp(tokio::net::TcpStream, Remote),
    Unix(tokio::net::UnixStream),
}

async fn next(listener: &Listener) -> std::io::Result<Stream> {
    match listener {
        Listener::Tcp(listener) => {
            let (stream, address) = listener.accept().await?;
            Ok(Stream::Tcp(stream, Remote::Address(address.ip())))
        }
        Listener::Unix(listener, _) => Ok(Stream::Unix(listener.accept().await?.0)),
    }
}

impl Speech {
    async fn connection(
        self,
        gateway: Current,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        remote: Remote,
        stop: watch::Receiver<bool>,
    ) {
        match self {
            Self::Http => http(gateway, stream, remote, stop).await,
            Self::Grpc(grpc) => grpc.connection(gateway, stream, remote, stop).await,
        }
    }
}

async fn http(
    gateway: Current,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    remote: Remote,
    mut stop: watch::Receiver<bool>,
) {
    let limits = gateway.now().limits.clone();
    let mut builder = http1::Builder::new();
    builder
        .timer(HeadTimer::default())
        .header_read_timeout(Duration::from_millis(limits.header_read_ms_max))
        .max_headers(limits.headers_max)
        .max_buf_size(limits.header_bytes_max.max(8_192))
        .half_close(false);
    let switched = Switched::default();
    let stream = Framed::new(stream, switched.clone());
    let service = service_fn(move |request: Request<hyper::body::Incoming>| {
        let gateway = gateway.now();
        let http = Http { gateway, remote };
        let switched = switched.clone();
        async move {
            let response = http.answer(request).await;
            if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                switched.set();
            }
            Ok::<_, std::convert::Infallible>(response)
        }
    });
    let connection = builder.serve_connection(TokioIo::new(stream), service).with_upgrades();
    tokio::pin!(connection);
    tokio::select! {
        end = connection.as_mut() => {
            if let Err(error) = end {
                tracing::debug!(%error, "a client connection ended with an error");
            }
            return;
        }
        _ = stop.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// Serves one client on stdin and stdout until its input ends or `stop` resolves.
pub async fn stdio(current: Current, endpoint: Endpoint, stop: impl Future<Output = ()>) {
    let (out, mut outbox) = mpsc::channel::<Bytes>(STREAM_QUEUE);
    let gateway = current.now();
    let duplex = Duplex::new(&gateway, gateway.identities.parent(), endpoint, out);
    let writer = tokio::spawn(async move {
        let mut stdout = tokio::io::stdout();
        while let Some(message) = outbox.recv().await {
            let mut line = message.to_vec();
            line.push(b'\n');
            if stdout.write_all(&line).await.is_err() || stdout.flush().await.is_err() {
                return;
            }
        }
    });
    let reading = async {
        let mut input = tokio::io::stdin();
        let mut decoder = lines::Decoder::new(gateway.limits.body_bytes_max);
        let mut chunk = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = input.read(&mut chunk).await {
            decoder.push(&chunk[..count]);
            while let Some(line) = decoder.next() {
                match line {
                    Ok(line) => duplex.receive(line).await,
                    Err(error) => tracing::warn!(%error, "a line over the limit"),
                }
            }
        }
    };
    tokio::select! {
        () = reading => {}
        () = stop => {}
    }
    duplex.close();
    drop(duplex);
    gateway.jobs.drain(Duration::from_millis(gateway.limits.drain_ms_max)).await;
    let _ = tokio::time::timeout(Duration::from_millis(current.now().limits.drain_ms_max), writer).await;
    current.now().stop().await;
}
