//! `/config`: the configuration read anew, and those of the past.

use std::time::{Duration, UNIX_EPOCH};

use client::{Past, PastText, Problem};
use config::history::Record;
use gateway::moment;
use http::StatusCode;

use crate::reply::{Outcome, json, problem};
use crate::{Api, Cause, Refused};

/// `POST /config/reload`
pub(crate) async fn reload(api: &Api) -> Outcome {
    let configuration = api.configuration.clone();
    let reloading = tokio::task::spawn_blocking(move || configuration.reload(Cause::Command));
    let ended = |error: tokio::task::JoinError| failed(&error.to_string());
    match reloading.await.map_err(ended)? {
        Ok(applied) => json(&applied),
        Err(left @ Refused::Left) => Err(Problem {
            hint: Some(left.hint().to_owned()),
            ..problem(StatusCode::CONFLICT, "CONFLICT", left.to_string())
        }),
        Err(refused) => {
            let detail = format!("{refused}; the one before stays in force");
            let problems = refused.problems();
            let mut answer = problem(StatusCode::UNPROCESSABLE_ENTITY, "INVALID_INPUT", detail);
            answer.hint = Some(refused.hint().to_owned());
            Err(Problem { problems, ..answer })
        }
    }
}

/// `GET /config/history`
pub(crate) fn list(api: &Api) -> Outcome {
    let records = api.configuration.history().map(config::History::list).transpose();
    let records = records.map_err(|error| failed(&error.to_string()))?.unwrap_or_default();
    json(&records.iter().map(past).collect::<Vec<_>>())
}

/// `GET /config/history/{number}`
pub(crate) fn get(api: &Api, number: &str) -> Outcome {
    let record = match (api.configuration.history(), number.parse()) {
        (Some(history), Ok(number)) => history.get(number).map_err(|error| failed(&error.to_string()))?,
        _ => None,
    };
    match record {
        Some(record) => json(&PastText { past: past(&record), text: record.text }),
        None => Err(problem(StatusCode::NOT_FOUND, "NOT_FOUND", format!("there is no configuration {number}"))),
    }
}

fn past(record: &Record) -> Past {
    Past {
        number: record.number,
        at: moment::rfc3339(UNIX_EPOCH + Duration::from_secs(record.at_unix_s)),
        origin: record.origin.clone(),
        summary: record.summary.clone(),
    }
}

fn failed(detail: &str) -> Problem {
    problem(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", detail)
}
