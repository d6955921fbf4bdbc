//! The requests of MCP over plain HTTP: lists, calls, reads and prompts, each with a body and one answer.

use bytes::Bytes;
use hyper::body::Incoming;
use mcp::{Envelope, Method};

use super::{
    envelope::{self, Info},
    headers::{self, Async},
    refusal::Refusal,
    session,
    simple::jobs::{self, Begun},
    status, unavailable,
    visit::Visit,
};
use crate::{
    answered_by,
    batch::{self, Behalf, Wanted},
    catalogue::listing::ListKind,
    edge::{Reply, http::Answered, http::respond, lists},
    jobs::Job,
    unasked,
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
            let info = Info { place: Some(status::next_place(visit)), ..info(visit, false) };
            let mut response = respond(Reply::One(envelope::told(&opened.answer, &info), 200));
            if let Some(id) = headers::value(&opened.id) {
                response.headers_mut().insert(headers::SESSION_ID, id);
            }
            response
        }
    }
}

/// What came of a request.
enum Came {
    /// An answer, and whether it was there already.
    Answered(Envelope, bool),
    /// A list, and whether it was there already.
    Listed(Envelope, bool),
    /// A job, for whose end the caller comes back.
    Accepted(Job, Async),
}

/// Answers a request of `method`.
pub(super) async fn request(visit: &Visit<'_>, method: Method, body: Incoming) -> Answered {
    let mut id = id_else(visit);
    let prefers = headers::prefers_async(visit.headers).filter(|_| method == Method::ToolsCall);
    let answered = async {
        let body = visit.body(body).await?;
        let request = visit.request(&body, method)?;
        id = request.slice(request.id_span());
        let caller = session::caller(visit)?;
        if let Some(kind) = ListKind::of(method) {
            return list(visit, kind, &request).await;
        }
        let inbound = visit.inbound(caller, request);
        if let Some(prefers) = prefers {
            return Ok(match jobs::begin(visit, inbound, prefers).await? {
                Begun::Accepted(job) => Came::Accepted(job, prefers),
                Begun::Ended(answer) => Came::Answered(answer, false),
            });
        }
        let answer = unasked::to_its_end(visit.gateway, inbound).await?;
        let is_kept = envelope::is_kept(&answer);
        Ok(Came::Answered(answer, is_kept))
    };
    match answered.await {
        Err(refusal) => refused(visit, &id, &refusal),
        Ok(Came::Accepted(job, prefers)) => {
            let result = format!(r#"{{"job":{}}}"#, jobs::described(&job));
            jobs::accepted(with_info(visit, &mcp::message::result(&id, result.as_bytes())), &job, prefers)
        }
        Ok(Came::Listed(list, cached)) => {
            let info = Info { unavailable: unavailable::of(&list), ..info(visit, cached) };
            respond(Reply::One(envelope::told(list.bytes(), &info), envelope::status(&list)))
        }
        Ok(Came::Answered(answer, cached)) => {
            let info = Info { answered_by: answered_by::of(&answer), ..info(visit, cached) };
            let told = envelope::told(answer.bytes(), &info);
            let response = respond(Reply::One(told, envelope::status(&answer)));
            jobs::awaited(retry_after(response, &answer), prefers)
        }
    }
}

/// Makes the calls of a batch.
pub(super) async fn batch(visit: &Visit<'_>, body: Incoming) -> Answered {
    let mut id = id_else(visit);
    let answered = async {
        let body = visit.body(body).await?;
        let request = visit.request_named(&body, "tools/batch")?;
        id = request.slice(request.id_span());
        let behalf = Behalf {
            caller: session::caller(visit)?,
            endpoint: visit.endpoint.clone(),
            wishes: visit.wishes.clone().and_of(&request)?,
            meta: batch::inherited(&request),
            began: visit.since,
        };
        let wanted = Wanted::read(request.params().unwrap_or(b"{}"))?;
        Ok::<_, Refusal>(batch::run(visit.gateway, &behalf, &wanted, |_, _| {}).await?)
    };
    match answered.await {
        Err(refusal) => refused(visit, &id, &refusal),
        Ok(told) => with_info(visit, &mcp::message::result(&id, &told)),
    }
}

/// An answer that the gateway has made just now.
fn with_info(visit: &Visit<'_>, answer: &[u8]) -> Answered {
    respond(Reply::One(envelope::told(answer, &info(visit, false)), 200))
}

/// A list of what there is for this visitor.
async fn list(visit: &Visit<'_>, kind: ListKind, request: &Envelope) -> Result<Came, Refusal> {
    let cached = visit.seen().warm(&visit.endpoint).is_some();
    match lists::list(visit.gateway, &visit.principal, &visit.endpoint, kind, request, false).await {
        Reply::One(answer, _) => Ok(Came::Listed(unasked::parse(&answer)?, cached)),
        Reply::Accepted | Reply::Many(_) => Err(Refusal::bad("this list cannot be told over plain HTTP")),
    }
}

/// A refusal in the words of JSON-RPC.
pub(super) fn refused(visit: &Visit<'_>, id: &[u8], refusal: &Refusal) -> Answered {
    let error = envelope::error(id, refusal);
    let response = respond(Reply::One(envelope::told(&error, &info(visit, false)), refusal.status));
    match unasked::parse(&error) {
        Ok(error) => retry_after(response, &error),
        Err(_) => response,
    }
}

/// The id of an answer to what had none that could be read: the name of the request.
pub(super) fn id_else(visit: &Visit<'_>) -> Bytes {
    mcp::message::json_string(visit.request_id).into()
}

fn info<'v>(visit: &'v Visit<'_>, cached: bool) -> Info<'v> {
    let place = visit.wishes.told.place();
    Info { request_id: visit.request_id, since: visit.since, cached, place, answered_by: None, unavailable: None }
}

/// The response with `Retry-After`, where the answer says when to call again.
fn retry_after(mut response: Answered, answer: &Envelope) -> Answered {
    if let Some(seconds) = envelope::retry_after_s(answer) {
        response.headers_mut().insert(http::header::RETRY_AFTER, seconds.into());
    }
    response
}
