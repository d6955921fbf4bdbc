//! Listeners: TCP and unix sockets that speak HTTP or gRPC, and stdio. Each connection has its limits, and all of them end when
//! the node leaves: no new ones, a while for what is under way, then the end. A listener can go over to another process, and so
//! can a connection on which nothing is under way.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use config::Listen;
use http::{HeaderValue, StatusCode, header};
use hyper::{Request, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use mcp::lines;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpSocket, UnixListener},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::JoinSet,
};

use super::{
    STREAM_QUEUE,
    duplex::Duplex,
    framing::{Framed, Switched},
    grpc::Grpc,
    head_timer::HeadTimer,
    http::Http,
    passage::{Departure, Passage},
    unstalled::Unstalled,
};
use crate::{
    catalogue::Endpoint,
    current::Current,
    leaving::{Stage, Underway},
    principal::Remote,
    vitals::Signs,
};

/// Connections that may wait to be accepted. With the usual 128 a burst of clients overflows, and whoever is dropped then
/// tries again after a whole second.
const BACKLOG: u32 = 1_024;
/// How long a connection stays open that could not go over with the doors: a client that is just sending a request gets its
/// answer, and with it the word that the connection closes.
pub const IDLE_AFTER_HANDOVER: Duration = Duration::from_secs(5);
/// How long the last words may take after the servers were ended: they only have to be written.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A bound listener.
pub enum Listener {
    /// A TCP socket.
    Tcp(TcpListener),
    /// A unix socket; its file is removed when the listener goes, unless it was left to another process.
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
pub struct SocketFile {
    path: std::path::PathBuf,
    is_left: AtomicBool,
}

impl SocketFile {
    fn of(path: &Path) -> Self {
        Self { path: path.to_owned(), is_left: AtomicBool::new(false) }
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if !*self.is_left.get_mut() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// The headers that hyper allows where nobody tells it how many. It reads so many into its stack; as soon as it is told, be it
/// the same number, it makes room for them anew for each request.
const HEADERS_ON_THE_STACK: usize = 100;

/// Connections that may wait to be served after they came from another process.
const ARRIVALS: usize = 64;

/// Connections that come from the process before this one.
pub type Arrivals = mpsc::Receiver<Stream>;

/// An accepted connection.
pub enum Stream {
    /// Over TCP.
    Tcp(tokio::net::TcpStream, Remote),
    /// Over a unix socket.
    Unix(tokio::net::UnixStream),
}

impl Listener {
    /// Binds an address.
    pub async fn bind(address: &Listen) -> std::io::Result<Self> {
        match address {
            Listen::Tcp(address) => Ok(Self::Tcp(listen(*address)?)),
            Listen::Unix(path) => {
                let path: &Path = path.as_ref();
                remove_stale(path).await?;
                Ok(Self::Unix(UnixListener::bind(path)?, SocketFile::of(path)))
            }
        }
    }

    /// The listener at `address` that another process has opened. A descriptor of something else is an error.
    pub fn taken_over(address: &Listen, descriptor: OwnedFd) -> io::Result<Self> {
        match address {
            Listen::Tcp(_) => {
                let listener = std::net::TcpListener::from(descriptor);
                listener.local_addr()?;
                listener.set_nonblocking(true)?;
                Ok(Self::Tcp(TcpListener::from_std(listener)?))
            }
            Listen::Unix(path) => {
                let listener = std::os::unix::net::UnixListener::from(descriptor);
                if listener.local_addr()?.as_pathname() != Some(path) {
                    return Err(io::ErrorKind::AddrNotAvailable.into());
                }
                listener.set_nonblocking(true)?;
                Ok(Self::Unix(UnixListener::from_std(listener)?, SocketFile::of(path)))
            }
        }
    }

    /// Leaves the file of its socket, if it has one, to the process that has taken the listener over.
    pub fn leave(&self) {
        if let Self::Unix(_, file) = self {
            file.is_left.store(true, Ordering::Relaxed);
        }
    }

    /// The next connection.
    pub async fn accept(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(listener) => {
                let (stream, address) = listener.accept().await?;
                Ok(Stream::Tcp(stream, Remote::Address(address.ip())))
            }
            Self::Unix(listener, _) => Ok(Stream::Unix(listener.accept().await?.0)),
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
            (Self::Unix(_, file), Speech::Http) => format!("unix:{}", file.path.display()),
            (Self::Unix(_, file), Speech::Grpc(_)) => format!("{scheme}+unix:{}", file.path.display()),
        }
    }
}

impl Stream {
    /// A connection that another process has accepted. Needs a tokio runtime.
    pub fn taken_over(is_tcp: bool, descriptor: OwnedFd) -> io::Result<Self> {
        if is_tcp {
            let stream = std::net::TcpStream::from(descriptor);
            let remote = Remote::Address(stream.peer_addr()?.ip());
            stream.set_nonblocking(true)?;
            return Ok(Self::Tcp(tokio::net::TcpStream::from_std(stream)?, remote));
        }
        let stream = std::os::unix::net::UnixStream::from(descriptor);
        stream.set_nonblocking(true)?;
        Ok(Self::Unix(tokio::net::UnixStream::from_std(stream)?))
    }

    /// Serves it for as long as it is there.
    fn begin(self, gateway: Current, speech: Speech, place: OwnedSemaphorePermit, underway: Underway) {
        match self {
            Self::Tcp(stream, remote) => drop(tokio::spawn(async move {
                let _ = stream.set_nodelay(true);
                speech.connection(gateway, stream, remote, underway).await;
                drop(place);
            })),
            Self::Unix(stream) => drop(tokio::spawn(async move {
                speech.connection(gateway, stream, Remote::Socket, underway).await;
                drop(place);
            })),
        }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(listener) => listener.as_fd(),
            Self::Unix(listener, _) => listener.as_fd(),
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

/// The way by which connections come from another process.
pub fn arrivals() -> (mpsc::Sender<Stream>, Arrivals) {
    mpsc::channel(ARRIVALS)
}

/// Serves all listeners, and connections that come from the process before, until the node leaves; then lets what is under way
/// finish for as long as the limits allow.
pub async fn serve(gateway: Current, listeners: Vec<(Arc<Listener>, Speech)>, arrivals: Arrivals) {
    let places = Arc::new(Semaphore::new(gateway.now().limits.connections_max));
    let mut accepting = JoinSet::new();
    for (listener, speech) in listeners {
        let (underway, signs) = (gateway.now().stages.begin(), gateway.now().vitals.part(listener.address(&speech)));
        let accepting_here = accept(gateway.clone(), (listener, speech), places.clone(), underway);
        accepting.spawn(with_signs(signs, accepting_here));
    }
    accepting.spawn(take_over(gateway.clone(), arrivals, places, gateway.now().stages.begin()));
    while accepting.join_next().await.is_some() {}
    finish(&gateway).await;
    let gateway = gateway.now();
    gateway.stop().await;
    let _ = tokio::time::timeout(LAST_WORDS, gateway.stages.all_done()).await;
}

/// Waits for what is under way: patiently while a successor does all that is new, and not for long once the node is to end.
async fn finish(current: &Current) {
    let gateway = current.now();
    let (stages, limits) = (&gateway.stages, &gateway.limits);
    if stages.now() == Stage::HandedOver {
        let patience = Duration::from_millis(limits.handover_ms_max);
        let servers_go = async {
            tokio::time::sleep(IDLE_AFTER_HANDOVER.min(patience)).await;
            current.let_servers_go();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = stages.all_done() => return,
            () = stages.reached(Stage::Stopping) => {}
            () = servers_go => {}
            () = tokio::time::sleep(patience) => {
                return tracing::warn!("calls did not end within `limits.handover_ms_max` and are cut off");
            }
        }
    }
    let drain = Duration::from_millis(limits.drain_ms_max);
    if tokio::time::timeout(drain, stages.all_done()).await.is_err() {
        tracing::warn!("calls did not end within `limits.drain_ms_max` and are cut off");
    }
}

/// Does work that gives signs of life whenever it turns.
async fn with_signs(mut signs: Signs, work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        () = signs.give() => {}
    }
}

async fn accept(
    gateway: Current,
    (listener, speech): (Arc<Listener>, Speech),
    places: Arc<Semaphore>,
    mut underway: Underway,
) {
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let accepted = tokio::select! {
            // whoever comes after the node has left is the successor's
            biased;
            () = underway.leaves() => break,
            accepted = listener.accept() => accepted,
        };
        let (gateway, speech, underway) = (gateway.clone(), speech.clone(), underway.clone());
        match accepted {
            Ok(stream) => stream.begin(gateway, speech, place, underway),
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    if let Speech::Grpc(grpc) = speech {
        grpc.stop().await;
    }
}

/// Serves the connections that come from the process before this one, as if they had been accepted here.
async fn take_over(gateway: Current, mut arrivals: Arrivals, places: Arc<Semaphore>, mut underway: Underway) {
    loop {
        let arrived = tokio::select! {
            () = underway.leaves() => return,
            arrived = arrivals.recv() => arrived,
        };
        let (Some(stream), Ok(place)) = (arrived, places.clone().acquire_owned().await) else { return };
        stream.begin(gateway.clone(), Speech::Http, place, underway.clone());
    }
}

impl Speech {
    async fn connection(
        self,
        gateway: Current,
        stream: impl AsyncRead + AsyncWrite + AsFd + Unpin + Send + 'static,
        remote: Remote,
        underway: Underway,
    ) {
        let stream = Unstalled::new(stream, Duration::from_millis(gateway.now().limits.write_ms_max));
        match self {
            Self::Http => http(gateway, stream, remote, underway).await,
            // it is several times as large, and the many are HTTP
            Self::Grpc(grpc) => Box::pin(grpc.connection(gateway, stream, remote, underway)).await,
        }
    }
}

async fn http(
    gateway: Current,
    stream: impl AsyncRead + AsyncWrite + AsFd + Unpin + Send + 'static,
    remote: Remote,
    mut underway: Underway,
) {
    let (limits, kin) = (gateway.now().limits.clone(), gateway.now().kin.clone());
    let mut builder = http1::Builder::new();
    builder
        .timer(HeadTimer::default())
        .header_read_timeout(Duration::from_millis(limits.header_read_ms_max))
        .max_buf_size(limits.header_bytes_max.max(8_192))
        .half_close(false);
    if limits.headers_max != HEADERS_ON_THE_STACK {
        builder.max_headers(limits.headers_max);
    }
    let (switched, passage) = (Switched::default(), Passage::default());
    let stream = Framed::new(stream, switched.clone(), passage.clone());
    let served = passage.clone();
    let service = service_fn(move |request: Request<hyper::body::Incoming>| {
        let gateway = gateway.now();
        let http = Http { gateway, remote };
        let (switched, served) = (switched.clone(), served.clone());
        async move {
            let mut response = http.answer(request).await;
            if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                switched.set();
            } else if http.gateway.stages.now() > Stage::Serving {
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, std::convert::Infallible>(response.map(|body| served.answering(body)))
        }
    });
    let connection = builder.serve_connection(TokioIo::new(stream), service).with_upgrades();
    tokio::pin!(connection);
    let end = tokio::select! {
        end = connection.as_mut() => Some(end),
        () = underway.leaves() => None,
    };
    let end = match end {
        None if underway.stage() == Stage::HandedOver && kin.departures().is_none_or(|_| !passage.go()) => {
            tokio::time::timeout(IDLE_AFTER_HANDOVER, connection.as_mut()).await.ok()
        }
        end => end,
    };
    let end = if let Some(end) = end {
        end
    } else {
        connection.as_mut().graceful_shutdown();
        connection.await
    };
    if let (Some(descriptor), Some(departures)) = (passage.left(), kin.departures()) {
        // whom nobody takes is closed
        let _ = departures.send(Departure { descriptor, remote, underway }).await;
    }
    if let Err(error) = end {
        tracing::debug!(%error, "a client connection ended with an error");
    }
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
    let drain = Duration::from_millis(gateway.limits.drain_ms_max);
    gateway.stages.enter(Stage::Stopping);
    // jobs under way are no business of the client that has left
    let _ = tokio::time::timeout(drain, gateway.stages.all_done()).await;
    let _ = tokio::time::timeout(Duration::from_millis(current.now().limits.drain_ms_max), writer).await;
    current.now().stop().await;
}
