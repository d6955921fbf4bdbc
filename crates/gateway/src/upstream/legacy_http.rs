//! A session with a legacy Streamable HTTP server: opened by a handshake, carried by a header, ended by DELETE.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method as Verb, StatusCode};
use mcp::{Envelope, Era, Kind, Method, Version, code, header, message};
use tokio::sync::Notify;

use super::{
    askable::Askable,
    changes::Changes,
    http::{EventStream, Got, HttpServer, Rules, StreamOwner, follow, pump, reply_later},
    modern_http::refused,
    peer::Peer,
    pool::Owner,
};
use crate::{
    call::{Abilities, Answer, Call, Exchange, Reply},
    events::{Sender, channel},
    failure::Failure,
};

const VERSION: HeaderName = HeaderName::from_static(header::PROTOCOL_VERSION);
const SESSION: HeaderName = HeaderName::from_static(header::SESSION_ID);
const LAST_EVENT_ID: HeaderName = HeaderName::from_static(header::LAST_EVENT_ID);

/// How long the first request waits for the standing stream: a server that asks on it must find it open.
const STANDING_WAIT: Duration = Duration::from_millis(300);

/// One session with one server.
#[derive(Debug)]
pub struct LegacyHttp {
    server: Arc<HttpServer>,
    /// What the server said in the handshake.
    pub peer: Peer,
    session: Option<HeaderValue>,
    ids: AtomicU64,
    changes: Arc<Changes>,
    gone: AtomicBool,
    askable: Askable,
    owner: Owner,
    listener: Mutex<Option<tokio::task::AbortHandle>>,
}

/// What comes first after a call was posted.
enum Posted {
    Answer(Answer),
    Stream(EventStream),
}

/// Why a handshake did not come about.
#[derive(Debug)]
pub enum Refusal {
    /// The server answers with a status that says: no such endpoint. It may speak HTTP+SSE.
    NotHere,
    /// Anything else.
    Failed(Failure),
}

impl LegacyHttp {
    /// Shakes hands for the owner of the session and listens to what the server says on its own.
    pub async fn open(
        server: Arc<HttpServer>,
        owner: Owner,
        changes: Arc<Changes>,
        limit: Duration,
    ) -> Result<Arc<Self>, Refusal> {
        let hello = message::request(0, Method::Initialize.as_str(), initialize_params(owner.abilities).as_bytes());
        let (head, got) = server.ask(0, hello, |_| {}, limit).await.map_err(Refusal::Failed)?;
        let answer = match got {
            Got::Message(answer) if answer.kind() == Kind::Result => answer,
            Got::Message(answer) => return Err(Refusal::Failed(handshake_refused(&answer))),
            Got::Refused(StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::BAD_REQUEST, _) => {
                return Err(Refusal::NotHere);
            }
            Got::Refused(status, _) => return Err(Refusal::Failed(refused(status, &head.headers))),
            Got::Nothing | Got::Stream(_) => {
                return Err(Refusal::Failed(Failure::Garbage("no answer to the handshake".to_owned())));
            }
        };
        let peer = Peer::from_initialize(&answer)
            .ok_or_else(|| Refusal::Failed(Failure::Garbage("a handshake without a version".to_owned())))?;
        let session = Arc::new(Self {
            server,
            peer,
            session: head.headers.get(SESSION).cloned(),
            ids: AtomicU64::new(0),
            changes,
            gone: AtomicBool::new(false),
            askable: Askable::default(),
            owner,
            listener: Mutex::default(),
        });
        session.tell(message::notification(Method::Initialized.as_str(), b"")).await;
        let standing = tokio::time::timeout(STANDING_WAIT, session.open_stream(None)).await;
        session.clone().listen(standing.ok().flatten());
        Ok(session)
    }

    /// Whether the server has forgotten this session.
    pub fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }

    /// Sends a call and follows it. Its server may ask its client on the stream of the answer and on the standing one.
    pub async fn call(self: &Arc<Self>, call: &Call) -> Exchange {
        let id = self.ids.fetch_add(1, Ordering::Relaxed) + 1;
        let message = call.message(id, Era::Legacy);
        let rules = Rules::of(call);
        if call.method.may_be_asked_in() && !rules.abilities.is_empty() {
            return self.call_asking(id, message, rules).await;
        }
        let mut given_up = GivenUp { session: Some(self.clone()), id };
        let exchange = match self.post_call(id, message).await {
            Ok(Posted::Answer(answer)) => Exchange::Done(Ok(answer)),
            Ok(Posted::Stream(stream)) => follow(self.clone(), id, rules, self.server.limits().patience, stream).await,
            Err(failure) => Exchange::Done(Err(failure)),
        };
        if !matches!(exchange, Exchange::Done(Err(Failure::Timeout))) {
            given_up.session = None;
        }
        exchange
    }

    /// A call whose client can be asked: it is known to the standing stream from before it is sent until it has ended.
    async fn call_asking(self: &Arc<Self>, id: u64, message: Bytes, rules: Rules) -> Exchange {
        let stop = Arc::new(Notify::new());
        let stopped = stop.clone();
        let (sender, events) = channel(true, self.server.limits().patience, move || stop.notify_one());
        self.askable.insert(id, rules.abilities, &sender);
        let session = self.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = session.converse(id, message, rules, sender) => {}
                () = stopped.notified() => session.give_up(id).await,
            }
            session.askable.remove(id);
        });
        events.settle().await
    }

    async fn converse(self: &Arc<Self>, id: u64, message: Bytes, rules: Rules, sender: Sender) {
        match self.post_call(id, message).await {
            Ok(Posted::Stream(stream)) => pump(self.clone(), rules, stream, None, sender).await,
            Ok(Posted::Answer(answer)) => sender.finish(Ok(answer)),
            Err(failure) => sender.finish(Err(failure)),
        }
    }

    async fn post_call(&self, id: u64, message: Bytes) -> Result<Posted, Failure> {
        let (head, got) = self.server.post_call(id, message, |headers| self.stamp(headers)).await?;
        match self.unless_gone(head.status, got)? {
            Got::Message(envelope) => Ok(Posted::Answer(Answer { envelope, era: Era::Legacy })),
            Got::Stream(stream) => Ok(Posted::Stream(stream)),
            Got::Refused(status, _) => Err(refused(status, &head.headers)),
            Got::Nothing => Err(Failure::Garbage("no answer to a request".to_owned())),
        }
    }

    /// A request of our own, such as a list.
    pub async fn ask(&self, method: Method, params: &[u8], limit: Duration) -> Result<Envelope, Failure> {
        let id = self.ids.fetch_add(1, Ordering::Relaxed) + 1;
        let body = message::request(id, method.as_str(), params);
        let (head, got) = self.server.ask(id, body, |headers| self.stamp(headers), limit).await?;
        match self.unless_gone(head.status, got)? {
            Got::Message(envelope) => Ok(envelope),
            Got::Refused(status, _) => Err(refused(status, &head.headers)),
            Got::Nothing | Got::Stream(_) => Err(Failure::Garbage("no answer to a request".to_owned())),
        }
    }

    /// What came back, unless it says that the server has forgotten the session. Some servers say so in JSON; that a
    /// method is not found may come with the same status.
    fn unless_gone(&self, status: StatusCode, got: Got) -> Result<Got, Failure> {
        let is_about_the_method = || match &got {
            Got::Message(answer) => answer.error_code() == Some(i64::from(code::METHOD_NOT_FOUND)),
            _ => false,
        };
        if status != StatusCode::NOT_FOUND || is_about_the_method() {
            return Ok(got);
        }
        self.gone.store(true, Ordering::Release);
        Err(Failure::SessionGone)
    }

    /// Sends what wants no answer.
    pub async fn tell(&self, body: Bytes) {
        if let Err(failure) = self.server.send(Verb::POST, body, |headers| self.stamp(headers)).await {
            tracing::debug!(%failure, "a message to a legacy server was lost");
        }
    }

    /// Ends the session.
    pub async fn close(&self) {
        if let Some(listener) = self.listener.lock().unwrap_or_else(PoisonError::into_inner).take() {
            listener.abort();
        }
        if self.session.is_some() && !self.gone.swap(true, Ordering::AcqRel) {
            let _ = self.server.send(Verb::DELETE, Bytes::new(), |headers| self.stamp(headers)).await;
        }
    }

    /// The GET stream: what the server says outside of calls. Servers may not have one.
    fn listen(self: Arc<Self>, mut first: Option<EventStream>) {
        let session = Arc::downgrade(&self);
        let task = tokio::spawn(async move {
            let mut wait = Duration::from_secs(1);
            while let Some(alive) = session.upgrade() {
                let opened = match first.take() {
                    Some(opened) => Some(opened),
                    None => alive.open_stream(None).await,
                };
                let Some(mut stream) = opened else { return };
                drop(alive);
                while let Ok(Some(envelope)) = stream.next().await {
                    let Some(alive) = session.upgrade() else { return };
                    alive.heard(envelope).await;
                }
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(Duration::from_mins(1));
            }
        });
        *self.listener.lock().unwrap_or_else(PoisonError::into_inner) = Some(task.abort_handle());
    }

    async fn heard(self: &Arc<Self>, envelope: Envelope) {
        match envelope.kind() {
            Kind::Notification => self.changes.notify(&envelope),
            Kind::Request => self.question(envelope).await,
            Kind::Result | Kind::Error => {}
        }
    }

    /// A question outside of the stream of a call. Servers ask there in the middle of a call all the same: it goes to
    /// the latest call whose client can answer it, and without one to the client whose session this is.
    async fn question(self: &Arc<Self>, question: Envelope) {
        if Method::parse(question.method()) == Method::Ping {
            return self.reply(question, Reply::Result(Bytes::from_static(b"{}"))).await;
        }
        match self.askable.ask(&question).or_else(|_| self.owner.ask(&question)) {
            Ok(answer) => reply_later(self.clone(), question, answer),
            Err(reason) => self.reply(question, Reply::refusal(reason)).await,
        }
    }

    async fn open_stream(&self, last_event_id: Option<&str>) -> Option<EventStream> {
        let response = self
            .server
            .send(Verb::GET, Bytes::new(), |headers| {
                self.stamp(headers);
                headers.remove(http::header::CONTENT_TYPE);
                headers.insert(http::header::ACCEPT, HeaderValue::from_static("text/event-stream"));
                if let Some(Ok(id)) = last_event_id.map(HeaderValue::from_str) {
                    headers.insert(LAST_EVENT_ID, id);
                }
            })
            .await
            .ok()?;
        response.status().is_success().then(|| EventStream::new(response.into_body(), self.server.limits()))
    }

    fn stamp(&self, headers: &mut HeaderMap) {
        if let Some(session) = &self.session {
            headers.insert(SESSION, session.clone());
        }
        if let Ok(version) = HeaderValue::from_str(&self.peer.version) {
            headers.insert(VERSION, version);
        }
    }
}

impl Drop for LegacyHttp {
    fn drop(&mut self) {
        if let Some(listener) = self.listener.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            listener.abort();
        }
    }
}

/// Tells the server that nobody waits any more: to a legacy server, hanging up does not say so.
struct GivenUp {
    session: Option<Arc<LegacyHttp>>,
    id: u64,
}

impl Drop for GivenUp {
    fn drop(&mut self) {
        if let (Some(session), Ok(runtime)) = (self.session.take(), tokio::runtime::Handle::try_current()) {
            let id = self.id;
            runtime.spawn(async move { session.give_up(id).await });
        }
    }
}

impl StreamOwner for LegacyHttp {
    fn era(&self) -> Era {
        Era::Legacy
    }

    async fn reply(&self, question: Envelope, reply: Reply) {
        self.tell(reply_message(&question, &reply)).await;
    }

    async fn resume(&self, last_event_id: &str) -> Option<EventStream> {
        self.open_stream(Some(last_event_id)).await
    }

    async fn give_up(&self, id: u64) {
        self.tell(cancelled(id)).await;
    }

    fn unrelated(&self, notification: &Envelope) {
        self.changes.notify(notification);
    }
}

/// The `params` of our handshake.
pub fn initialize_params(abilities: Abilities) -> String {
    format!(
        r#"{{"protocolVersion":"{}","capabilities":{},"clientInfo":{{"name":"switchboard","version":"{}"}}}}"#,
        Version::LATEST_LEGACY.as_str(),
        abilities.as_capabilities(),
        env!("CARGO_PKG_VERSION"),
    )
}

/// A server that answers the handshake with an error.
pub fn handshake_refused(answer: &Envelope) -> Failure {
    let text = String::from_utf8_lossy(answer.error().unwrap_or_default());
    Failure::Unavailable(format!("it refuses the handshake: {}", text.chars().take(200).collect::<String>()))
}

/// The notification that a request of ours is given up.
pub fn cancelled(id: u64) -> Bytes {
    message::notification(
        Method::Cancelled.as_str(),
        format!(r#"{{"requestId":{id},"reason":"the client gave up"}}"#).as_bytes(),
    )
}

/// The answer to a question of a server.
pub fn reply_message(question: &Envelope, reply: &Reply) -> Bytes {
    let id = question.id().unwrap_or(b"0");
    match reply {
        Reply::Result(result) => message::result(id, result),
        Reply::Error(error) => message::error_raw(id, error),
    }
}
