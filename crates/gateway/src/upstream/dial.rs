//! Opens links: starts the child, connects the socket, and keeps a task that reads what arrives.

use std::{
    io,
    os::unix::net::UnixStream as Socket,
    path::{Path, PathBuf},
    pin::pin,
    sync::{Arc, Weak},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use config::{Server, Transport};
use futures_util::{SinkExt, StreamExt};
use http::{HeaderMap, HeaderName, HeaderValue, Method as Verb};
use mcp::{lines, sse};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::{mpsc, oneshot},
};

use super::{
    changes::Changes,
    health::Health,
    http::{EventStream, HttpLimits, HttpServer},
    link::{Link, Out, Reading},
    peer::Peer,
    pool::Owner,
    relay::Relay,
};
use crate::{failure::Failure, leaving::Underway, residents::Home};

/// Messages that may wait for a socket to take them.
const OUTBOX: usize = 256;
/// How long we wait to learn how a child ended that has closed its stdout; it may well live on.
const EXIT_WAIT: Duration = Duration::from_millis(200);
/// Our own file, also after an upgrade has replaced it.
const OWN_PROGRAM: &str = "/proc/self/exe";

/// What every link needs to be opened.
#[derive(Clone)]
pub struct Dialer {
    /// The way to the network.
    pub client: egress::Client,
    /// What answers may cost.
    pub limits: HttpLimits,
    /// The bounds of a child.
    pub child: supervisor::Limits,
    /// Where the links tell what the server says outside of calls.
    pub changes: Arc<Changes>,
    /// Where the links tell how they fare.
    pub health: Arc<Health>,
    /// Where the server lives, if that is in this process.
    pub(crate) home: Option<Home>,
}

impl Dialer {
    /// Opens the link that `server` describes.
    pub async fn dial(&self, server: &Server) -> Result<Arc<Link>, Failure> {
        if let Some(home) = &self.home {
            return self.resident(home, server).await;
        }
        match server.transport() {
            Transport::Ws => self.websocket(server).await,
            Transport::Unix => self.unix(server).await,
            Transport::Sse => self.sse(server).await,
            _ => self.spawn(server),
        }
    }

    /// Starts a child.
    fn spawn(&self, server: &Server) -> Result<Arc<Link>, Failure> {
        let command = command(server)?;
        let journal = self.health.journal.clone();
        let (child, lines) = supervisor::spawn_with_journal(&command, self.child.clone(), Some(journal))?;
        let link = self.link(Out::Child(child.clone()));
        self.read(&link, child, lines);
        Ok(link)
    }

    /// Goes on with the child of a process before us, which may have calls there that it finishes over `relay`.
    pub fn take_over(
        &self,
        heirloom: supervisor::Heirloom,
        (relay, underway): (Socket, Underway),
        generation: u64,
        (peer, owner): (Peer, Option<Owner>),
    ) -> io::Result<Arc<Link>> {
        let (child, lines) = heirloom.take_over(self.child.clone(), Some(self.health.journal.clone()))?;
        let (before, mut from_before) = Relay::over(relay)?.open();
        let link = Link::going_on(self.link(Out::Child(child.clone())), generation, (peer, owner), before);
        self.read(&link, child, lines);
        let (writer, bytes_max) = (Arc::downgrade(&link), self.child.line_bytes_max);
        tokio::spawn(async move {
            while let Some(message) = from_before.next(bytes_max).await {
                let Some(link) = writer.upgrade() else { return };
                // what cannot be sent has no answer, and its caller is told so there
                let _ = link.send(message).await;
            }
            if let Some(link) = writer.upgrade() {
                link.lineage().before_has_ended();
            }
            drop(underway);
        });
        Ok(link)
    }

    /// Reads what a child writes, until it ends or the link is left to another process.
    fn read(&self, link: &Arc<Link>, child: supervisor::Child, lines: supervisor::Lines) {
        let (reader, bytes_max) = (Arc::downgrade(link), self.child.line_bytes_max);
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            let left = read_lines(&reader, lines, bytes_max, stopped).await;
            if left.is_none() {
                see_it_end(&reader, &child).await;
            }
            left
        });
        link.is_read_by(Reading { stop, task });
    }

    fn link(&self, out: Out) -> Arc<Link> {
        Link::new(out, self.changes.clone(), self.health.clone(), self.limits.patience)
    }

    /// Starts a server that lives in this process.
    async fn resident(&self, home: &Home, server: &Server) -> Result<Arc<Link>, Failure> {
        let opening = home.residents.open(&home.name, server);
        let opened = tokio::time::timeout(Duration::from_secs(server.start_timeout_s), opening).await;
        let mut resident = opened.map_err(|_| Failure::Timeout)?.map_err(Failure::Unavailable)?;
        let link = self.link(Out::Channel(resident.to_server));
        let reader = Arc::downgrade(&link);
        tokio::spawn(async move {
            while let Some(message) = resident.from_server.recv().await {
                let Some(link) = reader.upgrade().filter(|link| !link.is_closed()) else { break };
                link.receive(&message);
            }
            if let Some(link) = reader.upgrade() {
                link.hung_up();
            }
        });
        Ok(link)
    }

    async fn websocket(&self, server: &Server) -> Result<Arc<Link>, Failure> {
        let target = target(server)?;
        let socket = self.client.websocket(&target, configured_headers(server)).await?;
        let (mut sink, mut stream) = socket.split();
        let (out, mut outbox) = mpsc::channel::<Bytes>(OUTBOX);
        let link = self.link(Out::Channel(out));
        let reader = Arc::downgrade(&link);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    message = outbox.recv() => {
                        let Some(text) = message.and_then(|bytes| String::from_utf8(bytes.into()).ok()) else { break };
                        if sink.send(egress::Message::text(text)).await.is_err() { break }
                    }
                    frame = stream.next() => {
                        let (Some(Ok(frame)), Some(link)) = (frame, reader.upgrade()) else { break };
                        match frame {
                            egress::Message::Text(text) => link.receive(&Bytes::copy_from_slice(text.as_bytes())),
                            egress::Message::Close(_) => break,
                            _ => {}
                        }
                    }
                }
            }
            if let Some(link) = reader.upgrade() {
                link.hung_up();
            }
        });
        Ok(link)
    }

    async fn unix(&self, server: &Server) -> Result<Arc<Link>, Failure> {
        let target = target(server)?;
        let socket = target.socket().ok_or_else(|| Failure::Unavailable("it has no socket".to_owned()))?;
        let stream = self.client.stream(Path::new(socket)).await?;
        let (mut input, mut output) = stream.into_split();
        let (out, mut outbox) = mpsc::channel::<Bytes>(OUTBOX);
        let link = self.link(Out::Channel(out));
        tokio::spawn(async move {
            while let Some(message) = outbox.recv().await {
                let mut framed = BytesMut::from(&message[..]);
                framed.extend_from_slice(b"\n");
                if output.write_all(&framed).await.is_err() {
                    break;
                }
            }
        });
        let reader = Arc::downgrade(&link);
        let mut decoder = lines::Decoder::new(self.limits.line_bytes_max);
        tokio::spawn(async move {
            let mut chunk = vec![0; 64 * 1024];
            while let Ok(count @ 1..) = input.read(&mut chunk).await {
                decoder.push(&chunk[..count]);
                let Some(link) = reader.upgrade() else { break };
                while let Some(line) = decoder.next() {
                    match line {
                        Ok(bytes) => link.receive(&bytes),
                        Err(lines::LineError::Oversized { limit, quoted }) => link.oversized_start(limit, &quoted),
                    }
                }
            }
            if let Some(link) = reader.upgrade() {
                link.hung_up();
            }
        });
        Ok(link)
    }

    /// HTTP+SSE of 2024-11-05: a GET stream whose first event names the address to post to.
    async fn sse(&self, server: &Server) -> Result<Arc<Link>, Failure> {
        let target = target(server)?;
        let reach = HttpServer::new(&self.client, target.clone(), configured_headers(server), self.limits);
        let response = reach
            .send(Verb::GET, Bytes::new(), |headers| {
                headers.remove(http::header::CONTENT_TYPE);
                headers.insert(http::header::ACCEPT, HeaderValue::from_static("text/event-stream"));
            })
            .await?;
        if !response.status().is_success() {
            return Err(super::modern_http::refused(response.status(), response.headers()));
        }
        let mut stream = EventStream::new(response.into_body(), self.limits);
        let endpoint = tokio::time::timeout(Duration::from_secs(10), endpoint(&mut stream))
            .await
            .unwrap_or(Err(Failure::Timeout))?;
        let post = HttpServer::new(&self.client, target.sibling(&endpoint)?, configured_headers(server), self.limits);
        let (out, mut outbox) = mpsc::channel::<Bytes>(OUTBOX);
        let link = self.link(Out::Channel(out));
        tokio::spawn(async move {
            while let Some(message) = outbox.recv().await {
                if post.send(Verb::POST, message, |_| {}).await.is_err() {
                    break;
                }
            }
        });
        let reader = Arc::downgrade(&link);
        tokio::spawn(async move {
            while let Ok(Some(event)) = stream.next_event().await {
                let Some(link) = reader.upgrade() else { break };
                link.receive(&event.data);
            }
            if let Some(link) = reader.upgrade() {
                link.hung_up();
            }
        });
        Ok(link)
    }
}

/// Gives a link the lines of its child; what is left of them if it is told to stop.
async fn read_lines(
    reader: &Weak<Link>,
    mut lines: supervisor::Lines,
    bytes_max: usize,
    stopped: oneshot::Receiver<()>,
) -> Option<supervisor::Lines> {
    let mut stopped = pin!(async {
        if stopped.await.is_err() {
            std::future::pending::<()>().await;
        }
    });
    loop {
        let next = tokio::select! {
            next = lines.next() => next?,
            () = &mut stopped => return Some(lines),
        };
        // a child that never stops talking must not keep a thread for itself
        tokio::task::coop::consume_budget().await;
        let link = reader.upgrade().filter(|link| !link.is_closed())?;
        match next {
            supervisor::Line::Message(bytes) => link.receive(&bytes),
            supervisor::Line::Oversized(over) if link.oversized(&over, bytes_max) => {}
            supervisor::Line::Oversized(_) => {
                link.lost("it wrote a line without an end");
                return None;
            }
        }
    }
}

/// Tells a link how its child, which has closed its stdout, has ended.
async fn see_it_end(reader: &Weak<Link>, child: &supervisor::Child) {
    let exit = tokio::time::timeout(EXIT_WAIT, child.exited()).await;
    if let Some(link) = reader.upgrade() {
        match exit {
            Ok(exit) if exit.is_success() => link.hung_up(),
            Ok(exit) => link.lost(&format!("it {exit}")),
            Err(_) => link.lost("it closed its output"),
        }
    }
    child.stop().await;
}

async fn endpoint(stream: &mut EventStream) -> Result<String, Failure> {
    while let Some(sse::Event { name, data, .. }) = stream.next_event().await? {
        if name.as_deref() == Some("endpoint") {
            return String::from_utf8(data.to_vec())
                .map_err(|_| Failure::Garbage("an endpoint that is no text".to_owned()));
        }
    }
    Err(Failure::Garbage("the stream ended before it named its endpoint".to_owned()))
}

/// What is to be run for a server: its command, or this program as a toolkit.
pub(super) fn command(server: &Server) -> Result<supervisor::Command, Failure> {
    let command = match (&server.command, &server.toolkit) {
        (Some(program), _) => supervisor::Command::new(program).args(&server.args),
        (None, Some(toolkit)) => own_toolkit(toolkit, server),
        (None, None) => return Err(Failure::Unavailable("it has no command".to_owned())),
    };
    let command = server.env.iter().fold(command, |command, (name, value)| command.env(name, value.expose()));
    Ok(match &server.cwd {
        Some(directory) => command.cwd(directory),
        None => command,
    })
}

/// This program as a toolkit. It is told where our own files are, so that it can keep its hands off.
fn own_toolkit(name: &str, server: &Server) -> supervisor::Command {
    let sandbox = server.sandbox.iter().flat_map(|sandbox| ["--sandbox", sandbox.as_str()]);
    let roots = server.roots.iter().flat_map(|root| ["--root", root.as_str()]);
    let shown = server.show_commands.then_some("--show-commands");
    let command = supervisor::Command::new(OWN_PROGRAM).args(["toolkit", name]).args(roots).args(sandbox).args(shown);
    // not an argument, since arguments are seen by everybody on the machine
    let command = match connections(server) {
        Some(line) => command.env(config::env::CONNECTIONS.name, line),
        None => command,
    };
    let places = [config::env::STATE_DIR, config::env::XDG_CONFIG_HOME, config::env::XDG_STATE_HOME];
    places.iter().fold(command, |command, variable| match std::env::var_os(variable.name) {
        Some(value) => command.env(variable.name, value),
        None => command,
    })
}

/// The outside systems of a toolkit, for its process.
fn connections(server: &Server) -> Option<String> {
    let connection = |(name, given): (&String, &config::Connection)| {
        let file = |path: &Option<String>| path.as_ref().map(PathBuf::from);
        let connection = toolkit::Connection {
            url: given.url.clone(),
            user: given.user.clone(),
            secret: given.secret.as_ref().map(|secret| secret.expose().to_owned()),
            ca: file(&given.ca),
            certificate: file(&given.certificate),
            key: file(&given.key),
        };
        (name.clone(), connection)
    };
    let connections = toolkit::Connections::new(server.connections.iter().map(connection));
    (!server.connections.is_empty()).then(|| connections.to_line())
}

/// The address of a server.
pub fn target(server: &Server) -> Result<egress::Target, Failure> {
    let url = server.url.as_deref().ok_or_else(|| Failure::Unavailable("it has no url".to_owned()))?;
    Ok(egress::Target::parse(url)?)
}

/// The headers that the configuration adds to every request.
pub fn configured_headers(server: &Server) -> HeaderMap {
    let valid = |(name, value): (&String, &config::Secret)| {
        let mut value = HeaderValue::from_str(value.expose()).ok()?;
        value.set_sensitive(true);
        Some((HeaderName::try_from(name.as_str()).ok()?, value))
    };
    server.headers.iter().filter_map(valid).collect()
}
