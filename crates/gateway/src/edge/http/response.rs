//! Replies as HTTP responses: messages, streams of events, and refusals before there is a message.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use mcp::{Envelope, ScanLimits, code, message};

use crate::{
    edge::{Reply, body::Answer, bridge, told},
    failure::Failure,
    identities::Unauthorized,
    pipeline::{told::Told, wishes},
    session::Unknown,
    streams::Heard,
};

/// What every request gets.
pub(in crate::edge) type Answered = Response<Answer>;

pub(super) fn no_session(id: Option<&[u8]>, why: Unknown) -> Answered {
    match why {
        Unknown::Gone => respond(Reply::One(
            message::error(id, code::SESSION_EXPIRED, "the session has ended: initialize again", None),
            404,
        )),
        Unknown::Full => respond(Reply::One(message::error(id, code::OVERLOADED, "too many sessions", None), 503)),
    }
}

/// A reply as an HTTP response.
pub(in crate::edge) fn respond(reply: Reply) -> Answered {
    match reply {
        Reply::Accepted => with_status(StatusCode::ACCEPTED, Answer::full(Bytes::new())),
        Reply::Many(messages) => event_stream(Answer::events(messages, None)),
        Reply::One(bytes, status) => {
            let later = matches!(status, 429 | 503).then(|| later_s(&bytes)).flatten();
            let mut response = with_status(StatusCode::from_u16(status).unwrap_or(StatusCode::OK), Answer::full(bytes));
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response.headers_mut().extend(later.map(|seconds| (header::RETRY_AFTER, seconds.into())));
            response
        }
    }
}

/// A response with what became of its call in its head.
pub(super) fn with_told(mut response: Answered, told: &Told) -> Answered {
    told::write(told, response.headers_mut());
    response
}

/// After how many seconds a request may be sent again, where its answer says so.
fn later_s(answer: &Bytes) -> Option<u64> {
    bridge::retry_after_s(&Envelope::parse(answer, ScanLimits::default()).ok()?)
}

/// A stream of events that are framed already.
pub(in crate::edge) fn resumable(heard: Heard) -> Answered {
    event_stream(Answer::resumable(heard))
}

/// A stream of events as a response.
pub(in crate::edge) fn event_stream(body: Answer) -> Answered {
    let mut response = with_status(StatusCode::OK, body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

/// To somebody who may not call, or has not shown that he may.
pub(super) fn challenge(unauthorized: Unauthorized) -> Answered {
    let later_s = unauthorized.retry_after_s();
    let status = if later_s.is_some() { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::UNAUTHORIZED };
    let mut response = refuse(status, &unauthorized.to_string());
    let challenge = HeaderValue::from_static(unauthorized.challenge());
    response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    response.headers_mut().extend(later_s.map(|seconds| (header::RETRY_AFTER, seconds.into())));
    response
}

/// To somebody for whom too much is held already.
pub(super) fn overfull() -> Answered {
    let failure = Failure::untaken();
    let error = message::error(None, failure.code(), &failure.to_string(), Some(&failure.details()));
    respond(Reply::One(error, code::http_status(failure.code(), true)))
}

/// A refusal before there is a message, as an error without id.
pub(in crate::edge) fn refuse(status: StatusCode, why: &str) -> Answered {
    respond(Reply::One(message::error(None, code::INVALID_REQUEST, why, None), status.as_u16()))
}

pub(in crate::edge) fn not_allowed(allowed: &'static str) -> Answered {
    let mut response = refuse(StatusCode::METHOD_NOT_ALLOWED, "this verb is not served here");
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
    response
}

pub(super) fn plain(status: StatusCode, text: &'static str) -> Answered {
    with_status(status, Answer::full(Bytes::from_static(text.as_bytes())))
}

fn with_status(status: StatusCode, body: Answer) -> Answered {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}

/// A wish in the headers that cannot be understood: nothing is called.
pub(super) fn unclear_wish(id: Option<&[u8]>, unclear: &wishes::Unclear) -> Reply {
    Reply::One(message::error(id, code::INVALID_PARAMS, &unclear.to_string(), None), 400)
}
