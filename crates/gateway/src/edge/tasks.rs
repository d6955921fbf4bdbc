//! Core tasks of revision 2025-11-25, between legacy clients and legacy servers: their ids as the client knows them, one
//! list of the tasks at all servers, and what a session is told of the tasks that it began. Here is decided which calls are
//! tasks of a server and which are jobs of the gateway (`jobs::core`). The tasks of the modern era are another thing
//! (`modern`, `listen`).

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use bytes::Bytes;
use config::Mode;
use futures_util::future::join_all;
use mcp::{
    Envelope, Era, Kind, Method, Param, ResultKey, Splice, Version, array, code, message, plain_text,
    task::{self, TaskId, places},
};
use serde_json::Value;
use tokio::sync::broadcast;

use super::{Reply, about::makes_core_tasks, jobs};
use crate::{
    call::{Call, Reply as ClientReply},
    failure::Failure,
    gateway::Gateway,
    seals::Seals,
    session::Session,
    upstream::{Upstream, changes::Change},
};

/// How a session knows the tasks of one server.
#[derive(Clone, Debug)]
pub(super) struct Ids {
    seals: Arc<Seals>,
    principal: Arc<str>,
    server: Arc<str>,
}

impl Ids {
    /// How this session knows the tasks of `server`.
    pub(super) fn new(gateway: &Gateway, session: &Session, server: &Arc<str>) -> Self {
        Self {
            seals: gateway.seals.clone(),
            principal: session.caller().principal.name.clone(),
            server: server.clone(),
        }
    }

    /// A message of the server with the ids that the client knows; `None` if it has none. It is the answer to `method`,
    /// or a request or notification of that name.
    pub(super) fn show(&self, message: &Envelope, method: Method) -> Option<Bytes> {
        let mut splice = Splice::new(message.bytes());
        for place in places(message, method) {
            let own = place.of(message.bytes()).and_then(text)?;
            splice.replace_owned(place, message::json_string(&self.shown(own)));
        }
        (!splice.is_empty()).then(|| splice.apply())
    }

    /// The client's answer to a question with the ids that the server knows.
    pub(super) fn own_reply(&self, reply: ClientReply) -> ClientReply {
        match reply {
            ClientReply::Result(result) => ClientReply::Result(self.own(&result).unwrap_or(result)),
            error @ ClientReply::Error(_) => error,
        }
    }

    fn own(&self, result: &Bytes) -> Option<Bytes> {
        let answer = message::result(b"0", result);
        let answer = Envelope::parse(&answer, mcp::ScanLimits { depth_max: 128 }).ok()?;
        let mut splice = Splice::new(answer.bytes());
        for place in places(&answer, Method::Other) {
            let shown = place.of(answer.bytes()).and_then(text)?;
            let task = TaskId::reveal(&self.seals.ring(), &self.principal, &shown).ok()?;
            splice.replace_owned(place, message::json_string(&task.id));
        }
        (!splice.is_empty()).then(|| splice.apply_to(answer.result_span()))
    }

    fn shown(&self, own: String) -> String {
        TaskId { server: self.server.to_string(), id: own }.conceal(&self.seals.ring(), &self.principal)
    }
}

/// The text of a string token, escapes decoded.
fn text(token: &[u8]) -> Option<String> {
    plain_text(token).map(str::to_owned).or_else(|| serde_json::from_slice(token).ok())
}

/// The server's own id of the task that an answer to `tools/call` says was made.
pub(super) fn made(answer: &Envelope) -> Option<String> {
    text(&task::made(answer)?)
}

/// Whether a client that knows core tasks wants this request to become one, at an endpoint that announces them. Others take
/// no notice of the wish.
pub(super) async fn is_wished(gateway: &Gateway, session: &Session, request: &Envelope) -> bool {
    request.known_method() == Method::ToolsCall
        && request.param(Param::Task).is_some()
        && session.version == Version::V2025_11_25
        && makes_core_tasks(gateway, &session.endpoint).await
}

/// What a server says of its tasks from now on, if this call may become one there.
pub(super) async fn updates(
    upstream: &Arc<Upstream>,
    call: &Call,
) -> Result<Option<broadcast::Receiver<Change>>, Failure> {
    if call.method != Method::ToolsCall || call.request.param(Param::Task).is_none() {
        return Ok(None);
    }
    let is_legacy = upstream.introduce(&call.caller).await?.era == Era::Legacy;
    Ok(is_legacy.then(|| upstream.changes.subscribe()))
}

/// Tells a session how a task goes on until it has ended, under the id that the client knows.
pub(super) async fn follow(session: Weak<Session>, mut changes: broadcast::Receiver<Change>, own: String, ids: Ids) {
    loop {
        match changes.recv().await {
            Ok(Change::CoreTask(told)) if is_of(&told, &own) => {
                let Some(session) = session.upgrade() else { return };
                if let Some(shown) = ids.show(&told, Method::TaskStatusLegacy) {
                    session.reach().tell(shown);
                }
                if has_ended(&told) {
                    return;
                }
            }
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}

fn is_of(told: &Envelope, own: &str) -> bool {
    told.param_raw(Param::TaskId).and_then(text).is_some_and(|id| id == own)
}

fn has_ended(told: &Envelope) -> bool {
    let status = told.params().and_then(|params| array::member(params, "status")?.of(params));
    matches!(status, Some(b"\"completed\"" | b"\"failed\"" | b"\"cancelled\""))
}

/// Answers `tasks/list`: the tasks at all servers behind the endpoint on the first page, and those that are jobs of the
/// gateway, from page to page. What did not answer is named.
pub(super) async fn list(gateway: &Gateway, session: &Session, request: &Envelope, id: &[u8]) -> Reply {
    let principal = session.caller().principal;
    let cursor = request.param_raw(Param::Cursor).filter(|cursor| *cursor != b"null");
    let after = match cursor.map(|cursor| jobs::named(gateway, &text(cursor)?, &principal.name)) {
        None => None,
        Some(Some(after)) => Some(after),
        Some(None) => {
            return Reply::error(
                Some(id),
                code::INVALID_PARAMS,
                "the cursor is not valid: begin the list again",
                false,
            );
        }
    };
    let (mut tasks, mut missing) =
        if after.is_none() { at_servers(gateway, session).await } else { (Vec::new(), serde_json::Map::new()) };
    let mut next = None;
    if gateway.jobs.are_accepted() {
        match jobs::core::page(gateway, &principal.name, after).await {
            Ok((page, cursor)) => {
                tasks.extend(page);
                next = cursor;
            }
            Err(why) => drop(missing.insert(config::Server::OWN.to_owned(), notice(&why.to_string()))),
        }
    }
    let mut result = br#"{"tasks":["#.to_vec();
    result.extend_from_slice(&tasks.join(&b","[..]));
    result.push(b']');
    if let Some(next) = next {
        result.extend_from_slice(format!(r#","nextCursor":"{next}""#).as_bytes());
    }
    if !missing.is_empty() {
        let notices = Value::Object(missing);
        result.extend_from_slice(format!(r#","_meta":{{"dev.switchboard/servers":{notices}}}"#).as_bytes());
    }
    result.push(b'}');
    Reply::result(id, &result)
}

/// The tasks at all servers behind the endpoint, and why those of some are missing.
async fn at_servers(gateway: &Gateway, session: &Session) -> (Vec<Bytes>, serde_json::Map<String, Value>) {
    let principal = session.caller().principal;
    let asked =
        gateway.catalogue.seen_by(&principal).members(&session.endpoint).filter(|upstream| lists_tasks(upstream));
    let lists = join_all(asked.map(|upstream| list_of(gateway, session, upstream))).await;
    let (mut tasks, mut missing) = (Vec::new(), serde_json::Map::new());
    for (server, listed) in lists {
        match listed {
            Ok(listed) => tasks.extend(listed),
            Err(failure) => drop(missing.insert(server.to_string(), notice(&failure.reason()))),
        }
    }
    (tasks, missing)
}

fn notice(reason: &str) -> Value {
    serde_json::json!({ "state": "degraded", "reason": reason })
}

/// Whether the tasks that a server lists are the caller's own. One that all share lists everybody's.
fn lists_tasks(upstream: &Upstream) -> bool {
    upstream.settings.mode != Mode::Shared
        && upstream.peer().is_some_and(|peer| peer.era == Era::Legacy && peer.can(&["tasks", "list"]))
}

async fn list_of(
    gateway: &Gateway,
    session: &Session,
    upstream: &Arc<Upstream>,
) -> (Arc<str>, Result<Vec<Bytes>, Failure>) {
    let limit = Duration::from_millis(gateway.limits.list_ms_max);
    let pages = tokio::time::timeout(limit, all_pages(gateway, session, upstream));
    (upstream.name.clone(), pages.await.unwrap_or(Err(Failure::Timeout)))
}

async fn all_pages(gateway: &Gateway, session: &Session, upstream: &Arc<Upstream>) -> Result<Vec<Bytes>, Failure> {
    let (caller, ids) = (session.caller(), Ids::new(gateway, session, &upstream.name));
    let limit = Duration::from_millis(gateway.limits.list_ms_max);
    let (mut tasks, mut cursor) = (Vec::new(), String::new());
    for _ in 0..gateway.limits.list_pages_max {
        let page = upstream.ask(&caller, Method::TasksList, &cursor, limit).await?;
        tasks.extend(read_page(&page, &ids)?);
        if tasks.len() > gateway.limits.list_items_max {
            return Err(Failure::Garbage(format!("a list of more than {} tasks", gateway.limits.list_items_max)));
        }
        match page.result_raw(ResultKey::NextCursor).filter(|next| next.starts_with(b"\"")) {
            Some(next) => cursor = format!(r#""cursor":{}"#, String::from_utf8_lossy(next)),
            None => return Ok(tasks),
        }
    }
    Err(Failure::Garbage(format!("a list of more than {} pages", gateway.limits.list_pages_max)))
}

/// The tasks on a page, under the ids that the client knows. One without an id is left out.
fn read_page(page: &Envelope, ids: &Ids) -> Result<Vec<Bytes>, Failure> {
    let list = page.result().filter(|_| page.kind() == Kind::Result);
    let list = list.and_then(|result| array::member(result, "tasks")?.of(result));
    let list = list.ok_or_else(|| Failure::Garbage("an answer without `tasks`".to_owned()))?;
    let items = array::items(list).map_err(|error| Failure::Garbage(error.to_string()))?;
    let shown = |task: &[u8]| {
        let place = array::member(task, "taskId")?;
        let own = place.of(task).and_then(text)?;
        Some(Splice::new(task).replace_owned(place, message::json_string(&ids.shown(own))).apply())
    };
    Ok(items.into_iter().filter_map(|item| item.of(list).and_then(shown)).collect())
}
