//! Tools for programs that know nothing of MCP: a list, a call, an OpenAPI document, and how the node is. The answers are
//! `{success, data, error, timestamp, request_id}`, or the bare data where the path names the tool.
//!
//! In reading order: `query` (what stands behind the `?`), `outcome` (what a call came to), `camel` (earlier names of
//! fields), `list`, `call`, `openapi`, `jobs` (calls that
//! are finished without their callers), `node`.

mod call;
mod camel;
pub(super) mod jobs;
mod list;
mod node;
mod openapi;
mod outcome;
mod query;

use std::time::SystemTime;

use http::Method as Verb;
use hyper::body::Incoming;
use mcp::message;
use serde_json::Value;

use self::{list::Listed, outcome::Failed, query::Query};
use super::{refusal::Refusal, visit::Visit, way::Way};
use crate::{
    catalogue::Endpoint,
    edge::{Reply, http::Answered, http::respond},
    moment::rfc3339,
};

/// Answers one request.
pub(super) async fn answer(visit: Visit<'_>, way: Way, verb: &Verb, body: Incoming) -> Answered {
    match &way {
        Way::Jobs => return jobs::list(&visit).await,
        Way::Job(id) => return jobs::one(&visit, id, verb).await,
        Way::CancelJob(id) => return jobs::cancel(&visit, id, body).await,
        _ => {}
    }
    let (query, endpoint) = match Query::read(visit.query).and_then(|query| Ok((endpoint(&visit, &query)?, query))) {
        Ok((endpoint, query)) => (query, endpoint),
        Err(refusal) => return refused(&visit, &refusal),
    };
    let visit = Visit { endpoint, ..visit };
    let answered = match way {
        Way::Tools => list::all(&visit, &query).await.map(|listed| succeeded_without(&visit, &listed)),
        Way::Tool(name) if *verb == Verb::POST => return call::bare(&visit, &query, &name, body).await,
        Way::Tool(name) => list::one(&visit, &name).await.map(|data| succeeded(&visit, &data)),
        Way::CallTool => call::enveloped(&visit, &query, body).await,
        Way::OpenApi => openapi::document(&visit).await.map(|document| json(200, &document)),
        Way::Stats => Ok(json(200, &node::stats(&visit))),
        _ => Ok(json(200, &node::health(&visit).await)),
    };
    answered.unwrap_or_else(|refusal| refused(&visit, &refusal))
}

/// The endpoint that is meant: that of the path, or the bundle of the query.
fn endpoint(visit: &Visit<'_>, query: &Query) -> Result<Endpoint, Refusal> {
    let Some(bundle) = &query.bundle else { return Ok(visit.endpoint.clone()) };
    let endpoint = Endpoint::Bundle(bundle.clone());
    if visit.endpoint != Endpoint::All {
        return Err(Refusal::bad("`bundle` stands in the query only where the path names no server or bundle"));
    }
    if visit.seen().has(&endpoint) {
        Ok(endpoint)
    } else {
        Err(Refusal { status: 404, ..Refusal::bad(format!("there is no bundle `{bundle}`")) })
    }
}

/// A JSON document as a response.
pub(super) fn json(status: u16, value: &Value) -> Answered {
    respond(Reply::One(value.to_string().into(), status))
}

/// What was asked for, in the simple envelope.
fn succeeded(visit: &Visit<'_>, data: &[u8]) -> Answered {
    respond(Reply::One(ended(visit, with_data(data)).into(), 200))
}

/// A list in the simple envelope, and beside it what it lacks.
fn succeeded_without(visit: &Visit<'_>, listed: &Listed) -> Answered {
    let mut out = with_data(&listed.data);
    if let Some(unavailable) = &listed.unavailable {
        out.extend_from_slice(format!(r#","unavailable":{unavailable}"#).as_bytes());
    }
    respond(Reply::One(ended(visit, out).into(), 200))
}

/// The beginning that all simple envelopes have of what succeeded.
fn with_data(data: &[u8]) -> Vec<u8> {
    let mut out = br#"{"success":true,"data":"#.to_vec();
    out.extend_from_slice(data);
    out.extend_from_slice(br#","error":null"#);
    out
}

/// What went wrong, in the simple envelope.
fn failed(visit: &Visit<'_>, status: u16, failed: &Failed) -> Answered {
    let mut out = br#"{"success":false,"data":null,"error":"#.to_vec();
    message::push_string(&mut out, &failed.line());
    respond(Reply::One(ended(visit, out).into(), status))
}

/// A refusal in the simple envelope.
pub(super) fn refused(visit: &Visit<'_>, refusal: &Refusal) -> Answered {
    failed(visit, refusal.status, &Failed::of(&refusal.failure))
}

/// The end that all simple envelopes have.
fn ended(visit: &Visit<'_>, mut out: Vec<u8>) -> Vec<u8> {
    let now = rfc3339(SystemTime::now());
    out.extend_from_slice(format!(r#","timestamp":"{now}","request_id":"#).as_bytes());
    message::push_string(&mut out, visit.request_id);
    out.push(b'}');
    out
}
