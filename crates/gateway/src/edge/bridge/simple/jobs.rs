//! `/jobs`: how calls are that were sent with `Prefer: respond-async`, what came of them, and how they are given up. Each
//! principal sees its own; whose is another's is as unknown as what never was.

use std::time::{Duration, UNIX_EPOCH};

use http::{HeaderName, HeaderValue, Method as Verb, StatusCode, header};
use hyper::body::Incoming;
use mcp::{Envelope, Era, message};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{refused, succeeded};
use crate::{
    edge::{
        bridge::{
            headers::{self, Async, WAIT_S_MAX},
            refusal::Refusal,
            visit::Visit,
        },
        http::Answered,
        jobs::{End, end},
    },
    failure::Failure,
    jobs::{Filter, Job, JobId, NoState, Refused},
    moment::rfc3339,
    route::Inbound,
    unasked,
};

/// Jobs on one page when nobody says how many, and at most.
const LIMIT: u32 = 100;
const LIMIT_MAX: u32 = 1_000;

/// What became of a call whose caller would come back for its answer.
pub(in crate::edge::bridge) enum Begun {
    /// It is under way.
    Accepted(Job),
    /// It has ended while the caller waited.
    Ended(Envelope),
}

/// Makes a call a job, and waits for its end as long as the caller prefers to.
pub(in crate::edge::bridge) async fn begin(
    visit: &Visit<'_>,
    inbound: Inbound,
    prefers: Async,
) -> Result<Begun, Refusal> {
    let gateway = visit.gateway;
    let id = inbound.request.slice(inbound.request.id_span());
    let job = gateway.submit_job(inbound, None).await.map_err(Failure::from)?;
    if prefers.wait().is_zero() {
        return Ok(Begun::Accepted(job));
    }
    let job = gateway.jobs.wait(job.id, Some(&visit.principal.name), prefers.wait()).await.map_err(told)?;
    let answer = match end(gateway, &job, Era::Legacy).await.map_err(told)? {
        End::None => return Ok(Begun::Accepted(job)),
        End::Result(raw) => message::result(&id, &raw),
        End::Error(raw) => message::error_raw(&id, &raw),
    };
    Ok(Begun::Ended(unasked::parse(&answer)?))
}

/// The response to a call that has become this job: where to come back to.
pub(in crate::edge::bridge) fn accepted(mut response: Answered, job: &Job, prefers: Async) -> Answered {
    *response.status_mut() = StatusCode::ACCEPTED;
    let place = headers::value(&format!("/jobs/{}", job.id));
    response.headers_mut().extend(place.map(|place| (header::LOCATION, place)));
    applied(response, prefers.applied())
}

/// The response to a call that has ended while its caller waited, where it would have come back.
pub(in crate::edge::bridge) fn awaited(response: Answered, prefers: Option<Async>) -> Answered {
    applied(response, prefers.and_then(Async::awaited))
}

fn applied(mut response: Answered, preferences: Option<HeaderValue>) -> Answered {
    let name = HeaderName::from_static(headers::PREFERENCE_APPLIED);
    response.headers_mut().extend(preferences.map(|preferences| (name, preferences)));
    response
}

/// `GET /jobs`
pub(super) async fn list(visit: &Visit<'_>) -> Answered {
    let listed = async {
        let filter = filter(visit)?;
        let limit = filter.count_max;
        let jobs = visit.gateway.jobs.list(filter).await.map_err(told)?;
        let next = jobs.last().filter(|_| jobs.len() == limit as usize).map(|last| last.id.to_string());
        Ok(json!({ "jobs": jobs.iter().map(described).collect::<Vec<_>>(), "next_cursor": next }))
    };
    match listed.await {
        Ok(jobs) => succeeded(visit, jobs.to_string().as_bytes()),
        Err(refusal) => refused(visit, &refusal),
    }
}

/// `GET /jobs/{id}`, `DELETE /jobs/{id}`
pub(super) async fn one(visit: &Visit<'_>, name: &str, verb: &Verb) -> Answered {
    let told = if *verb == Verb::DELETE { cancelled(visit, name).await } else { looked_up(visit, name).await };
    match told {
        Ok(job) => succeeded(visit, &job),
        Err(refusal) => refused(visit, &refusal),
    }
}

/// `POST /jobs/{id}/cancel`
pub(super) async fn cancel(visit: &Visit<'_>, name: &str, body: Incoming) -> Answered {
    // only for its content type: a page in a browser cannot send that elsewhere without asking first
    let told = match visit.body(body).await {
        Ok(_) => cancelled(visit, name).await,
        Err(refusal) => Err(refusal),
    };
    match told {
        Ok(job) => succeeded(visit, &job),
        Err(refusal) => refused(visit, &refusal),
    }
}

async fn looked_up(visit: &Visit<'_>, name: &str) -> Result<Vec<u8>, Refusal> {
    let (id, wait) = (id(name)?, patience(visit)?);
    let job = visit.gateway.jobs.wait(id, Some(&visit.principal.name), wait).await.map_err(told)?;
    whole(visit, &job).await
}

async fn cancelled(visit: &Visit<'_>, name: &str) -> Result<Vec<u8>, Refusal> {
    let job = visit.gateway.jobs.cancel(id(name)?, Some(&visit.principal.name)).await.map_err(told)?;
    whole(visit, &job).await
}

/// A job with its result or its error, as far as it has one.
async fn whole(visit: &Visit<'_>, job: &Job) -> Result<Vec<u8>, Refusal> {
    let mut out = described(job).to_string().into_bytes();
    let (member, raw) = match end(visit.gateway, job, Era::Legacy).await.map_err(told)? {
        End::None => return Ok(out),
        End::Result(raw) => ("result", raw),
        End::Error(raw) => ("error", raw),
    };
    out.pop();
    out.extend_from_slice(format!(r#","{member}":"#).as_bytes());
    out.extend_from_slice(&raw);
    out.push(b'}');
    Ok(out)
}

/// A job without what came of it.
pub(in crate::edge::bridge) fn described(job: &Job) -> Value {
    let at = |ms| rfc3339(UNIX_EPOCH + Duration::from_millis(ms));
    json!({
        "id": job.id.to_string(),
        "tool": job.tool,
        "state": job.state.as_str(),
        "reason": job.reason,
        "attempts": job.attempts,
        "created_at": at(job.created_ms),
        "updated_at": at(job.updated_ms),
        "kept_until": job.state.is_end().then(|| at(job.updated_ms.saturating_add(job.kept_ms))),
    })
}

fn filter(visit: &Visit<'_>) -> Result<Filter, Refusal> {
    let owner = Some(visit.principal.name.to_string());
    let mut filter = Filter { owner, count_max: LIMIT, ..Filter::default() };
    for (key, value) in form_urlencoded::parse(visit.query.as_bytes()) {
        match &*key {
            "state" => filter.state = Some(value.parse().map_err(|wrong: NoState| Refusal::bad(wrong.to_string()))?),
            "cursor" => {
                let after = value.parse().ok();
                filter.after = Some(after.ok_or_else(|| Refusal::bad("`cursor` is the `next_cursor` of a page"))?);
            }
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
                filter.count_max = limit.ok_or_else(|| Refusal::bad(format!("`limit` is 1 to {LIMIT_MAX}")))?;
            }
            _ => return Err(Refusal::bad("the query takes `state`, `limit` and `cursor`")),
        }
    }
    Ok(filter)
}

/// How long the caller waits for the end.
fn patience(visit: &Visit<'_>) -> Result<Duration, Refusal> {
    let mut patience = Duration::ZERO;
    for (key, value) in form_urlencoded::parse(visit.query.as_bytes()) {
        let seconds = value.parse().ok().filter(|seconds| key == "wait_s" && *seconds <= WAIT_S_MAX);
        let wrong = || Refusal::bad(format!("the query takes `wait_s`, whole seconds from 0 to {WAIT_S_MAX}"));
        patience = Duration::from_secs(seconds.ok_or_else(wrong)?);
    }
    Ok(patience)
}

fn id(text: &str) -> Result<JobId, Refusal> {
    text.parse().map_err(|_| told(Refused::Unknown))
}

fn told(refused: Refused) -> Refusal {
    match refused {
        Refused::Unknown => {
            Refusal { status: 404, failure: Failure::UnknownName("there is no such job of yours".to_owned()) }
        }
        Refused::Over(_) | Refused::Elsewhere => Refusal { status: 409, failure: refused.into() },
        refused => Failure::from(refused).into(),
    }
}
