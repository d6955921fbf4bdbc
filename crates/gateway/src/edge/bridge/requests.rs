//! The requests of MCP over plain HTTP: lists, calls, reads and prompts, each with a body and one answer.

use bytes::Bytes;
use hyper::body::Incoming;
use mcp::{Envelope, Method};

use super::{
    envelope::{self, Info},
    headers,
    refusal::Refusal,
    run, session,
    visit::Visit,
};
use crate::{
    answered_by,
    catalogue::listing::ListKind,
    edge::{Reply, http::Answered, http::respond, lists},
};

/// Answers a handshake.
pub(super) async fn initialize(visit: &Visit<'_>, body: Incoming) -> Answered {
    let mut id = id_else(visit);
    let opened = async {
        let body = visit.body(body).await?;
        let request = visit.request(&body, Method::Initialize)?;
        id = request.slice(request.id_span());
        session::open(visit, &request).await
    };
    match opened.await {
        Err(refusal) => refused(visit, &id, &refusal),
        Ok(opened) => {
            let mut response = respond(Reply::One(envelope::told(&opened.answer, &info(visit, false)), 200));
            if let Some(id) = headers::value(&opened.id) {
                response.headers_mut().insert(headers::SESSION_ID, id);
            }
            response
        }
    }
}

/// Answers a request of `method`.
pub(super) async fn request(visit: &Visit<'_>, method: Method, body: Incoming) -> Answered {
    let mut id = id_else(visit);
    let answered = async {
        let body = visit.body(body).await?;
        let request = visit.request(&body, method)?;
        id = request.slice(request.id_span());
        let caller = session::caller(visit)?;
        if let Some(kind) = ListKind::of(method) {
            return list(visit, kind, &request).await;
        }
        let answer = run::to_its_end(visit.gateway, visit.inbound(caller, request)).await?;
        let is_kept = envelope::is_kept(&answer);
        Ok((answer, is_kept))
    };
    match answered.await {
        Err(refusal) => refused(visit, &id, &refusal),
        Ok((answer, cached)) => {
            let info = Info { answered_by: answered_by::of(&answer), ..info(visit, cached) };
            let told = envelope::told(answer.bytes(), &info);
            retry_after(respond(Reply::One(told, envelope::status(&answer))), &answer)
        }
    }
}

/// A list, and whether it was there already.
async fn list(visit: &Visit<'_>, kind: ListKind, request: &Envelope) -> Result<(Envelope, bool), Refusal> {
    let cached = visit.seen().warm(&visit.endpoint).is_some();
    match lists::list(visit.gateway, &visit.principal, &visit.endpoint, kind, request, false).await {
        Reply::One(answer, _) => Ok((run::parse(&answer)?, cached)),
        Reply::Accepted | Reply::Many(_) => Err(Refusal::bad("this list cannot be told over plain HTTP")),
    }
}

/// A refusal in the words of JSON-RPC.
pub(super) fn refused(visit: &Visit<'_>, id: &[u8], refusal: &Refusal) -> Answered {
    let error = envelope::error(id, refusal);
    let response = respond(Reply::One(envelope::told(&error, &info(visit, false)), refusal.status));
    match run::parse(&error) {
        Ok(error) => retry_after(response, &error),
        Err(_) => response,
    }
}

/// The id of an answer to what had none that could be read: the name of the request.
pub(super) fn id_else(visit: &Visit<'_>) -> Bytes {
    mcp::message::json_string(visit.request_id).into()
}

fn info<'v>(visit: &'v Visit<'_>, cached: bool) -> Info<'v> {
    Info { request_id: visit.request_id, since: visit.since, cached, answered_by: None }
}

/// The response with `Retry-After`, where the answer says when to call again.
fn retry_after(mut response: Answered, answer: &Envelope) -> Answered {
    if let Some(seconds) = envelope::retry_after_s(answer) {
        response.headers_mut().insert(http::header::RETRY_AFTER, seconds.into());
    }
    response
}
