//! `/jobs`: the calls that are finished without their callers, and what an operator does with those that did not succeed.

use std::time::{Duration, UNIX_EPOCH};

use client::{Attempt, Job, JobReport, Problem, Purged};
use gateway::jobs::{self, Filter, JobId, Refused, State, parsed};
use gateway::{Gateway, moment};
use http::StatusCode;
use url::form_urlencoded;

use crate::Api;
use crate::reply::{Outcome, json, problem};

/// Jobs in one answer when nobody says how many, and at most.
const COUNT: u32 = 100;
const COUNT_MAX: u32 = 1_000;

/// `GET /jobs`
pub(crate) async fn list(api: &Api, query: &str) -> Outcome {
    let mut filter = Filter { count_max: COUNT, ..Filter::default() };
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*key {
            "state" => filter.state = Some(state(&value)?),
            "owner" => filter.owner = Some(value.into_owned()),
            "after" => filter.after = Some(id(&value)?),
            "count" => filter.count_max = count(&value)?,
            other => return Err(wrong(format!("unknown parameter `{other}`: known are state, owner, after, count"))),
        }
    }
    let listed = gateway(api).jobs.list(filter).await.map_err(|refused| told(&refused))?;
    json(&listed.into_iter().map(job).collect::<Vec<_>>())
}

/// `GET /jobs/{id}`
pub(crate) async fn get(api: &Api, name: &str) -> Outcome {
    let (gateway, id) = (gateway(api), id(name)?);
    let report = report(&gateway, id).await.map_err(|refused| told(&refused))?;
    json(&report)
}

async fn report(gateway: &Gateway, id: JobId) -> Result<JobReport, Refused> {
    let found = gateway.jobs.get(id, None).await?;
    let request = gateway.jobs.request(id).await?.unwrap_or_default();
    let answer = match gateway.jobs.answer(id).await? {
        Some(ended) => parsed(&ended).ok().and_then(|answer| serde_json::from_slice(answer.bytes()).ok()),
        None => None,
    };
    let history = gateway.jobs.attempts(id).await?.into_iter().map(attempt).collect();
    Ok(JobReport { job: job(found), request: serde_json::from_slice(&request).unwrap_or_default(), answer, history })
}

/// `POST /jobs/{id}/cancel`
pub(crate) async fn cancel(api: &Api, name: &str) -> Outcome {
    let cancelled = gateway(api).jobs.cancel(id(name)?, None).await.map_err(|refused| told(&refused))?;
    json(&job(cancelled))
}

/// `POST /jobs/{id}/retry`
pub(crate) async fn retry(api: &Api, name: &str, query: &str) -> Outcome {
    let anyway = form_urlencoded::parse(query.as_bytes()).any(|(key, value)| key == "anyway" && value == "true");
    let begun = gateway(api).jobs.replay(id(name)?, anyway).await.map_err(|refused| told(&refused))?;
    json(&job(begun))
}

/// `POST /jobs/purge`
pub(crate) async fn purge(api: &Api, query: &str) -> Outcome {
    let given = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "state");
    let Some((_, value)) = given else { return Err(wrong("`state` is missing: say which jobs to forget")) };
    let state = state(&value)?;
    if !state.is_end() {
        return Err(wrong(format!("jobs that are {} are not forgotten: cancel them", state.as_str())));
    }
    let jobs = gateway(api).jobs.purge(None, Some(state)).await.map_err(|refused| told(&refused))?;
    json(&Purged { jobs })
}

fn gateway(api: &Api) -> Gateway {
    api.configuration.current().now()
}

fn job(job: jobs::Job) -> Job {
    Job {
        id: job.id.to_string(),
        state: job.state.as_str().to_owned(),
        reason: job.reason,
        tool: job.tool,
        owner: job.owner,
        attempts: job.attempts,
        repeatable: job.repeatable,
        created_at: at(job.created_ms),
        updated_at: at(job.updated_ms),
    }
}

fn attempt(attempt: jobs::Attempt) -> Attempt {
    Attempt { began_at: at(attempt.began_ms), ended_at: attempt.ended_ms.map(at), outcome: attempt.outcome }
}

fn at(ms: u64) -> String {
    moment::rfc3339(UNIX_EPOCH + Duration::from_millis(ms))
}

fn id(text: &str) -> Result<JobId, Problem> {
    text.parse().map_err(|_| told(&Refused::Unknown))
}

fn state(text: &str) -> Result<State, Problem> {
    text.parse().map_err(|error: jobs::NoState| wrong(error.to_string()))
}

fn count(text: &str) -> Result<u32, Problem> {
    let count = text.parse().ok().filter(|count| (1..=COUNT_MAX).contains(count));
    count.ok_or_else(|| wrong(format!("`count` must be a whole number from 1 to {COUNT_MAX}")))
}

fn wrong(detail: impl Into<String>) -> Problem {
    problem(StatusCode::BAD_REQUEST, "INVALID_INPUT", detail)
}

/// A refusal in the words of the API.
fn told(refused: &Refused) -> Problem {
    let (status, code, hint) = match refused {
        Refused::Unknown => {
            (StatusCode::NOT_FOUND, "NOT_FOUND", Some("`switchboard job list` shows those that are kept"))
        }
        Refused::Over(_) | Refused::Elsewhere | Refused::NotReplayed(_) => (StatusCode::CONFLICT, "CONFLICT", None),
        Refused::Doubtful => {
            (StatusCode::CONFLICT, "CONFLICT", Some("look whether it happened; `switchboard job retry ID --anyway`"))
        }
        Refused::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, "OVERLOADED", None),
        Refused::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "TOO_LARGE", None),
        Refused::Closed(_) | Refused::Store(_) | Refused::Call(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", None)
        }
    };
    let mut told = problem(status, code, refused.to_string());
    told.hint = hint.map(str::to_owned);
    told
}
