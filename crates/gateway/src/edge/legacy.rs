//! Requests of legacy clients: a session remembers who they are, and questions of servers reach them as requests. A
//! client that hangs up does not end its call.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use mcp::{
    ClientFacts, Envelope, Era, Kind, Method, Param, ResultKey, Splice, Version, array, code, message, translate,
};
use tokio::sync::{broadcast, mpsc, oneshot};

use super::{Reply, STREAM_QUEUE, lists, newcomers, unbroken::Unbroken};
use crate::{
    call::{Answer, Ask, Call, Caller, Event, Exchange, Reply as ClientReply},
    catalogue::{Endpoint, ListChange, listing::ListKind, wrapping::wrapped_answer},
    failure::Failure,
    gateway::Gateway,
    route::{Inbound, find_resource, route},
    seals::random,
    session::{Session, Unknown},
    upstream::{
        Upstream,
        changes::Change,
        peer::Peer,
        watch::{Subject, Watching},
    },
};

/// A call without an answer after this time becomes a stream, so that its client has something to come back to.
const STREAM_AFTER: Duration = Duration::from_millis(500);

/// What an endpoint says of itself.
pub struct About {
    /// `capabilities`, a raw object.
    pub capabilities: String,
    /// `instructions`, a raw string.
    pub instructions: Option<String>,
}

/// What an endpoint can do: of one server what that server says, of many what the gateway does for all of them.
pub async fn about(gateway: &Gateway, endpoint: &Endpoint, modern: bool) -> About {
    let own = gateway.settings.instructions.clone();
    let described = gateway.catalogue.bundle(endpoint).and_then(|bundle| bundle.description.clone());
    let instructions = described.or(own).map(|text| String::from_utf8_lossy(&message::json_string(&text)).into_owned());
    let single = match endpoint {
        Endpoint::Server(_) => gateway.catalogue.members(endpoint).next(),
        _ => None,
    };
    if let Some(upstream) = single {
        let caller = gateway.own_caller();
        if let Ok(peer) = upstream.introduce(&caller).await {
            let told =
                (!peer.instructions.is_empty()).then(|| String::from_utf8_lossy(&peer.instructions).into_owned());
            return About { capabilities: carried(&peer, modern), instructions: told.or(instructions) };
        }
    }
    let extensions = if modern {
        r#","extensions":{"io.modelcontextprotocol/tasks":{},"io.modelcontextprotocol/skills":{"directoryRead":true}}"#
    } else {
        ""
    };
    let capabilities = format!(
        r#"{{"tools":{{"listChanged":true}},"prompts":{{"listChanged":true}},"resources":{{"subscribe":true,"listChanged":true}},"completions":{{}},"logging":{{}}{extensions}}}"#
    );
    About { capabilities, instructions }
}

/// The capabilities of a server that cross to a client: core tasks do not cross eras, extensions of the modern era mean
/// nothing to a legacy client.
fn carried(peer: &Peer, modern: bool) -> String {
    let Ok(members) = array::members(&peer.capabilities) else { return "{}".to_owned() };
    let doomed: &[u8] = if modern { b"tasks" } else { b"extensions" };
    let kept = members.into_iter().filter(|(key, _)| *key != doomed && *key != b"tasks").map(|(key, span)| {
        let value = span.of(&peer.capabilities).unwrap_or(b"{}");
        format!("\"{}\":{}", String::from_utf8_lossy(key), String::from_utf8_lossy(value))
    });
    format!("{{{}}}", kept.collect::<Vec<_>>().join(","))
}

/// What a client says of itself in its handshake, and the revision it gets.
pub fn introduced(request: &Envelope) -> Option<(Version, ClientFacts)> {
    let version = Version::negotiate(request.param_text(Param::ProtocolVersion)?);
    let raw = |key| request.param_raw(key).map(Bytes::copy_from_slice).unwrap_or_default();
    let capabilities = raw(Param::Capabilities);
    if !capabilities.starts_with(b"{") {
        return None;
    }
    Some((version, ClientFacts { capabilities, info: raw(Param::ClientInfo), log_level: Bytes::new() }))
}

/// The answer to a handshake.
pub async fn initialized(gateway: &Gateway, endpoint: &Endpoint, id: &[u8], version: Version) -> Bytes {
    let about = about(gateway, endpoint, false).await;
    let instructions = about.instructions.map(|text| format!(r#","instructions":{text}"#)).unwrap_or_default();
    let result = format!(
        r#"{{"protocolVersion":"{}","capabilities":{},"serverInfo":{}{instructions}}}"#,
        version.as_str(),
        about.capabilities,
        gateway.catalogue.who(),
    );
    message::result(id, result.as_bytes())
}

/// Says no to a handshake that is malformed or for which there is no room.
pub fn not_initialized(id: &[u8], why: Option<Unknown>) -> Reply {
    match why {
        Some(Unknown::Full) => {
            Reply::error(Some(id), code::OVERLOADED, "too many sessions, or the client says too much of itself", false)
        }
        _ => Reply::error(Some(id), code::INVALID_PARAMS, "`protocolVersion` and `capabilities` are required", false),
    }
}

/// Takes a message of a session.
pub async fn handle(gateway: &Gateway, session: &Arc<Session>, request: Envelope) -> Reply {
    match request.kind() {
        Kind::Result | Kind::Error => {
            session.answered(&request);
            Reply::Accepted
        }
        Kind::Notification => {
            if Method::parse(request.method()) == Method::Cancelled
                && let Some(id) = request.param_raw(Param::RequestId)
            {
                session.cancel(id);
            }
            Reply::Accepted
        }
        Kind::Request => answer(gateway, session, request).await,
    }
}

async fn answer(gateway: &Gateway, session: &Arc<Session>, request: Envelope) -> Reply {
    let method = request.known_method();
    let id = request.slice(request.id_span());
    if let Some(kind) = ListKind::of(method).filter(|kind| *kind != ListKind::Skills) {
        return lists::list(gateway, &session.endpoint, kind, &request, false).await;
    }
    match method {
        Method::Ping => Reply::result(&id, b"{}"),
        Method::SetLevel => set_level(gateway, session, &request, &id).await,
        Method::ResourcesSubscribe => subscribe(gateway, session, &request, &id).await,
        Method::ResourcesUnsubscribe => {
            let Some(uri) = request.param_text(Param::Uri) else { return missing_uri(&id) };
            session.watching().lock().await.remove(uri);
            Reply::result(&id, b"{}")
        }
        Method::ToolsCall | Method::PromptsGet | Method::ResourcesRead | Method::Complete => {
            call(gateway, session, request, method, id).await
        }
        Method::Other if matches!(session.endpoint, Endpoint::Server(_)) => {
            call(gateway, session, request, method, id).await
        }
        _ => Reply::error(Some(&id), code::METHOD_NOT_FOUND, &format!("unknown method: {}", request.method()), false),
    }
}

fn missing_uri(id: &[u8]) -> Reply {
    Reply::error(Some(id), code::INVALID_PARAMS, "`uri` must be a string", false)
}

/// The level holds for the session; servers that log in sessions of their own are told.
async fn set_level(gateway: &Gateway, session: &Arc<Session>, request: &Envelope, id: &[u8]) -> Reply {
    const LEVELS: [&str; 8] = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];
    let Some(level) = request.param_text(Param::Level).filter(|level| LEVELS.contains(level)) else {
        return Reply::error(
            Some(id),
            code::INVALID_PARAMS,
            &format!("`level` must be one of {}", LEVELS.join(", ")),
            false,
        );
    };
    session.set_log_level(message::json_string(level).into());
    let caller = session.caller();
    for upstream in gateway.catalogue.members(&session.endpoint) {
        let logs = upstream.peer().is_some_and(|peer| peer.era == Era::Legacy && peer.can(&["logging"]));
        if logs {
            let limit = Duration::from_millis(gateway.limits.list_ms_max);
            let _ = upstream.ask(&caller, Method::SetLevel, &format!(r#""level":"{level}""#), limit).await;
        }
    }
    Reply::result(id, b"{}")
}

async fn subscribe(gateway: &Gateway, session: &Arc<Session>, request: &Envelope, id: &[u8]) -> Reply {
    let Some(uri) = request.param_text(Param::Uri).map(str::to_owned) else { return missing_uri(id) };
    let mut watching = session.watching().lock().await;
    if watching.len() >= gateway.limits.subscriptions_per_listen_max {
        let text = format!("at most {} resources in one session", gateway.limits.subscriptions_per_listen_max);
        return Reply::error(Some(id), code::INVALID_PARAMS, &text, false);
    }
    let found = find_resource(&gateway.catalogue, &session.endpoint, &uri).await;
    let started = match found {
        Ok((route, own)) => {
            let forward = forward_updates(session, &route.upstream, own.clone(), uri.clone());
            Watching::start(route.upstream, session.caller(), vec![Subject::Resource(own)])
                .await
                .map(|watching| watching.with(forward))
        }
        Err(failure) => Err(failure),
    };
    match started {
        Ok(started) => {
            watching.insert(uri, started);
            Reply::result(id, b"{}")
        }
        Err(failure) => Reply::One(failure.answer(id, Method::ResourcesSubscribe, false), 200),
    }
}

/// Tells the session of every update of one resource, under the URI that the client knows.
fn forward_updates(
    session: &Arc<Session>,
    upstream: &Arc<Upstream>,
    own: String,
    shown: String,
) -> tokio::task::AbortHandle {
    let (session, mut changes) = (Arc::downgrade(session), upstream.changes.subscribe());
    let task = tokio::spawn(async move {
        let params = format!(r#"{{"uri":{}}}"#, String::from_utf8_lossy(&message::json_string(&shown)));
        loop {
            match changes.recv().await {
                Ok(Change::Resource(uri)) if uri == own => {
                    let Some(session) = session.upgrade() else { return };
                    session.tell(message::notification(Method::ResourceUpdated.as_str(), params.as_bytes()));
                }
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return,
            }
        }
    });
    task.abort_handle()
}

/// Opens the standing stream of a session and tells it of changed lists for as long as it is open.
pub fn stand(gateway: &Gateway, session: &Arc<Session>) -> mpsc::Receiver<Bytes> {
    let members: Vec<Arc<Upstream>> = gateway.catalogue.members(&session.endpoint).cloned().collect();
    let (changes, session_facts) = (gateway.catalogue.changes(), (session.caller(), session.endpoint.clone()));
    let newcomers = newcomers::hear(gateway.clone(), session.caller(), session.endpoint.clone());
    let follow = |client| async move {
        tokio::select! {
            () = follow_lists(members, session_facts, changes, client) => {}
            () = newcomers => {}
        }
    };
    session.stand(|client| tokio::spawn(follow(client)).abort_handle())
}

/// Tells a client of changed lists for as long as it listens.
async fn follow_lists(
    members: Vec<Arc<Upstream>>,
    (caller, endpoint): (Caller, Endpoint),
    mut changes: broadcast::Receiver<ListChange>,
    client: mpsc::Sender<Bytes>,
) {
    let mut watching = Vec::new();
    for upstream in members.into_iter().filter(|upstream| upstream.peer().is_some_and(|peer| peer.era == Era::Modern)) {
        watching.extend(Watching::start(upstream, caller.clone(), Vec::new()).await.ok());
    }
    loop {
        let change = tokio::select! {
            change = changes.recv() => change,
            () = client.closed() => return,
        };
        match change {
            Ok(change) if change.concerns(&endpoint) => {
                let _ = client.try_send(message::notification(change.method.as_str(), b""));
            }
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}

async fn call(gateway: &Gateway, session: &Arc<Session>, request: Envelope, method: Method, id: Bytes) -> Reply {
    let inbound =
        Inbound { caller: session.caller(), endpoint: session.endpoint.clone(), request, param_headers: None };
    let text_max = gateway.result_text_max(&inbound.endpoint, method);
    let (upstream, call) = match route(&gateway.catalogue, &gateway.seals, inbound).await {
        Ok(routed) => routed,
        Err(failure) => return Reply::One(failure.answer(&id, method, false), 200),
    };
    let cancelled = session.begin(&id);
    let (wrapped, session) = (call.is_wrapped(), session.clone());
    let running = Running { gateway: gateway.clone(), session, upstream, call, id, method, wrapped, text_max };
    let mut beginning = Unbroken::new(begin(running, cancelled));
    match tokio::time::timeout(STREAM_AFTER, &mut beginning).await {
        Ok(Begun { exchange: None, .. }) => Reply::Accepted,
        Ok(Begun { running, exchange: Some(Exchange::Done(end)), .. }) if !wants_input(&end) => {
            Reply::One(running.finish(end), 200)
        }
        Ok(begun) => stream(std::future::ready(begun)),
        Err(_) => stream(beginning),
    }
}

/// A call of which something is known: that it has ended, that something has come of it, or that the client gave it up.
struct Begun {
    running: Running,
    cancelled: oneshot::Receiver<()>,
    exchange: Option<Exchange>,
}

async fn begin(running: Running, mut cancelled: oneshot::Receiver<()>) -> Begun {
    let exchange = tokio::select! {
        exchange = running.first() => Some(exchange),
        () = given_up(&mut cancelled) => None,
    };
    Begun { running, cancelled, exchange }
}

/// Follows a call to its end on a stream.
fn stream(beginning: impl Future<Output = Begun> + Send + 'static) -> Reply {
    let (client, receiver) = mpsc::channel(STREAM_QUEUE);
    tokio::spawn(async move {
        let Begun { mut running, mut cancelled, exchange } = beginning.await;
        let Some(exchange) = exchange else { return };
        tokio::select! {
            last = running.follow(exchange, &client) => drop(client.send(last).await),
            () = given_up(&mut cancelled) => {}
        }
    });
    Reply::Many(receiver)
}

/// Resolves when the client gives the call up, not when nobody can any more.
async fn given_up(cancelled: &mut oneshot::Receiver<()>) {
    if cancelled.await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn wants_input(end: &Result<Answer, Failure>) -> bool {
    end.as_ref().is_ok_and(|answer| answer.envelope.result_text(ResultKey::ResultType) == Some("input_required"))
}

/// A call of a session that is under way.
struct Running {
    gateway: Gateway,
    session: Arc<Session>,
    upstream: Arc<Upstream>,
    call: Call,
    id: Bytes,
    method: Method,
    /// Whether the answer repeats URIs that the client knows in another form.
    wrapped: bool,
    /// The most bytes of text in the result.
    text_max: usize,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.session.finish(&self.id);
    }
}

impl Running {
    /// Sends the call and waits for the first that comes of it.
    async fn first(&self) -> Exchange {
        match self.upstream.call(&self.call).await {
            Exchange::Running(events) => events.settle().await,
            ended @ Exchange::Done(_) => ended,
        }
    }

    /// Follows the call to its end, through the rounds of questions that a modern server asks.
    async fn follow(&mut self, mut exchange: Exchange, client: &mpsc::Sender<Bytes>) -> Bytes {
        let rounds_max = self.gateway.limits.ask_rounds_max;
        for _ in 0..rounds_max {
            let end = self.until_done(exchange, client).await;
            let answer = match end {
                Ok(answer) if answer.envelope.result_text(ResultKey::ResultType) == Some("input_required") => answer,
                end => return self.finish(end),
            };
            if let Err(invalid) = self.call.settle() {
                return self.finish(Err(Failure::Garbage(invalid.to_string())));
            }
            self.call.request = match self.ask_all(&answer.envelope, client).await {
                Ok(retry) => retry,
                Err(failure) => return self.finish(Err(failure)),
            };
            exchange = self.upstream.call(&self.call).await;
        }
        let text = format!("the server asked more than {rounds_max} times");
        self.finish(Err(Failure::Refused(code::INTERNAL, text)))
    }

    async fn until_done(&self, exchange: Exchange, client: &mpsc::Sender<Bytes>) -> Result<Answer, Failure> {
        let mut events = match exchange {
            Exchange::Done(end) => return end,
            Exchange::Running(events) => events,
        };
        loop {
            match events.next().await {
                Event::Done(end) => return end,
                Event::Notification(notification) => drop(client.send(notification).await),
                Event::Ask(ask) => self.pass_on(ask, client).await,
            }
        }
    }

    /// A question of a legacy server goes to the client under an id of ours.
    async fn pass_on(&self, Ask { question, reply }: Ask, client: &mpsc::Sender<Bytes>) {
        let (question, answer) = self.session.question(&question);
        let _ = client.send(question).await;
        tokio::spawn(async move {
            if let Ok(answer) = answer.await {
                let _ = reply.send(answer);
            }
        });
    }

    /// Puts all questions of an `input_required` to the client and makes the retry that carries the answers.
    async fn ask_all(&self, answer: &Envelope, client: &mpsc::Sender<Bytes>) -> Result<Envelope, Failure> {
        let requests = answer.result_raw(ResultKey::InputRequests).unwrap_or(b"{}");
        let members = array::members(requests).map_err(|error| Failure::Garbage(error.to_string()))?;
        let mut waiting = Vec::new();
        for (key, span) in members {
            let asked = as_request(span.of(requests).unwrap_or_default())?;
            if !self.call.caller.abilities.allow(&asked) {
                return Err(Failure::MissingCapability(crate::call::Abilities::required(&asked)));
            }
            let (question, reply) = self.session.question(&asked);
            client
                .send(question)
                .await
                .map_err(|_| Failure::Refused(code::INTERNAL, "the client has gone while it was asked".to_owned()))?;
            waiting.push((key.to_vec(), reply));
        }
        if waiting.is_empty() {
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        let mut responses = Vec::new();
        for (key, reply) in waiting {
            match reply.await {
                Ok(ClientReply::Result(result)) => responses.push((key, result)),
                Ok(ClientReply::Error(_)) | Err(_) => {
                    return Err(Failure::Refused(
                        code::INTERNAL,
                        "the client did not answer the server's question".to_owned(),
                    ));
                }
            }
        }
        retry(&self.call.request, answer, &responses)
    }

    /// Whether a modern server refused the tool for what the client cannot do: the legacy era has no code for it.
    fn is_refused_for_capability(&self, answer: &Envelope) -> bool {
        self.method == Method::ToolsCall && answer.error_code() == Some(i64::from(code::MISSING_CAPABILITY))
    }

    /// The end of the call as the client sees it.
    fn finish(&self, end: Result<Answer, Failure>) -> Bytes {
        let answer = match end.map(|answer| self.gateway.shaped(answer, &self.upstream, self.text_max)) {
            Ok(Answer { envelope, era: Era::Modern }) if self.is_refused_for_capability(&envelope) => {
                Failure::MissingCapability("{}").answer(&self.id, self.method, false)
            }
            Ok(Answer { envelope, era: Era::Modern }) => translate::answer_for_legacy(&envelope, &self.id),
            Ok(Answer { envelope, era: Era::Legacy }) => translate::answer_unchanged(&envelope, &self.id),
            Err(failure) => return failure.answer(&self.id, self.method, false),
        };
        if self.wrapped { wrapped_answer(answer, &self.upstream.name) } else { answer }
    }
}

/// An embedded `{"method", "params"}` as the request that it stands for.
fn as_request(embedded: &[u8]) -> Result<Envelope, Failure> {
    let mut bytes = br#"{"jsonrpc":"2.0","id":0,"#.to_vec();
    bytes.extend_from_slice(embedded.strip_prefix(b"{").unwrap_or(b"}"));
    let request = parse(&bytes.into())?;
    let params = request.params().unwrap_or(b"{}");
    let is_url = array::member(params, "mode").and_then(|mode| mode.of(params)) == Some(b"\"url\"");
    if !is_url || array::member(params, "elicitationId").is_some() {
        return Ok(request);
    }
    // the legacy era names each URL question; the modern one does not
    let id = format!(r#""elicitationId":"{:032x}""#, u128::from_be_bytes(random()));
    let mut splice = Splice::new(request.bytes());
    splice.insert_members(request.params_members().span, id.into_bytes());
    parse(&splice.apply())
}

fn parse(bytes: &Bytes) -> Result<Envelope, Failure> {
    Envelope::parse(bytes, mcp::ScanLimits { depth_max: 128 }).map_err(|invalid| Failure::Garbage(invalid.to_string()))
}

/// The first request once more, with the answers and the state of the server.
fn retry(first: &Envelope, answer: &Envelope, responses: &[(Vec<u8>, Bytes)]) -> Result<Envelope, Failure> {
    let mut members = br#""inputResponses":{"#.to_vec();
    for (index, (key, result)) in responses.iter().enumerate() {
        if index > 0 {
            members.push(b',');
        }
        members.push(b'"');
        members.extend_from_slice(key);
        members.extend_from_slice(b"\":");
        members.extend_from_slice(result);
    }
    members.push(b'}');
    if let Some(state) = answer.result_raw(ResultKey::RequestState) {
        members.extend_from_slice(br#","requestState":"#);
        members.extend_from_slice(state);
    }
    let mut splice = Splice::new(first.bytes());
    let old = [Param::RequestState, Param::InputResponses].map(|key| first.params_members().get(key));
    splice.remove_members(&old);
    let without = parse(&splice.apply())?;
    let mut splice = Splice::new(without.bytes());
    splice.insert_members(without.params_members().span, members);
    parse(&splice.apply())
}
