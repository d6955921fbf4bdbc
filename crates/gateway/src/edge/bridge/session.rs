//! Sessions of plain HTTP: opened by `POST /mcp/initialize`, named in `X-Session-ID`. They are sessions like those of legacy
//! clients, but whoever is in one cannot be asked anything.

use std::{
    sync::{Arc, Weak},
    time::{Duration, UNIX_EPOCH},
};

use bytes::Bytes;
use mcp::{ClientFacts, Envelope, array};

use super::{headers, refusal::Refusal, visit::Visit};
use crate::{
    call::{Abilities, Caller},
    edge::legacy,
    moment::rfc3339,
    seals::now_s,
    session::Session,
};

/// A session that has been opened, and what is said about it.
pub(super) struct Opened {
    /// Its id.
    pub(super) id: String,
    /// The answer to the handshake.
    pub(super) answer: Bytes,
}

/// Opens a session, or goes on with the one that the request names.
pub(super) async fn open(visit: &Visit<'_>, request: &Envelope) -> Result<Opened, Refusal> {
    let needed = "`protocolVersion` (a string) and `capabilities` (an object) are required";
    let (version, said) = legacy::introduced(request).ok_or_else(|| Refusal::bad(needed))?;
    let (gateway, principal) = (visit.gateway, &visit.principal);
    let id = if let Some(known) = named(request)? {
        gateway.sessions.find(&gateway.seals, principal, &visit.endpoint, &known)?;
        known
    } else {
        let facts = ClientFacts { capabilities: "{}".into(), ..said };
        gateway.sessions.open(&gateway.seals, principal, &visit.endpoint, version, facts)?.0
    };
    let began_s = gateway.sessions.began_s(&gateway.seals, principal, &id).unwrap_or_else(now_s);
    let expires = UNIX_EPOCH + Duration::from_secs(began_s) + Duration::from_millis(gateway.limits.session_ms_max);
    let answer = legacy::initialized(gateway, &visit.endpoint, request.id().unwrap_or(b"null"), version).await;
    let mut told = answer.strip_suffix(b"}}").unwrap_or(&answer).to_vec();
    let about = format!(r#","session_id":"{id}","expires_at":"{}"}}}}"#, rfc3339(expires));
    told.extend_from_slice(about.as_bytes());
    Ok(Opened { id, answer: told.into() })
}

/// The session that a handshake wants to go on with.
fn named(request: &Envelope) -> Result<Option<String>, Refusal> {
    let params = request.params().unwrap_or(b"{}");
    match array::member(params, "session_id").and_then(|span| span.of(params)) {
        None | Some(b"null") => Ok(None),
        Some(token) => {
            mcp::plain_text(token).map(|id| Some(id.to_owned())).ok_or_else(|| Refusal::bad("`session_id` is a string"))
        }
    }
}

/// The session of the header.
pub(super) fn current(visit: &Visit<'_>) -> Result<Arc<Session>, Refusal> {
    let gateway = visit.gateway;
    let id = headers::session_id(visit.headers)?.ok_or_else(Refusal::without_session)?;
    Ok(gateway.sessions.find(&gateway.seals, &visit.principal, &visit.endpoint, id)?)
}

/// Who calls: whose session it is, or the visitor alone where sessions may be left out.
pub(super) fn caller(visit: &Visit<'_>) -> Result<Caller, Refusal> {
    if headers::session_id(visit.headers)?.is_none() && visit.gateway.bridge.settings.sessionless {
        return visit.stranger();
    }
    let caller = current(visit)?.caller();
    let facts = visit.named(&caller.facts)?;
    Ok(Caller { facts, abilities: Abilities::default(), reach: Weak::new(), ..caller })
}
