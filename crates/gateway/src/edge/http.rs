//! Streamable HTTP, both eras on one path. Every request is checked in the same order, and each check has its answer:
//! door, verb, content type, size, JSON, era, headers against body, version.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method as Verb, Request, Response, StatusCode, header};
use hyper::body::{Body, Incoming};
use mcp::{Envelope, Era, Kind, Meta, Method, ScanLimits, Version, array, code, header as names, message};

use super::{
    Reply,
    body::Answer,
    bridge, coding,
    door::{Place, place},
    duplex,
    head::{Field, Head, Unclear},
    id_of, legacy, modern,
};
use crate::{
    catalogue::Endpoint,
    gateway::Gateway,
    identities::Unauthorized,
    intake::{Spoiled, whole, within},
    leaving::Stage,
    pipeline::wishes::{self, Wishes},
    principal::{Principal, Remote, Visitor},
    route::Inbound,
    seals::now_s,
    session::{Session, Unknown},
    streams::{self, Heard, Lost},
};

const SESSION: HeaderName = HeaderName::from_static(names::SESSION_ID);
/// Messages of one batch.
const BATCH_MAX: usize = 100;

/// The HTTP face of a gateway.
#[derive(Clone)]
pub struct Http {
    /// What is behind it.
    pub gateway: Gateway,
    /// Where the connection comes from.
    pub remote: Remote,
}

/// One request whose principal is known.
struct Visit<'g> {
    gateway: &'g Gateway,
    principal: Arc<Principal>,
}

pub(super) type Answered = Response<Answer>;

impl Http {
    /// Answers one request. What is rare or long-lived is boxed on its way, so that the common call stays small.
    pub async fn answer(&self, request: Request<Incoming>) -> Answered {
        let (parts, body) = request.into_parts();
        let head = Head::read(&parts.headers);
        if let Err((status, why)) = self.gateway.door.check(&head, &parts.uri) {
            tracing::warn!(%status, why, "refused at the door");
            return refuse(status, why);
        }
        let Some(place) = place(parts.uri.path()) else {
            return refuse(StatusCode::NOT_FOUND, "there is nothing at this path: try /mcp");
        };
        let endpoint = match &place {
            Place::Mcp(endpoint) | Place::Sse(endpoint) | Place::Messages(endpoint) | Place::WebSocket(endpoint) => {
                endpoint
            }
            Place::Bridge(endpoint, _) if self.gateway.bridge.settings.enabled => endpoint,
            Place::Bridge(..) => return refuse(StatusCode::NOT_FOUND, "plain HTTP is off: see bridge.enabled"),
            Place::Health => return plain(StatusCode::OK, "ok\n"),
            Place::Ready if self.gateway.stages.now() == Stage::Serving => return plain(StatusCode::OK, "ready\n"),
            Place::Ready => return plain(StatusCode::SERVICE_UNAVAILABLE, "leaving\n"),
        };
        let principal = match self.gateway.identities.identify(head.proof(), self.remote, now_s()) {
            Ok(principal) => principal,
            Err(unauthorized) => return challenge(unauthorized),
        };
        if !self.gateway.catalogue.seen_by(&principal).has(endpoint) {
            return refuse(StatusCode::NOT_FOUND, "there is no server or bundle of this name");
        }
        let visit = Visit { gateway: &self.gateway, principal };
        match (&parts.method, place) {
            (&Verb::POST, Place::Mcp(endpoint)) => {
                coding::answered(visit.post(endpoint, &head, body).await, head.accept_encoding).await
            }
            (&Verb::GET, Place::Mcp(endpoint)) => visit.stand(&endpoint, &head),
            (&Verb::DELETE, Place::Mcp(endpoint)) => visit.end(&endpoint, &head),
            (&Verb::GET, Place::Sse(endpoint)) => duplex::sse(&self.gateway, visit.lasting(self.remote), &endpoint),
            (&Verb::POST, Place::Messages(_)) => {
                let message = Request::from_parts(parts, body);
                Box::pin(duplex::sse_message(&self.gateway, &visit.principal, message)).await
            }
            (&Verb::GET, Place::WebSocket(endpoint)) => {
                let visitor = visit.lasting(self.remote);
                duplex::websocket(&self.gateway, visitor, endpoint, Request::from_parts(parts, body))
            }
            (_, Place::Bridge(endpoint, way)) => {
                let visited = (&self.gateway, visit.principal);
                let answer = Box::pin(bridge::answer(visited, (endpoint, way), &head, &parts, body)).await;
                coding::answered(answer, head.accept_encoding).await
            }
            (_, Place::Mcp(_)) => not_allowed("POST, GET, DELETE"),
            (_, Place::Messages(_)) => not_allowed("POST"),
            _ => not_allowed("GET"),
        }
    }
}

impl Visit<'_> {
    /// The principal on a connection that lasts.
    fn lasting(&self, remote: Remote) -> Visitor {
        Visitor { principal: self.principal.clone(), remote }
    }

    async fn post(&self, endpoint: Endpoint, head: &Head<'_>, body: Incoming) -> Answered {
        if !head.content_type.first().is_some_and(|kind| is_json(kind.as_bytes())) {
            return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content-type must be application/json");
        }
        if head.accepts_json == Some(false) {
            return refuse(StatusCode::NOT_ACCEPTABLE, "accept must allow application/json and text/event-stream");
        }
        let body = match coding::body(body, head.content_encoding, self.gateway).await {
            Ok(body) => body,
            Err((status, why)) => return refuse(status, why),
        };
        let limits = ScanLimits { depth_max: self.gateway.limits.json_depth_max as u32 };
        match Envelope::parse(&body, limits) {
            Ok(message) => self.message(endpoint, head, message).await,
            Err(mcp::Invalid::Batch) => Box::pin(self.batch(&endpoint, head, &body)).await,
            Err(invalid) => respond(Reply::error(None, invalid.code(), &invalid.to_string(), true)),
        }
    }

    async fn message(&self, endpoint: Endpoint, head: &Head<'_>, message: Envelope) -> Answered {
        match classify(head, &message) {
            Claim::Refused(reply) => respond(reply),
            Claim::Modern => self.modern(endpoint, head, message).await,
            Claim::Handshake => Box::pin(self.handshake(&endpoint, message)).await,
            Claim::Session(id) => Box::pin(self.in_session(&endpoint, &id, head, message)).await,
            Claim::Stateless if self.gateway.settings.legacy_stateless => {
                Box::pin(self.stateless(endpoint, head, message)).await
            }
            Claim::Stateless => {
                let text =
                    "no session: send `initialize` first, or a modern request with its protocol version in `_meta`";
                respond(Reply::One(message::error(message.id(), code::NO_SESSION, text, None), 400))
            }
        }
    }

    async fn modern(&self, endpoint: Endpoint, head: &Head<'_>, request: Envelope) -> Answered {
        if request.kind() == Kind::Notification {
            return respond(noted(head, &request));
        }
        if let Err(reply) = check_modern(head, &request) {
            return respond(reply);
        }
        let wishes = match head.wishes() {
            Ok(wishes) => wishes,
            Err(unclear) => return respond(unclear_wish(request.id(), &unclear)),
        };
        let caller = modern::caller(self.gateway, self.principal.clone(), &request);
        let inbound = Inbound { caller, endpoint, request, param_headers: Some(head.params()), wishes };
        respond(modern::handle(self.gateway, inbound).await)
    }

    async fn handshake(&self, endpoint: &Endpoint, request: Envelope) -> Answered {
        let id = id_of(&request);
        let Some((version, facts)) = legacy::introduced(&request) else {
            return respond(legacy::not_initialized(id, None));
        };
        let gateway = self.gateway;
        match gateway.sessions.open(&gateway.seals, &self.principal, endpoint, version, facts) {
            Err(why) => respond(legacy::not_initialized(id, Some(why))),
            Ok((session_id, _)) => {
                let mut response = respond(Reply::One(legacy::initialized(gateway, endpoint, id, version).await, 200));
                if let Ok(value) = HeaderValue::try_from(session_id) {
                    response.headers_mut().insert(SESSION, value);
                }
                response
            }
        }
    }

    async fn in_session(&self, endpoint: &Endpoint, id: &str, head: &Head<'_>, message: Envelope) -> Answered {
        let gateway = self.gateway;
        let session = match gateway.sessions.find(&gateway.seals, &self.principal, endpoint, id) {
            Ok(session) => session,
            Err(why) => return no_session(message.id(), why),
        };
        if head.version.first().is_some_and(|value| value.to_str().ok().and_then(Version::parse).is_none()) {
            return respond(Reply::One(
                message::error(message.id(), code::INVALID_REQUEST, "this protocol version is not served", None),
                400,
            ));
        }
        let wishes = match head.wishes() {
            Ok(wishes) => wishes,
            Err(unclear) => return respond(unclear_wish(message.id(), &unclear)),
        };
        match legacy::handle(gateway, &session, message, wishes).await {
            Reply::Many(messages) => resumable(session.streams.open(streams::Purpose::Call, session.version, messages)),
            reply => respond(reply),
        }
    }

    /// A legacy request outside of any session, where the configuration allows it: a session for just this one.
    async fn stateless(&self, endpoint: Endpoint, head: &Head<'_>, message: Envelope) -> Answered {
        let gateway = self.gateway;
        let wishes = match head.wishes() {
            Ok(wishes) => wishes,
            Err(unclear) => return respond(unclear_wish(message.id(), &unclear)),
        };
        let facts = mcp::ClientFacts { capabilities: "{}".into(), info: Bytes::new(), log_level: Bytes::new() };
        match gateway.sessions.open_bound(&self.principal, &endpoint, Version::LATEST_LEGACY, facts) {
            Err(why) => no_session(message.id(), why),
            Ok(session) => {
                let reply = legacy::handle(gateway, &session, message, wishes).await;
                gateway.sessions.end_bound(&session);
                respond(reply)
            }
        }
    }

    /// A batch, which only 2025-03-26 knows. Each message stands for itself.
    async fn batch(&self, endpoint: &Endpoint, head: &Head<'_>, body: &Bytes) -> Answered {
        let gateway = self.gateway;
        let session =
            session_id(head).and_then(|id| gateway.sessions.find(&gateway.seals, &self.principal, endpoint, id).ok());
        let Some(session) = session.filter(|session| session.version == Version::V2025_03_26) else {
            return respond(Reply::error(None, code::INVALID_REQUEST, &mcp::Invalid::Batch.to_string(), true));
        };
        let spans = match array::batch(body, BATCH_MAX) {
            Ok(spans) => spans,
            Err(error) => return respond(Reply::error(None, error.code(), &error.to_string(), true)),
        };
        let answers = futures_util::future::join_all(
            spans.into_iter().map(|span| one_of_batch(gateway, &session, body.slice(span.range()))),
        )
        .await;
        let answers: Vec<Bytes> = answers.into_iter().flatten().collect();
        if answers.is_empty() {
            return respond(Reply::Accepted);
        }
        let mut out = vec![b'['];
        out.extend_from_slice(&answers.join(&b','));
        out.push(b']');
        respond(Reply::One(out.into(), 200))
    }

    /// GET: the standing stream of a legacy session.
    fn stand(&self, endpoint: &Endpoint, head: &Head<'_>) -> Answered {
        if is_modern(head) {
            return not_allowed("POST");
        }
        let gateway = self.gateway;
        let Some(id) = session_id(head) else { return not_allowed("POST") };
        match gateway.sessions.find(&gateway.seals, &self.principal, endpoint, id) {
            Ok(session) => standing(gateway, &session, head.last_event_id.first()),
            Err(why) => no_session(None, why),
        }
    }

    /// DELETE: the end of a legacy session.
    fn end(&self, endpoint: &Endpoint, head: &Head<'_>) -> Answered {
        if is_modern(head) {
            return not_allowed("POST");
        }
        let gateway = self.gateway;
        let Some(id) = session_id(head) else { return not_allowed("POST") };
        match gateway.sessions.end(&gateway.seals, &self.principal, endpoint, id) {
            Ok(session) => {
                gateway.release(&session);
                plain(StatusCode::OK, "")
            }
            Err(why) => no_session(None, why),
        }
    }
}

async fn one_of_batch(gateway: &Gateway, session: &Arc<crate::session::Session>, bytes: Bytes) -> Option<Bytes> {
    let limits = ScanLimits { depth_max: gateway.limits.json_depth_max as u32 };
    let reply = match Envelope::parse(&bytes, limits) {
        Ok(message) => legacy::handle(gateway, session, message, Wishes::default()).await,
        Err(invalid) => Reply::error(None, invalid.code(), &invalid.to_string(), false),
    };
    match reply {
        Reply::Accepted => None,
        Reply::One(bytes, _) => Some(bytes),
        Reply::Many(mut messages) => {
            let mut last = None;
            while let Some(message) = messages.recv().await {
                last = Some(message);
            }
            last
        }
    }
}

/// What a message claims to be.
enum Claim {
    Modern,
    Handshake,
    Session(String),
    Stateless,
    Refused(Reply),
}

/// Tells the era of a message by its own content: the version in `_meta`, the version header, `initialize`, the session.
fn classify(head: &Head<'_>, message: &Envelope) -> Claim {
    let claimed = message.meta_members().get(Meta::ProtocolVersion).is_some() && message.kind() == Kind::Request;
    if claimed || is_modern(head) {
        return if matches!(message.kind(), Kind::Result | Kind::Error) {
            Claim::Refused(Reply::error(None, code::INVALID_REQUEST, "answers are not sent to this endpoint", true))
        } else {
            Claim::Modern
        };
    }
    if message.kind() == Kind::Request && message.known_method() == Method::Initialize {
        return Claim::Handshake;
    }
    if let Some(id) = head.session.first() {
        return Claim::Session(String::from_utf8_lossy(id.as_bytes()).into_owned());
    }
    match message.kind() {
        Kind::Result | Kind::Error => {
            Claim::Refused(Reply::error(None, code::INVALID_REQUEST, "an answer without a session", true))
        }
        _ => match head.version.first().map(|value| value.to_str().unwrap_or_default()) {
            Some(unknown) if Version::parse(unknown).is_none() => Claim::Refused(unsupported(message, unknown)),
            _ => Claim::Stateless,
        },
    }
}

/// A wish in the headers that cannot be understood: nothing is called.
fn unclear_wish(id: Option<&[u8]>, unclear: &wishes::Unclear) -> Reply {
    Reply::One(message::error(id, code::INVALID_PARAMS, &unclear.to_string(), None), 400)
}

fn session_id<'h>(head: &Head<'h>) -> Option<&'h str> {
    head.session.first().and_then(|id| id.to_str().ok())
}

fn is_modern(head: &Head<'_>) -> bool {
    head.version
        .first()
        .and_then(|value| value.to_str().ok())
        .is_some_and(|version| version >= Version::V2026_07_28.as_str() && version.len() == 10)
}

/// A modern notification over HTTP: none means anything, as there hanging up is the cancellation. It need not be mirrored,
/// but what is mirrored has to be right.
fn noted(head: &Head<'_>, notification: &Envelope) -> Reply {
    match head.method.text() {
        Ok(method) if method.is_none_or(|method| method == notification.method()) => Reply::Accepted,
        _ => Reply::error(None, code::HEADER_MISMATCH, "the header Mcp-Method differs from the method", true),
    }
}

/// Headers against body, `_meta`, version: in this order.
fn check_modern(head: &Head<'_>, request: &Envelope) -> Result<(), Reply> {
    let mismatch = |text: &str| Reply::error(request.id(), code::HEADER_MISMATCH, text, true);
    let invalid = |text: &str| Reply::error(request.id(), code::INVALID_PARAMS, text, true).with_status(400);
    let version = head.version.text();
    let version = version.map_err(|Unclear| mismatch("the header MCP-Protocol-Version is not valid"))?;
    let version = version.ok_or_else(|| mismatch("the header MCP-Protocol-Version is missing"))?;
    if request.meta_raw(Meta::ProtocolVersion).is_none() {
        return Err(invalid("`_meta` must name the protocol version"));
    }
    if request.meta_text(Meta::ProtocolVersion) != Some(version) {
        return Err(mismatch("the header MCP-Protocol-Version differs from the version in `_meta`"));
    }
    let method = head.method.text().map_err(|Unclear| mismatch("the header Mcp-Method is not valid"))?;
    if method != Some(request.method()) {
        return Err(mismatch("the header Mcp-Method is missing or differs from the method"));
    }
    check_name(head.name, request).map_err(|text| mismatch(&text))?;
    match request.meta_raw(Meta::ClientCapabilities) {
        Some([b'{', ..]) => {}
        _ => return Err(invalid("`_meta` must hold the capabilities of the client, an object")),
    }
    match Version::parse(version).filter(|version| version.era() == Era::Modern) {
        Some(_) => Ok(()),
        None => Err(unsupported(request, version)),
    }
}

fn check_name(name: Field<'_>, request: &Envelope) -> Result<(), String> {
    let Some(key) = request.known_method().mirrored() else { return Ok(()) };
    let received = name.text().map_err(|Unclear| "the header Mcp-Name is not valid".to_owned())?;
    let Some(token) = request.param_raw(key) else { return Ok(()) };
    let received = received.ok_or("the header Mcp-Name is missing")?;
    let decoded = names::decode(received).map_err(|error| error.to_string())?;
    let same = match mcp::plain_text(token) {
        Some(plain) => plain == decoded,
        None => serde_json::from_slice::<String>(token).is_ok_and(|text| text == decoded),
    };
    if same { Ok(()) } else { Err("the header Mcp-Name differs from the body".to_owned()) }
}

fn unsupported(request: &Envelope, asked: &str) -> Reply {
    let served: Vec<&str> = Version::SERVED.iter().map(|version| version.as_str()).collect();
    let data = serde_json::json!({ "supported": served, "requested": asked }).to_string();
    Reply::One(
        message::error(
            request.id(),
            code::UNSUPPORTED_VERSION,
            "this protocol version is not served",
            Some(data.as_bytes()),
        ),
        400,
    )
}

/// The body of a request, within the limits of size and time.
pub async fn read(body: Incoming, gateway: &Gateway) -> Result<Bytes, (StatusCode, &'static str)> {
    if body.size_hint().lower() > gateway.limits.body_bytes_max as u64 {
        return Err((StatusCode::PAYLOAD_TOO_LARGE, "the body is larger than limits.body_bytes_max"));
    }
    let limit = Duration::from_millis(gateway.limits.body_read_ms_max);
    match within(limit, whole(body, gateway.limits.body_bytes_max)).await {
        Some(Ok(body)) => Ok(body),
        Some(Err(Spoiled::TooLarge)) => {
            Err((StatusCode::PAYLOAD_TOO_LARGE, "the body is larger than limits.body_bytes_max"))
        }
        Some(Err(Spoiled::BrokenOff)) => Err((StatusCode::BAD_REQUEST, "the body broke off")),
        None => Err((StatusCode::REQUEST_TIMEOUT, "the body took longer than limits.body_read_ms_max")),
    }
}

pub(super) fn is_json(kind: &[u8]) -> bool {
    if kind == b"application/json" {
        return true;
    }
    let Ok(kind) = std::str::from_utf8(kind) else { return false };
    let mut parts = kind.split(';').map(str::trim);
    let json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    json && parts.all(|parameter| {
        parameter.split_once('=').is_none_or(|(name, value)| {
            !name.eq_ignore_ascii_case("charset") || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
    })
}

fn no_session(id: Option<&[u8]>, why: Unknown) -> Answered {
    match why {
        Unknown::Gone => respond(Reply::One(
            message::error(id, code::SESSION_EXPIRED, "the session has ended: initialize again", None),
            404,
        )),
        Unknown::Full => respond(Reply::One(message::error(id, code::OVERLOADED, "too many sessions", None), 503)),
    }
}

/// A reply as an HTTP response.
pub fn respond(reply: Reply) -> Answered {
    match reply {
        Reply::Accepted => with_status(StatusCode::ACCEPTED, Answer::full(Bytes::new())),
        Reply::Many(messages) => events(messages, None),
        Reply::One(bytes, status) => {
            let later = matches!(status, 429 | 503).then(|| later_s(&bytes)).flatten();
            let mut response = with_status(StatusCode::from_u16(status).unwrap_or(StatusCode::OK), Answer::full(bytes));
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response.headers_mut().extend(later.map(|seconds| (header::RETRY_AFTER, seconds.into())));
            response
        }
    }
}

/// After how many seconds a request may be sent again, where its answer says so.
fn later_s(answer: &Bytes) -> Option<u64> {
    bridge::retry_after_s(&Envelope::parse(answer, ScanLimits::default()).ok()?)
}

/// The stream that a GET asks for: the one that broke, or a new standing one. Of a standing stream nothing but notices
/// can be lost, so a client that comes back too late just gets a new one.
fn standing(gateway: &Gateway, session: &Arc<Session>, last_event_id: Option<&HeaderValue>) -> Answered {
    let heard = last_event_id.map(|id| session.streams.resume(id.to_str().unwrap_or_default()));
    match heard {
        Some(Ok(heard)) if heard.purpose == streams::Purpose::Call => resumable(heard),
        Some(Ok(heard)) => event_stream(Answer::standing(heard, gateway.stages.begin())),
        Some(Err(Lost::Unknown)) => refuse(StatusCode::BAD_REQUEST, "no event has this id: leave out Last-Event-ID"),
        Some(Err(Lost::TooOld(streams::Purpose::Call))) => {
            refuse(StatusCode::BAD_REQUEST, "what came after this event is not kept any more: its answer is lost")
        }
        Some(Err(Lost::TooOld(streams::Purpose::Standing))) | None => {
            let messages = legacy::stand(gateway, session);
            let heard = session.streams.open(streams::Purpose::Standing, session.version, messages);
            event_stream(Answer::standing(heard, gateway.stages.begin()))
        }
    }
}

/// A stream of events.
pub fn events(messages: tokio::sync::mpsc::Receiver<Bytes>, opening: Option<Bytes>) -> Answered {
    event_stream(Answer::events(messages, opening))
}

fn resumable(heard: Heard) -> Answered {
    event_stream(Answer::resumable(heard))
}

fn event_stream(body: Answer) -> Answered {
    let mut response = with_status(StatusCode::OK, body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

/// To somebody who may not call, or has not shown that he may.
fn challenge(unauthorized: Unauthorized) -> Answered {
    let later_s = unauthorized.retry_after_s();
    let status = if later_s.is_some() { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::UNAUTHORIZED };
    let mut response = refuse(status, &unauthorized.to_string());
    let challenge = HeaderValue::from_static(unauthorized.challenge());
    response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    response.headers_mut().extend(later_s.map(|seconds| (header::RETRY_AFTER, seconds.into())));
    response
}

/// A refusal before there is a message, as an error without id.
pub fn refuse(status: StatusCode, why: &str) -> Answered {
    respond(Reply::One(message::error(None, code::INVALID_REQUEST, why, None), status.as_u16()))
}

pub(super) fn not_allowed(allowed: &'static str) -> Answered {
    let mut response = refuse(StatusCode::METHOD_NOT_ALLOWED, "this verb is not served here");
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
    response
}

fn plain(status: StatusCode, text: &'static str) -> Answered {
    with_status(status, Answer::full(Bytes::from_static(text.as_bytes())))
}

fn with_status(status: StatusCode, body: Answer) -> Answered {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}
