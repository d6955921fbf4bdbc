//! A connection on which messages go both ways at any time: a child's pipes, a WebSocket, a unix socket, HTTP+SSE.
//! Calls share it; what arrives is given to the call that it belongs to. How it fares is told to the server's health.

use std::{
    os::unix::net::UnixStream as Socket,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use mcp::{Envelope, Era, Kind, Meta, Method, Param, ScanLimits, message};
use supervisor::{Heirloom, Oversized};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use super::{
    changes::Changes,
    health::{Health, Pulse},
    legacy_http::{cancelled, handshake_refused, initialize_params, reply_message},
    lineage::Lineage,
    listening::{Listen, Listens},
    modern_http::own_params,
    oversized::answered_id,
    peer::Peer,
    pending::Pending,
    pool::Owner,
    relay::{Outbox, Relay},
};
use crate::{
    call::{Abilities, Call, Exchange, Reply},
    events::{Patience, channel},
    failure::Failure,
};

/// The way out of a link.
#[derive(Debug)]
pub enum Out {
    /// The stdin of a child.
    Child(supervisor::Child),
    /// A task that writes to a socket.
    Channel(mpsc::Sender<Bytes>),
}

/// The task that reads what a child writes. It goes on when this is dropped.
#[derive(Debug)]
pub struct Reading {
    /// Tells it to stop.
    pub stop: oneshot::Sender<()>,
    /// Ends with what was not read, if it was told to stop.
    pub task: JoinHandle<Option<supervisor::Lines>>,
}

/// So many lines in a row that are no messages mean that nobody there speaks MCP.
const GARBAGE_LINES_MAX: u32 = 1_000;

/// What a relayed message may have: our own successor has checked it already.
const RELAYED_BYTES_MAX: usize = u32::MAX as usize;

/// One shared connection.
#[derive(Debug)]
pub struct Link {
    out: Out,
    pending: Pending,
    listens: Listens,
    peer: OnceLock<Peer>,
    /// For whom the hands were shaken with a legacy server.
    owner: OnceLock<Owner>,
    changes: Arc<Changes>,
    health: Arc<Health>,
    /// Whether it answers when it is asked for a sign of life.
    pub pulse: Pulse,
    patience: Patience,
    closed: AtomicBool,
    /// Lines without a message since the last message.
    garbage: AtomicU32,
    /// Who reads its child, if it has one.
    reading: Mutex<Option<Reading>>,
    /// The processes that have had it before this one and have it after.
    lineage: Lineage,
}

/// What the probe of a fresh connection found.
#[derive(Debug)]
pub enum Verdict {
    /// The server speaks this era and has introduced itself.
    Known,
    /// It answered the probe with an error: legacy, and the connection is still good.
    Legacy,
    /// It fell silent or died on the probe: legacy, and the connection is spoiled.
    Spoiled,
}

impl Link {
    /// A link that writes to `out`. Whoever reads its other half calls [`Self::receive`] and [`Self::close`].
    pub fn new(out: Out, changes: Arc<Changes>, health: Arc<Health>, patience: Patience) -> Arc<Self> {
        Arc::new(Self {
            out,
            pending: Pending::default(),
            listens: Listens::default(),
            peer: OnceLock::new(),
            owner: OnceLock::new(),
            changes,
            health,
            pulse: Pulse::default(),
            patience,
            closed: AtomicBool::new(false),
            garbage: AtomicU32::new(0),
            reading: Mutex::default(),
            lineage: Lineage::default(),
        })
    }

    /// A link that goes on in the place of one in the process `before`.
    pub fn going_on(
        link: Arc<Self>,
        generation: u64,
        (peer, owner): (Peer, Option<Owner>),
        before: Outbox,
    ) -> Arc<Self> {
        link.pending.begin_generation(generation);
        if let Some(owner) = owner {
            let _ = link.owner.set(owner);
        }
        // it is fresh, so it has no peer
        let _ = link.peer.set(peer);
        link.lineage.follows(generation, before);
        link
    }

    /// The processes that have had it before this one and have it after.
    pub fn lineage(&self) -> &Lineage {
        &self.lineage
    }

    /// Whether no call is under way on it, and none of the process before can be.
    pub fn is_quiet(&self) -> bool {
        self.calls() == 0 && !self.lineage.serves_before()
    }

    /// Notes who reads its child.
    pub fn is_read_by(&self, reading: Reading) {
        *self.reading.lock().unwrap_or_else(PoisonError::into_inner) = Some(reading);
    }

    /// Whether its child can go to another process.
    pub fn can_be_left(&self) -> bool {
        let is_whole = !self.is_closed() && !self.lineage.is_left();
        is_whole && matches!(&self.out, Out::Child(child) if child.can_be_left())
    }

    /// Lets go of its child, which goes to another process with the other end of a relay. Calls that are under way go on over
    /// the relay.
    pub async fn leave(self: &Arc<Self>) -> Result<(Heirloom, Socket), Failure> {
        let gone = || Failure::Unavailable("the connection has ended".to_owned());
        let Out::Child(child) = &self.out else { return Err(gone()) };
        let reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or_else(gone)?;
        let (relay, theirs) = Relay::pair().map_err(|error| Failure::Unavailable(error.to_string()))?;
        let (left_to, mut from_successor) = relay.open();
        self.lineage.leave_to(left_to);
        let _ = reading.stop.send(());
        let lines = reading.task.await.ok().flatten().ok_or_else(gone)?;
        let heirloom = child.leave(lines).await?;
        let (reader, bytes_max) = (Arc::downgrade(self), RELAYED_BYTES_MAX);
        tokio::spawn(async move {
            while let Some(message) = from_successor.next(bytes_max).await {
                let Some(link) = reader.upgrade().filter(|link| !link.is_closed()) else { return };
                link.receive(&message);
            }
            if let Some(link) = reader.upgrade().filter(|link| !link.is_closed()) {
                link.lost("the process that has followed this one let go of it");
            }
        });
        Ok((heirloom, theirs))
    }

    /// What the server said of itself; `None` before the handshake.
    pub fn peer(&self) -> Option<&Peer> {
        self.peer.get()
    }

    /// Whether the connection is gone.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// How many calls are under way.
    pub fn calls(&self) -> usize {
        self.pending.len()
    }

    /// Asks a fresh connection whether its server is modern.
    pub async fn probe(&self, limit: Duration) -> Verdict {
        match self.ask(Method::Discover, &own_params(""), limit).await {
            Ok(answer) if answer.kind() == Kind::Result => match Peer::from_discover(&answer) {
                Some(peer) => {
                    let _ = self.peer.set(peer);
                    Verdict::Known
                }
                None => Verdict::Legacy,
            },
            Ok(_) => Verdict::Legacy,
            Err(_) => Verdict::Spoiled,
        }
    }

    /// Takes a modern server at its word without asking what else it speaks.
    pub async fn discover(&self, limit: Duration) -> Result<(), Failure> {
        let answer = self.ask(Method::Discover, &own_params(""), limit).await?;
        let peer = Peer::from_discover(&answer)
            .ok_or_else(|| Failure::Garbage("it does not speak a modern revision".to_owned()))?;
        let _ = self.peer.set(peer);
        Ok(())
    }

    /// Shakes hands with a legacy server for the owner of the connection.
    pub async fn initialize(&self, owner: &Owner, limit: Duration) -> Result<(), Failure> {
        let _ = self.owner.set(owner.clone());
        let answer = self.ask(Method::Initialize, initialize_params(owner.abilities).as_bytes(), limit).await?;
        if answer.kind() == Kind::Error {
            return Err(handshake_refused(&answer));
        }
        let peer = Peer::from_initialize(&answer)
            .ok_or_else(|| Failure::Garbage("a handshake without a version".to_owned()))?;
        let _ = self.peer.set(peer);
        self.send(message::notification(Method::Initialized.as_str(), b"")).await
    }

    /// Sends a call.
    pub async fn call(self: &Arc<Self>, call: &Call) -> Exchange {
        let era = self.peer().map_or(Era::Legacy, |peer| peer.era);
        let id = self.pending.next_id();
        let wants_notes = call.progress_token().is_some()
            || call.log_level().is_some()
            || (era == Era::Legacy && call.method.may_be_asked_in());
        let link = self.clone();
        let (sender, events) = channel(wants_notes, self.patience, move || link.give_up(id));
        self.pending.insert(id, call, sender);
        if let Err(failure) = self.send(call.message(id, era)).await {
            self.pending.forget(id);
            return Exchange::Done(Err(failure));
        }
        Exchange::Running(events)
    }

    /// Sends a request of our own and waits for its answer.
    pub async fn ask(&self, method: Method, params: &[u8], limit: Duration) -> Result<Envelope, Failure> {
        let id = self.pending.next_id();
        let patience = Patience { idle: limit, total: limit };
        let (sender, events) = channel(false, patience, || {});
        self.pending.insert_own(id, sender);
        let answer = match self.send(message::request(id, method.as_str(), params)).await {
            Ok(()) => Exchange::Running(events).finish().await,
            Err(failure) => Err(failure),
        };
        self.pending.forget(id);
        answer.map(|answer| answer.envelope)
    }

    /// Sends a listen request.
    pub async fn listen(self: &Arc<Self>, params: &[u8]) -> Result<Listen, Failure> {
        let id = self.pending.next_id();
        let listen = self.listens.insert(id, self.clone());
        self.send(message::request(id, Method::Listen.as_str(), params)).await?;
        Ok(listen)
    }

    /// The listen requests that are open on it.
    pub fn listens(&self) -> &Listens {
        &self.listens
    }

    /// Ends a request by its id.
    pub async fn cancel(&self, id: u64) {
        let _ = self.send(cancelled(id)).await;
    }

    /// Sends one message.
    pub async fn send(&self, message: Bytes) -> Result<(), Failure> {
        if self.is_closed() {
            return Err(Failure::Unavailable("the connection has ended".to_owned()));
        }
        if let Some(left_to) = self.lineage.left_to() {
            let is_sent = left_to.send(message).await;
            return if is_sent { Ok(()) } else { Err(Failure::Unavailable("the connection has ended".to_owned())) };
        }
        match &self.out {
            Out::Child(child) => Ok(child.send(message).await?),
            Out::Channel(channel) => {
                channel.send(message).await.map_err(|_| Failure::Unavailable("the connection has ended".to_owned()))
            }
        }
    }

    /// Takes one incoming message; what is none is dropped and quoted in the log, and too much of it ends the link.
    pub fn receive(self: &Arc<Self>, bytes: &Bytes) {
        match Envelope::parse(bytes, ScanLimits { depth_max: 128 }) {
            Ok(envelope) => {
                self.garbage.store(0, Ordering::Relaxed);
                self.sort(envelope);
            }
            Err(invalid) => self.garbage(invalid, bytes),
        }
    }

    fn garbage(&self, invalid: mcp::Invalid, bytes: &Bytes) {
        self.health.noise();
        match self.garbage.fetch_add(1, Ordering::Relaxed) {
            0 => {
                let line = self.health.journal.clean(&quote(bytes));
                tracing::warn!(%invalid, line, "the server wrote a line that is no message");
            }
            GARBAGE_LINES_MAX => {
                tracing::warn!(
                    lines = GARBAGE_LINES_MAX,
                    "the server writes nothing but lines that are no messages; it is stopped"
                );
                self.lost("it wrote nothing but lines that are no messages");
            }
            _ => {}
        }
    }

    /// Takes what is known of a line over the limit: the call that waited for it fails, the others go on. False if the
    /// line has no end, so that nothing more can come on this link.
    pub fn oversized(&self, line: &Oversized, bytes_max: usize) -> bool {
        let head = self.health.journal.clean(&line.head);
        tracing::warn!(bytes = line.bytes, bytes_max, head, "the server wrote a line over the limit");
        let failure = Failure::TooLarge(bytes_max);
        match answered_id(&line.head, &line.tail) {
            Some(id) => drop(self.pending.fail(id, failure)),
            None => drop(self.pending.fail_only(failure)),
        }
        line.is_whole
    }

    /// The same where only the start of the line is known.
    pub fn oversized_start(&self, bytes_max: usize, head: &str) {
        let line = Oversized { bytes: bytes_max, head: head.to_owned(), tail: String::new(), is_whole: true };
        self.oversized(&line, bytes_max);
    }

    fn sort(self: &Arc<Self>, envelope: Envelope) {
        match envelope.kind() {
            Kind::Result | Kind::Error if self.lineage.is_of_before(envelope.id()) => {
                self.lineage.pass_to_before(envelope, true);
            }
            Kind::Result | Kind::Error => {
                let era = self.peer().map_or(Era::Legacy, |peer| peer.era);
                if !self.listens.ended(&envelope) && !self.pending.answer(envelope, era) {
                    tracing::debug!("an answer that nobody waits for");
                }
            }
            Kind::Notification => self.notified(envelope),
            Kind::Request => self.question(envelope),
        }
    }

    fn notified(self: &Arc<Self>, notification: Envelope) {
        let method = Method::parse(notification.method());
        let subject = match method {
            Method::Progress => notification.param_raw(Param::ProgressToken),
            Method::Acknowledged => notification.meta_raw(Meta::SubscriptionId),
            _ => None,
        };
        if self.lineage.is_of_before(subject) {
            return self.lineage.pass_to_before(notification, method == Method::Acknowledged);
        }
        match method {
            Method::Progress => drop(self.pending.progress(&notification)),
            Method::LogMessage if self.pending.log(&notification) => {}
            Method::LogMessage => self.lineage.pass_to_before(notification, false),
            Method::Acknowledged => self.listens.acknowledged(&notification),
            _ => self.changes.notify(&notification),
        }
    }

    /// A request of the server: answered by us, put to the client of a call that it can belong to or whose connection
    /// this is, or refused.
    fn question(self: &Arc<Self>, question: Envelope) {
        let link = self.clone();
        if self.peer().is_some_and(|peer| peer.era == Era::Modern) {
            tracing::warn!(method = question.method(), "a modern server sent a request; it is not answered");
            return;
        }
        let answer = match Method::parse(question.method()) {
            Method::Ping => Err(Reply::Result(Bytes::from_static(b"{}"))),
            _ => {
                self.pending.ask(question.clone()).or_else(|why| self.ask_owner(&question, why)).map_err(Reply::refusal)
            }
        };
        if matches!(answer, Err(Reply::Error(_))) && self.lineage.has_before() {
            return self.lineage.pass_to_before(question, true);
        }
        if let Err(Reply::Error(_)) = &answer {
            self.pending.fail_only(Failure::MissingCapability(Abilities::required(&question)));
        }
        tokio::spawn(async move {
            let reply = match answer {
                Err(reply) => reply,
                Ok(answer) => answer.await.unwrap_or_else(|_| Reply::nobody()),
            };
            let _ = link.send(reply_message(&question, &reply)).await;
        });
    }

    fn ask_owner(&self, question: &Envelope, why: &'static str) -> Result<oneshot::Receiver<Reply>, &'static str> {
        self.owner.get().ok_or(why)?.ask(question)
    }

    /// The connection has ended by itself, for this reason: every call on it has an unknown outcome.
    pub fn lost(&self, reason: &str) {
        let was_closed = self.closed.swap(true, Ordering::AcqRel);
        // before it has introduced itself, whoever opened it tells what happened
        if !was_closed && self.peer.get().is_some() {
            self.health.ended(reason);
        }
        self.listens.end_all();
        self.pending.fail_all(&Failure::Lost);
    }

    /// The other side has hung up. With no call under way that is its right.
    pub fn hung_up(&self) {
        if self.calls() > 0 {
            return self.lost("it hung up during a call");
        }
        self.closed.store(true, Ordering::Release);
        self.listens.end_all();
    }

    /// Ends the connection politely.
    pub async fn stop(&self) {
        self.closed.store(true, Ordering::Release);
        self.listens.end_all();
        if let Out::Child(child) = &self.out
            && !self.lineage.is_left()
        {
            child.stop().await;
        }
        self.pending.fail_all(&Failure::Lost);
    }

    /// Ends the connection politely while nobody waits for it.
    pub fn stop_aside(self: &Arc<Self>) {
        let link = self.clone();
        tokio::spawn(async move { link.stop().await });
    }

    /// The end of what the server wrote to stderr, where there is one.
    pub fn stderr_tail(&self) -> Option<String> {
        match &self.out {
            Out::Child(child) => Some(child.stderr_tail()),
            Out::Channel(_) => None,
        }
    }

    fn give_up(self: &Arc<Self>, id: u64) {
        if self.pending.forget(id)
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let link = self.clone();
            runtime.spawn(async move { link.cancel(id).await });
        }
    }
}

/// The start of a line, for the log.
fn quote(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(400)]).chars().take(200).collect()
}
