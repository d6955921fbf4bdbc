//! `POST /tools/call` and `POST /tools/{name}`: one call of a tool. The first answers in the simple envelope and almost always
//! with 200, as earlier gateways did; the second answers with the bare data, and a failure is no 2xx.

use bytes::Bytes;
use hyper::body::Incoming;
use mcp::{Envelope, Method, Param, array, code, message};
use serde_json::Value;

use super::{
    camel, failed,
    jobs::{self, Begun},
    json, list,
    outcome::{Failed, Outcome},
    query::Query,
    succeeded,
};
use crate::{
    edge::{
        Reply,
        bridge::{
            envelope,
            headers::{self, Async},
            refusal::Refusal,
            visit::Visit,
        },
        http::{Answered, respond},
    },
    failure::Failure,
    jobs::Job,
    route::Inbound,
    unasked,
};

/// Calls the tool that the body names.
pub(super) async fn enveloped(visit: &Visit<'_>, query: &Query, body: Incoming) -> Result<Answered, Refusal> {
    let body = visit.body(body).await?;
    let request = visit.request(&body, Method::ToolsCall)?;
    if !request.param_raw(Param::Name).is_some_and(|name| name.starts_with(b"\"") && name.len() > 2) {
        return Err(Refusal::bad("`name` is required: the name of the tool, as GET /tools shows it"));
    }
    let called = called(visit, visit.inbound(visit.stranger()?, request.clone())).await?;
    let (answer, prefers) = match called {
        Called::Accepted(job, prefers) => {
            let described = jobs::described(&job).to_string();
            return Ok(jobs::accepted(succeeded(visit, described.as_bytes()), &job, prefers));
        }
        Called::Ended(Err(failure @ Failure::UnknownName(_)), _) => return Err(list::unknown(failure)),
        Called::Ended(Err(failure), _) => return Ok(failed(visit, 200, &Failed::of(&failure))),
        Called::Ended(Ok(answer), prefers) => (answer, prefers),
    };
    let response = match Outcome::of(&answer) {
        Outcome::Data(data) => succeeded(visit, &spelt(visit, query, &request, data).await),
        Outcome::Failed(why) => failed(visit, 200, &why),
    };
    Ok(jobs::awaited(response, prefers))
}

/// What came of a call.
enum Called {
    /// It is a job now.
    Accepted(Job, Async),
    /// It has ended, while its caller waited where it would have come back.
    Ended(Result<Envelope, Failure>, Option<Async>),
}

/// Makes a call, to its end or as long as its caller prefers to wait.
async fn called(visit: &Visit<'_>, inbound: Inbound) -> Result<Called, Refusal> {
    let Some(prefers) = headers::prefers_async(visit.headers) else {
        return Ok(Called::Ended(unasked::to_its_end(visit.gateway, inbound).await, None));
    };
    let begun = jobs::begin(visit, inbound, prefers).await.map_err(|refusal| match refusal.failure {
        failure @ Failure::UnknownName(_) => list::unknown(failure),
        _ => refusal,
    });
    Ok(match begun? {
        Begun::Accepted(job) => Called::Accepted(job, prefers),
        Begun::Ended(answer) => Called::Ended(Ok(answer), Some(prefers)),
    })
}

/// Calls the tool that the path names; the body holds its arguments.
pub(super) async fn bare(visit: &Visit<'_>, query: &Query, name: &str, body: Incoming) -> Answered {
    let called = async {
        let request = with_arguments(visit, name, &visit.body(body).await?)?;
        Ok::<_, Refusal>((request.clone(), called(visit, visit.inbound(visit.stranger()?, request)).await?))
    };
    let (request, answer, prefers) = match called.await {
        Err(refusal) => return json(refusal.status, &Failed::of(&refusal.failure).object()),
        Ok((_, Called::Accepted(job, prefers))) => {
            return jobs::accepted(json(202, &jobs::described(&job)), &job, prefers);
        }
        Ok((_, Called::Ended(Err(failure), _))) => return not_called(&failure),
        Ok((request, Called::Ended(Ok(answer), prefers))) => (request, answer, prefers),
    };
    let response = match Outcome::of(&answer) {
        Outcome::Data(data) => respond(Reply::One(spelt(visit, query, &request, data).await, 200)),
        Outcome::Failed(why) => {
            let status = if why.is_bad_input() { 400 } else { refused_with(&answer).unwrap_or(422) };
            json(status, &why.object())
        }
    };
    jobs::awaited(response, prefers)
}

/// A call that came to nothing, with a status that is no success.
fn not_called(failure: &Failure) -> Answered {
    let status = match (failure, code::http_status(failure.code(), true)) {
        (Failure::UnknownName(_), _) => 404,
        (_, 200) => 502,
        (_, status) => status,
    };
    json(status, &Failed::of(failure).object())
}

/// The status of an answer that is an error with a code that has one.
fn refused_with(answer: &Envelope) -> Option<u16> {
    Some(envelope::status(answer)).filter(|status| *status != 200)
}

/// The call of a tool with the arguments of a body. An empty body is no arguments.
fn with_arguments(visit: &Visit<'_>, name: &str, body: &[u8]) -> Result<Envelope, Refusal> {
    let arguments = if body.trim_ascii().is_empty() { b"{}" } else { body.trim_ascii() };
    if array::members(arguments).is_err() {
        return Err(Refusal::bad("the body is the arguments of the tool, a JSON object"));
    }
    let mut params = br#"{"name":"#.to_vec();
    message::push_string(&mut params, name);
    params.extend_from_slice(br#","arguments":"#);
    params.extend_from_slice(arguments);
    params.push(b'}');
    visit.request(&params.into(), Method::ToolsCall)
}

/// The data in the spelling that the query asks for.
async fn spelt(visit: &Visit<'_>, query: &Query, request: &Envelope, data: Bytes) -> Bytes {
    if !query.camel {
        return data;
    }
    let name = request.param_text(Param::Name).unwrap_or_default();
    let Ok(tool) = list::one(visit, name).await else { return data };
    match (serde_json::from_slice::<Value>(&data), serde_json::from_slice::<Value>(&tool)) {
        (Ok(value), Ok(tool)) => camel::renamed(value, &tool["outputSchema"]).to_string().into(),
        _ => data,
    }
}
