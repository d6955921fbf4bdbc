//! `POST /tools/call` and `POST /tools/{name}`: one call of a tool. The first answers in the simple envelope and almost always
//! with 200, as earlier gateways did; the second answers with the bare data, and a failure is no 2xx.

use bytes::Bytes;
use hyper::body::Incoming;
use mcp::{Envelope, Method, Param, array, message};
use serde_json::Value;

use super::{
    camel, failed, jobs, json, list,
    outcome::{Failed, Outcome},
    query::Query,
    succeeded,
};
use crate::{
    edge::{
        Reply,
        bridge::{headers, refusal::Refusal, visit::Visit},
        http::{Answered, respond},
    },
    failure::Failure,
    jobs::Job,
    unasked,
};

/// Calls the tool that the body names.
pub(super) async fn enveloped(visit: &Visit<'_>, query: &Query, body: Incoming) -> Result<Answered, Refusal> {
    let body = visit.body(body).await?;
    let request = visit.request(&body, Method::ToolsCall)?;
    if !request.param_raw(Param::Name).is_some_and(|name| name.starts_with(b"\"") && name.len() > 2) {
        return Err(Refusal::bad("`name` is required: the name of the tool, as GET /tools shows it"));
    }
    let inbound = visit.inbound(visit.stranger()?, request.clone());
    if headers::prefers_async(visit.headers) {
        let job = jobs::begin(visit, inbound).await?;
        return Ok(jobs::accepted(succeeded(visit, jobs::described(&job).to_string().as_bytes()), &job));
    }
    match unasked::to_its_end(visit.gateway, inbound).await {
        Err(failure @ Failure::UnknownName(_)) => Err(list::unknown(failure)),
        Err(failure) => Ok(failed(visit, 200, &Failed::of(&failure))),
        Ok(answer) => Ok(match Outcome::of(&answer) {
            Outcome::Data(data) => succeeded(visit, &spelt(visit, query, &request, data).await),
            Outcome::Failed(why) => failed(visit, 200, &why),
        }),
    }
}

/// What came of a call.
enum Called {
    /// It is a job now.
    Accepted(Job),
    /// It has ended.
    Ended(Envelope, Result<Envelope, Failure>),
}

/// Calls the tool that the path names; the body holds its arguments.
pub(super) async fn bare(visit: &Visit<'_>, query: &Query, name: &str, body: Incoming) -> Answered {
    let called = async {
        let request = with_arguments(visit, name, &visit.body(body).await?)?;
        let inbound = visit.inbound(visit.stranger()?, request.clone());
        if headers::prefers_async(visit.headers) {
            return Ok(Called::Accepted(jobs::begin(visit, inbound).await?));
        }
        Ok::<_, Refusal>(Called::Ended(request, unasked::to_its_end(visit.gateway, inbound).await))
    };
    let (request, answer) = match called.await {
        Err(refusal) => return json(refusal.status, &Failed::of(&refusal.failure).object()),
        Ok(Called::Accepted(job)) => return jobs::accepted(json(202, &jobs::described(&job)), &job),
        Ok(Called::Ended(request, Ok(answer))) => (request, answer),
        Ok(Called::Ended(_, Err(failure @ Failure::UnknownName(_)))) => {
            return json(404, &Failed::of(&failure).object());
        }
        Ok(Called::Ended(_, Err(failure))) => {
            let refusal = Refusal::from(failure);
            let status = if refusal.status == 200 { 502 } else { refusal.status };
            return json(status, &Failed::of(&refusal.failure).object());
        }
    };
    match Outcome::of(&answer) {
        Outcome::Data(data) => respond(Reply::One(spelt(visit, query, &request, data).await, 200)),
        Outcome::Failed(why) => json(if why.is_bad_input() { 400 } else { 422 }, &why.object()),
    }
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
