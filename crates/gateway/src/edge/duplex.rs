//! Transports on which messages go both ways on one connection: stdio, WebSocket, HTTP+SSE (`sse`), plain sockets. The
//! connection is the session; both eras may be interleaved on it, each message by its own content.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use mcp::{ClientFacts, Envelope, Era, Kind, Meta, Method, Param, ScanLimits, Version, code, message};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio_tungstenite::tungstenite::{
    Message, Utf8Bytes,
    handshake::derive_accept_key,
    protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode},
};

use super::{Reply, STREAM_QUEUE, body::Answer, bridge, http::refuse, id_of, legacy, modern};
use crate::{
    catalogue::Endpoint,
    gateway::Gateway,
    held::Held,
    identities::Unauthorized,
    pipeline::wishes::Wishes,
    principal::{Principal, Visitor},
    route::Inbound,
    seals::now_s,
    session::{Session, SessionId, Unknown},
};

/// How often a WebSocket is asked whether it is alive.
const PING: Duration = Duration::from_secs(30);
/// How often a connection that is to end is asked whether a request is still under way on it.
const LOOK: Duration = Duration::from_millis(20);

/// Requests under way at one time on one connection: far more than a person or an agent has, far less than would starve
/// others.
const REQUESTS_MAX: u32 = 1_000;

/// What a legacy session hears beside its calls.
type Hears = fn(&Gateway, &Arc<Session>) -> mpsc::Receiver<Bytes>;

/// One connection.
pub struct Duplex {
    gateway: Gateway,
    visitor: Visitor,
    endpoint: Endpoint,
    out: mpsc::Sender<Bytes>,
    session: OnceLock<Arc<Session>>,
    /// What its session is known by if that outlives the connection.
    lasting: Option<SessionId>,
    /// The sealed id of that session, once there is one.
    sealed: OnceLock<String>,
    hears: Hears,
    /// Modern calls under way, by the raw token of their id.
    running: Arc<Mutex<HashMap<Vec<u8>, oneshot::Sender<()>>>>,
    /// Room for requests that are not answered yet.
    places: Arc<Semaphore>,
}

impl Duplex {
    /// A connection that writes to `out`.
    pub fn new(gateway: &Gateway, visitor: Visitor, endpoint: Endpoint, out: mpsc::Sender<Bytes>) -> Arc<Self> {
        Self::hearing((legacy::stand, None), gateway, visitor, endpoint, out)
    }

    /// A connection whose session is known by this id, under which a client comes back on another one.
    pub(super) fn lasting(
        id: SessionId,
        gateway: &Gateway,
        visitor: Visitor,
        endpoint: Endpoint,
        out: mpsc::Sender<Bytes>,
    ) -> Arc<Self> {
        Self::hearing((legacy::stand, Some(id)), gateway, visitor, endpoint, out)
    }

    fn hearing(
        (hears, lasting): (Hears, Option<SessionId>),
        gateway: &Gateway,
        visitor: Visitor,
        endpoint: Endpoint,
        out: mpsc::Sender<Bytes>,
    ) -> Arc<Self> {
        Arc::new(Self {
            gateway: gateway.clone(),
            visitor,
            endpoint,
            out,
            session: OnceLock::new(),
            lasting,
            sealed: OnceLock::new(),
            hears,
            running: Arc::default(),
            places: Arc::new(Semaphore::new(REQUESTS_MAX as usize)),
        })
    }

    /// Takes the bytes of one message.
    pub async fn receive(self: &Arc<Self>, bytes: Bytes) {
        let bytes = self.held().count(bytes);
        let limits = ScanLimits { depth_max: self.gateway.limits.json_depth_max as u32 };
        match Envelope::parse(&bytes, limits) {
            Err(invalid) => self.say(message::error(None, invalid.code(), &invalid.to_string(), None)).await,
            Ok(message) => self.take(message).await,
        }
    }

    /// Takes one message. Calls go on by themselves, so that others can overtake them.
    pub async fn take(self: &Arc<Self>, message: Envelope) {
        let principal = match self.gateway.newest().identities.recall(&self.visitor, now_s()) {
            Ok(principal) => principal,
            Err(unauthorized) => return self.turn_away(&message, unauthorized).await,
        };
        if let Some(session) = self.session.get() {
            session.take_on(&principal);
        }
        if message.kind() != Kind::Request {
            return self.note(message).await;
        }
        if Method::parse(message.method()) == Method::Initialize && !is_modern(&message) {
            return self.handshake(&principal, &message).await;
        }
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            let text = format!("more than {REQUESTS_MAX} requests at one time on one connection");
            return self.pass_on(Reply::error(message.id(), code::OVERLOADED, &text, is_modern(&message))).await;
        };
        tokio::spawn(self.clone().request(principal, message, place));
    }

    /// The name of the principal whose connection it is.
    pub(super) fn owner(&self) -> &str {
        &self.visitor.principal.name
    }

    /// The sealed id of its session, under which its client may come back.
    pub(super) fn sealed(&self) -> Option<&str> {
        self.sealed.get().map(String::as_str)
    }

    /// Goes on with a session that was opened on another connection.
    pub(super) fn go_on(&self, session: Arc<Session>, sealed: &str) {
        let standing = (self.hears)(&self.gateway.newest(), &session);
        // it is fresh, so both are empty
        let _ = (self.session.set(session), self.sealed.set(sealed.to_owned()));
        self.pass_on_all(standing);
    }

    /// Resolves in a moment in which no request is under way, after the node has begun to leave. New ones are taken until
    /// then.
    pub(super) async fn leaves(&self) {
        self.gateway.stages.begin().leaves().await;
        while self.places.available_permits() < REQUESTS_MAX as usize {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Resolves when every request has been answered.
    pub async fn settled(&self) {
        let _ = self.places.acquire_many(REQUESTS_MAX).await;
    }

    /// The connection is gone: everything that belonged to it is given back.
    pub fn close(&self) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).clear();
        if let Some(session) = self.session.get() {
            session.cancel_all();
            self.gateway.sessions.end_bound(session);
            self.gateway.release(session);
        }
    }

    /// Says no to a message of somebody who may not call any more.
    async fn turn_away(&self, message: &Envelope, unauthorized: Unauthorized) {
        if message.kind() == Kind::Request {
            let text = format!("{unauthorized}; then connect again");
            let modern = is_modern(message);
            self.pass_on(Reply::error(message.id(), code::INVALID_REQUEST, &text, modern)).await;
        }
    }

    async fn handshake(&self, principal: &Arc<Principal>, request: &Envelope) {
        let id = id_of(request);
        let gateway = &self.gateway.newest();
        let Some((version, facts)) = legacy::introduced(request) else {
            return self.pass_on(legacy::not_initialized(id, None)).await;
        };
        if self.session.get().is_some() {
            return self
                .pass_on(Reply::error(Some(id), code::INVALID_REQUEST, "this connection is initialized already", false))
                .await;
        }
        match self.open(gateway, principal, version, facts) {
            Err(why) => self.pass_on(legacy::not_initialized(id, Some(why))).await,
            Ok(session) => {
                // who has read the answer has missed nothing since
                let standing = (self.hears)(gateway, &session);
                self.say(legacy::initialized(gateway, &self.endpoint, id, version).await).await;
                let _ = self.session.set(session);
                self.pass_on_all(standing);
            }
        }
    }

    /// Opens the session of the connection.
    fn open(
        &self,
        gateway: &Gateway,
        principal: &Arc<Principal>,
        version: Version,
        facts: ClientFacts,
    ) -> Result<Arc<Session>, Unknown> {
        let (sessions, endpoint) = (&gateway.sessions, &self.endpoint);
        let Some(id) = self.lasting else { return sessions.open_bound(principal, endpoint, version, facts) };
        let (sealed, session) = sessions.open_as(id, &gateway.seals, principal, endpoint, (version, facts))?;
        let _ = self.sealed.set(sealed);
        Ok(session)
    }

    /// Passes on what is said outside of calls.
    fn pass_on_all(&self, mut standing: mpsc::Receiver<Bytes>) {
        let (out, held) = (self.out.clone(), self.held().clone());
        tokio::spawn(async move {
            while let Some(message) = standing.recv().await {
                if out.send(held.count(message)).await.is_err() {
                    return;
                }
            }
        });
    }

    async fn request(self: Arc<Self>, principal: Arc<Principal>, request: Envelope, _place: OwnedSemaphorePermit) {
        if is_modern(&request) {
            return self.modern(principal, request).await;
        }
        let reply = match self.session.get() {
            Some(session) => legacy::handle(&self.gateway.newest(), session, request, Wishes::default()).await,
            None => Reply::error(
                request.id(),
                code::INVALID_REQUEST,
                "send `initialize` first, or a protocol version in `_meta`",
                false,
            ),
        };
        self.pass_on(reply).await;
    }

    /// Notifications and answers.
    async fn note(&self, message: Envelope) {
        if Method::parse(message.method()) == Method::Cancelled
            && let Some(id) = message.param_raw(Param::RequestId)
        {
            self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        }
        if let Some(session) = self.session.get() {
            legacy::handle(&self.gateway.newest(), session, message, Wishes::default()).await;
        }
    }

    async fn modern(&self, principal: Arc<Principal>, request: Envelope) {
        if let Err(reply) = check(&request) {
            return self.pass_on(reply).await;
        }
        let id = request.id().unwrap_or_default().to_vec();
        let (cancel, cancelled) = oneshot::channel();
        let second = self.begin(&id, cancel);
        let caller = modern::caller(&self.gateway.newest(), principal, &request);
        let inbound = Inbound {
            caller,
            endpoint: self.endpoint.clone(),
            request,
            param_headers: None,
            wishes: Wishes::default(),
        };
        tokio::select! {
            () = async { self.pass_on(modern::handle(&self.gateway.newest(), inbound).await).await } => {}
            _ = cancelled => {}
        }
        if second.is_none() {
            self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        }
    }

    /// Notes a request that can be cancelled. Of two with the same id only the first can; the second gets its sender
    /// back, to keep it for as long as it runs.
    fn begin(&self, id: &[u8], cancel: oneshot::Sender<()>) -> Option<oneshot::Sender<()>> {
        match self.running.lock().unwrap_or_else(PoisonError::into_inner).entry(id.to_vec()) {
            Entry::Vacant(free) => {
                free.insert(cancel);
                None
            }
            Entry::Occupied(_) => Some(cancel),
        }
    }

    /// Says what there is to say.
    pub async fn pass_on(&self, reply: Reply) {
        match reply {
            Reply::Accepted => {}
            Reply::One(bytes, _) => self.say(bytes).await,
            Reply::Many(mut messages) => {
                while let Some(message) = messages.recv().await {
                    self.say(message).await;
                }
            }
        }
    }

    async fn say(&self, message: Bytes) {
        let _ = self.out.send(self.held().count(message)).await;
    }

    /// What is held for the principal of the connection.
    pub(super) fn held(&self) -> &Arc<Held> {
        &self.visitor.principal.lasting.held
    }
}

fn is_modern(message: &Envelope) -> bool {
    message.meta_members().get(Meta::ProtocolVersion).is_some()
}

/// What a modern request must say of itself where there are no headers.
pub fn check(request: &Envelope) -> Result<(), Reply> {
    let version = request.meta_text(Meta::ProtocolVersion).unwrap_or_default();
    if Version::parse(version).is_none_or(|version| version.era() != Era::Modern) {
        let served: Vec<&str> = Version::SERVED.iter().map(|version| version.as_str()).collect();
        let data = serde_json::json!({ "supported": served, "requested": version }).to_string();
        let text = "this protocol version is not served";
        return Err(Reply::One(
            message::error(request.id(), code::UNSUPPORTED_VERSION, text, Some(data.as_bytes())),
            400,
        ));
    }
    match request.meta_raw(Meta::ClientCapabilities) {
        Some([b'{', ..]) => Ok(()),
        _ => Err(Reply::error(
            request.id(),
            code::INVALID_PARAMS,
            "`_meta` must hold the capabilities of the client, an object",
            true,
        )),
    }
}

/// Turns an HTTP connection into a WebSocket. With `?events=true` its legacy session hears of servers and jobs too.
pub fn websocket(
    gateway: &Gateway,
    visitor: Visitor,
    endpoint: Endpoint,
    mut request: Request<Incoming>,
) -> Response<Answer> {
    let headers = request.headers();
    let says = |name, wanted: &str| {
        let value = headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default();
        value.split(',').any(|part| part.trim().eq_ignore_ascii_case(wanted))
    };
    let key = headers.get(header::SEC_WEBSOCKET_KEY).map(|key| derive_accept_key(key.as_bytes()));
    let (true, true, Some(accept)) = (says(header::CONNECTION, "upgrade"), says(header::UPGRADE, "websocket"), key)
    else {
        return refuse(StatusCode::UPGRADE_REQUIRED, "this path is for WebSockets");
    };
    if !says(header::SEC_WEBSOCKET_PROTOCOL, "mcp") {
        return refuse(StatusCode::BAD_REQUEST, "the WebSocket subprotocol must be mcp");
    }
    let wants_events = request.uri().query().is_some_and(|query| query.split('&').any(|part| part == "events=true"));
    let hears: Hears = if wants_events { bridge::follow } else { legacy::stand };
    let gateway = gateway.clone();
    tokio::spawn(async move {
        if let Ok(upgraded) = hyper::upgrade::on(&mut request).await {
            talk(gateway, visitor, endpoint, hears, upgraded).await;
        }
    });
    let mut response = Response::new(Answer::full(Bytes::new()));
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("mcp"));
    if let Ok(accept) = HeaderValue::try_from(accept) {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    response
}

/// Why a connection ends whose client may connect again at once.
fn come_back() -> CloseFrame {
    CloseFrame { code: CloseCode::Restart, reason: "the gateway restarts: connect again".into() }
}

async fn talk(
    gateway: Gateway,
    visitor: Visitor,
    endpoint: Endpoint,
    follow: Hears,
    upgraded: hyper::upgrade::Upgraded,
) {
    let limit = Some(gateway.limits.body_bytes_max);
    let config = WebSocketConfig::default().max_message_size(limit).max_frame_size(limit);
    let socket =
        tokio_tungstenite::WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
    let (mut sink, mut stream) = socket.split();
    let (out, mut outbox) = mpsc::channel::<Bytes>(STREAM_QUEUE);
    let duplex = Duplex::hearing((follow, None), &gateway, visitor, endpoint, out);
    let mut ping = tokio::time::interval(PING);
    ping.tick().await;
    let mut heard = true;
    let leaves = duplex.leaves();
    tokio::pin!(leaves);
    loop {
        tokio::select! {
            Some(message) = outbox.recv() => {
                let Ok(text) = Utf8Bytes::try_from(message.clone()) else { break };
                if sink.send(Message::Text(text)).await.is_err() { break }
                // it counts until the client has taken it
                drop(message);
            }
            frame = stream.next() => {
                heard = true;
                match frame {
                    Some(Ok(Message::Text(text))) => duplex.receive(Bytes::copy_from_slice(text.as_bytes())).await,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                    Some(Ok(_)) => {}
                }
            }
            _ = ping.tick() => {
                if !heard || sink.send(Message::Ping(Bytes::new())).await.is_err() { break }
                heard = false;
            }
            () = &mut leaves => {
                while let Some(text) = outbox.try_recv().ok().and_then(|message| Utf8Bytes::try_from(message).ok()) {
                    if sink.feed(Message::Text(text)).await.is_err() { break }
                }
                let _ = sink.send(Message::Close(Some(come_back()))).await;
                break;
            }
        }
    }
    let _ = sink.close().await;
    duplex.close();
}
