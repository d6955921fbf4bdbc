//! Requests of legacy clients: a session remembers who they are, and questions of servers reach them as requests. A
//! client that hangs up does not end its call.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use mcp::{ClientFacts, Envelope, Era, Kind, Method, Param, Version, code, message};
use tokio::sync::{broadcast, mpsc};

use super::{
    Reply,
    about::about,
    jobs, lists, newcomers,
    running::{self, Running},
    tasks,
};
use crate::{
    call::Caller,
    catalogue::{Endpoint, ListChange, listing::ListKind},
    failure::Failure,
    gateway::Gateway,
    pipeline::wishes::Wishes,
    route::{Inbound, find_resource, route},
    session::{Session, Unknown},
    upstream::{
        Upstream,
        changes::Change,
        watch::{Subject, Watching},
    },
};

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
    let about = about(gateway, endpoint, version).await;
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

/// Takes a message of a session, with what the headers around it wish.
pub async fn handle(gateway: &Gateway, session: &Arc<Session>, request: Envelope, wishes: Wishes) -> Reply {
    match request.kind() {
        Kind::Result | Kind::Error => {
            if !session.reach().answered(&request) {
                gateway.kin.pass_on(session, &request).await;
            }
            Reply::Accepted
        }
        Kind::Notification => {
            if Method::parse(request.method()) == Method::Cancelled
                && let Some(id) = request.param_raw(Param::RequestId)
                && !session.cancel(id)
            {
                gateway.kin.pass_on(session, &request).await;
            }
            Reply::Accepted
        }
        Kind::Request => answer(gateway, session, request, wishes).await,
    }
}

async fn answer(gateway: &Gateway, session: &Arc<Session>, request: Envelope, wishes: Wishes) -> Reply {
    let method = request.known_method();
    let id = request.slice(request.id_span());
    if let Some(kind) = ListKind::of(method).filter(|kind| *kind != ListKind::Skills) {
        return lists::list(gateway, &session.caller().principal, &session.endpoint, kind, &request, false).await;
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
        Method::TasksList => tasks::list(gateway, session, &request, &id).await,
        Method::TasksGet | Method::TasksResult | Method::TasksCancel
            if let Some(job) = jobs::meant(gateway, &request, &session.caller().principal.name) =>
        {
            Box::pin(jobs::core::answer(gateway, session, method, job, id)).await
        }
        Method::ToolsCall
        | Method::PromptsGet
        | Method::ResourcesRead
        | Method::Complete
        | Method::TasksGet
        | Method::TasksResult
        | Method::TasksCancel => call(gateway, session, (request, wishes), method, id).await,
        Method::Other if matches!(session.endpoint, Endpoint::Server(_)) => {
            call(gateway, session, (request, wishes), method, id).await
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
    for upstream in gateway.catalogue.seen_by(&caller.principal).members(&session.endpoint) {
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
    match watch(gateway, session, &uri).await {
        Ok(started) => {
            watching.insert(uri, started);
            drop(watching);
            gateway.kin.tell_after(session).await;
            Reply::result(id, b"{}")
        }
        Err(failure) => Reply::One(failure.answer(id, Method::ResourcesSubscribe, false), 200),
    }
}

/// Subscribes to a resource that the client of a session of the process before had subscribed to. Updates may have been missed
/// meanwhile, so the client is told to look.
pub(crate) async fn watch_again(gateway: &Gateway, session: &Arc<Session>, uri: &str) -> Result<(), Failure> {
    let mut watching = session.watching().lock().await;
    if !watching.contains_key(uri) {
        watching.insert(uri.to_owned(), watch(gateway, session, uri).await?);
        session.reach().tell_in_time(updated(uri));
    }
    Ok(())
}

/// Starts to tell a session of the updates of a resource.
async fn watch(gateway: &Gateway, session: &Arc<Session>, uri: &str) -> Result<Watching, Failure> {
    let caller = session.caller();
    let (route, own) = find_resource(gateway.catalogue.seen_by(&caller.principal), &session.endpoint, uri).await?;
    let forward = forward_updates(session, &route.upstream, own.clone(), uri.to_owned());
    let watching = Watching::start(route.upstream, caller, vec![Subject::Resource(own)]).await?;
    Ok(watching.with(forward))
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
        let updated = updated(&shown);
        loop {
            match changes.recv().await {
                Ok(Change::Resource(uri)) if uri == own => {
                    let Some(session) = session.upgrade() else { return };
                    session.reach().tell(updated.clone());
                }
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return,
            }
        }
    });
    task.abort_handle()
}

/// The notice that a resource has changed.
fn updated(shown: &str) -> Bytes {
    let params = format!(r#"{{"uri":{}}}"#, String::from_utf8_lossy(&message::json_string(shown)));
    message::notification(Method::ResourceUpdated.as_str(), params.as_bytes())
}

/// Opens the standing stream of a session and tells it of changed lists for as long as it is open.
pub fn stand(gateway: &Gateway, session: &Arc<Session>) -> mpsc::Receiver<Bytes> {
    let principal = session.caller().principal;
    let seen = gateway.catalogue.seen_by(&principal);
    let members: Vec<Arc<Upstream>> = seen.members(&session.endpoint).cloned().collect();
    let (changes, session_facts) = (gateway.catalogue.changes(), (session.caller(), session.endpoint.clone()));
    let newcomers = newcomers::hear(gateway.clone(), session.caller(), session.endpoint.clone());
    let follow = |client| async move {
        tokio::select! {
            () = follow_lists(members, session_facts, changes, client) => {}
            () = newcomers => {}
        }
    };
    session.reach().stand(|client| tokio::spawn(follow(client)).abort_handle())
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

async fn call(
    gateway: &Gateway,
    session: &Arc<Session>,
    (request, wishes): (Envelope, Wishes),
    method: Method,
    id: Bytes,
) -> Reply {
    let inbound =
        Inbound { caller: session.caller(), endpoint: session.endpoint.clone(), request, param_headers: None, wishes };
    let text_max = gateway.result_text_max(&inbound.endpoint, method);
    let task = tasks::is_wished(gateway, session, &inbound.request).await.then(|| inbound.clone());
    let (upstream, call) = match route(&gateway.catalogue, &gateway.seals, inbound).await {
        Ok(routed) => routed,
        Err(failure) => return Reply::One(failure.answer(&id, method, false), 200),
    };
    if let Some(inbound) = task.filter(|_| !call.manner.can_be_task) {
        return Box::pin(jobs::core::begin(gateway, session, inbound, &id)).await;
    }
    let updates = match tasks::updates(&upstream, &call).await {
        Ok(updates) => updates,
        Err(failure) => return Reply::One(failure.answer(&id, method, false), 200),
    };
    let cancelled = session.begin(&id);
    let running = Running {
        gateway: gateway.clone(),
        session: session.clone(),
        ids: tasks::Ids::new(gateway, session, &upstream.name),
        upstream,
        wrapped: call.is_wrapped(),
        call,
        id,
        method,
        text_max,
        updates,
    };
    running::reply(running, cancelled).await
}
