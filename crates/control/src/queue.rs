//! `/queue`: the calls that wait, run and have ended, and the acts on one of them.

use std::time::{Duration, SystemTime};

use client::{CallState, QueuedCall};
use gateway::moment;
use gateway::pipeline::queue::overview::{NotMoved, Row, Stage, in_words};
use http::StatusCode;
use url::form_urlencoded;

use crate::Api;
use crate::reply::{Outcome, json, problem};

/// Calls in one answer when nobody says how many, and at most.
const COUNT: usize = 100;
const COUNT_MAX: usize = 1_000;

/// Which calls somebody wants to see.
#[derive(Debug)]
struct Filter {
    server: Option<String>,
    principal: Option<String>,
    /// In this state; none for all that have not ended.
    state: Option<CallState>,
    count: usize,
}

/// `GET /queue`: the oldest of those that wait and run first, and the newest of those that have ended.
pub(crate) fn list(api: &Api, query: &str) -> Outcome {
    let filter = Filter::read(query)?;
    let mut calls = calls(api);
    calls.retain(|call| filter.takes(call));
    if filter.state.is_some_and(CallState::is_end) {
        calls.reverse();
    }
    calls.truncate(filter.count);
    json(&calls)
}

/// `POST /queue/{id}/cancel`: the answer is how the call was.
pub(crate) fn cancel(api: &Api, id: &str) -> Outcome {
    let call = find(api, id)?;
    if api.configuration.current().now().traffic.queues.cancel(call.id) { json(&call) } else { Err(unknown(id)) }
}

/// `POST /queue/{id}/priority`: the answer is how the call is now.
pub(crate) fn prioritise(api: &Api, id: &str, query: &str) -> Outcome {
    let asked = value(query, "class").unwrap_or_default();
    let class = asked.parse().map_err(|unclear: traffic::UnknownClass| invalid(unclear.to_string()))?;
    let call = find(api, id)?;
    match api.configuration.current().now().traffic.queues.reprioritise(call.id, class) {
        Ok(()) => json(&find(api, id)?),
        Err(NotMoved::Unknown) => Err(unknown(id)),
        Err(NotMoved::Runs) => {
            Err(problem(StatusCode::CONFLICT, "CONFLICT", format!("the call {id} runs already: it waits for no turn")))
        }
    }
}

fn calls(api: &Api) -> Vec<QueuedCall> {
    let now = SystemTime::now();
    api.configuration.current().now().traffic.queues.rows().iter().map(|row| told(row, now)).collect()
}

/// A call that waits or runs.
fn find(api: &Api, id: &str) -> Result<QueuedCall, client::Problem> {
    let is_meant = |call: &QueuedCall| id.parse() == Ok(call.id) && !call.state.is_end();
    calls(api).into_iter().find(is_meant).ok_or_else(|| unknown(id))
}

fn told(row: &Row, now: SystemTime) -> QueuedCall {
    let (ahead, wait, waits_for) = match row.stage {
        Stage::Pending { ahead, wait, hold } => (Some(ahead), wait, hold.map(in_words)),
        Stage::Processing { rests: true } => (None, None, Some("the answer of a person or a model".to_owned())),
        Stage::Processing { rests: false } | Stage::Ended(_) => (None, None, None),
    };
    QueuedCall {
        id: row.id,
        server: row.server.to_string(),
        tool: row.tool.to_string(),
        principal: row.principal.to_string(),
        priority: row.class.to_string(),
        state: state(row.stage),
        at: moment::rfc3339(now.checked_sub(row.age).unwrap_or(now)),
        waited_ms: milliseconds(row.waited),
        ran_ms: milliseconds(row.ran),
        ahead,
        wait_ms: wait.map(milliseconds),
        waits_for,
    }
}

fn state(stage: Stage) -> CallState {
    use traffic::queue::End;
    match stage {
        Stage::Pending { .. } => CallState::Pending,
        Stage::Processing { .. } => CallState::Processing,
        Stage::Ended(End::Completed) => CallState::Completed,
        Stage::Ended(End::Failed) => CallState::Failed,
        Stage::Ended(End::Timeout) => CallState::Timeout,
        Stage::Ended(End::Cancelled) => CallState::Cancelled,
    }
}

fn milliseconds(duration: Duration) -> u64 {
    duration.as_millis() as u64
}

impl Filter {
    fn read(query: &str) -> Result<Self, client::Problem> {
        let mut filter = Self { server: None, principal: None, state: None, count: COUNT };
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*key {
                "server" => filter.server = Some(value.into_owned()),
                "principal" => filter.principal = Some(value.into_owned()),
                "state" => filter.state = Some(state_of(&value)?),
                "count" => filter.count = count(&value)?,
                other => {
                    let known = "known are server, principal, state, count";
                    return Err(invalid(format!("unknown parameter `{other}`: {known}")));
                }
            }
        }
        Ok(filter)
    }

    fn takes(&self, call: &QueuedCall) -> bool {
        let is = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
        let is_in_state = self.state.map_or(!call.state.is_end(), |state| state == call.state);
        is(&self.server, &call.server) && is(&self.principal, &call.principal) && is_in_state
    }
}

fn state_of(text: &str) -> Result<CallState, client::Problem> {
    text.parse().map_err(|unknown: client::UnknownState| invalid(unknown.to_string()))
}

fn count(text: &str) -> Result<usize, client::Problem> {
    match text.parse() {
        Ok(count @ 1..=COUNT_MAX) => Ok(count),
        _ => Err(invalid(format!("`count` must be a number from 1 to {COUNT_MAX}, not `{text}`"))),
    }
}

fn value(query: &str, wanted: &str) -> Option<String> {
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == wanted).map(|(_, value)| value.into_owned())
}

fn invalid(detail: String) -> client::Problem {
    problem(StatusCode::BAD_REQUEST, "INVALID_INPUT", detail)
}

fn unknown(id: &str) -> client::Problem {
    problem(StatusCode::NOT_FOUND, "NOT_FOUND", format!("no call {id} waits or runs"))
}
