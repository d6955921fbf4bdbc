//! Answers of the control API: JSON, lines of JSON as they come, or a problem as RFC 9457 has it.

use std::convert::Infallible;

use bytes::Bytes;
use client::Problem;
use futures_util::stream::{Stream, StreamExt};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use serde::Serialize;

/// An answer.
pub(crate) type Reply = Response<UnsyncBoxBody<Bytes, Infallible>>;

/// What a request was asked in vain.
pub(crate) type Outcome = Result<Reply, Problem>;

/// A value as JSON.
pub(crate) fn json(value: &impl Serialize) -> Outcome {
    match serde_json::to_vec(value) {
        Ok(body) => Ok(whole(StatusCode::OK, "application/json", body)),
        Err(error) => Err(problem(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", error.to_string())),
    }
}

/// Values as JSON, a line each, as they come.
pub(crate) fn lines<T: Serialize>(values: impl Stream<Item = T> + Send + 'static) -> Reply {
    let frame = |value: T| {
        let mut line = serde_json::to_vec(&value).unwrap_or_default();
        line.push(b'\n');
        Ok(Frame::data(line.into()))
    };
    let mut reply = Response::new(StreamBody::new(values.map(frame)).boxed_unsync());
    dress(&mut reply, "application/x-ndjson");
    reply
}

/// A problem, still without a hint.
pub(crate) fn problem(status: StatusCode, code: &str, detail: impl Into<String>) -> Problem {
    let title = status.canonical_reason().unwrap_or_default().to_lowercase();
    Problem {
        code: code.to_owned(),
        status: status.as_u16(),
        title,
        detail: detail.into(),
        hint: None,
        problems: Vec::new(),
    }
}

/// The problem as an answer.
pub(crate) fn refusal(problem: &Problem) -> Reply {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    whole(status, "application/problem+json", serde_json::to_vec(problem).unwrap_or_default())
}

fn whole(status: StatusCode, kind: &'static str, body: Vec<u8>) -> Reply {
    let mut reply = Response::new(Full::new(Bytes::from(body)).boxed_unsync());
    *reply.status_mut() = status;
    dress(&mut reply, kind);
    reply
}

fn dress(reply: &mut Reply, kind: &'static str) {
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
}
