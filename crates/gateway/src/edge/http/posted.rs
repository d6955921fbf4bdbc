//! The body of a request: of which kind it is, and its bytes within the limits of size and time.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use hyper::body::{Body, Incoming};

use crate::{
    gateway::Gateway,
    intake::{Spoiled, whole, within},
};

/// The body of a request, within the limits of size and time.
pub(in crate::edge) async fn read(body: Incoming, gateway: &Gateway) -> Result<Bytes, (StatusCode, &'static str)> {
    if body.size_hint().lower() > gateway.limits.body_bytes_max as u64 {
        return Err((StatusCode::PAYLOAD_TOO_LARGE, "the body is larger than limits.body_bytes_max"));
    }
    let limit = Duration::from_millis(gateway.limits.body_read_ms_max);
    match within(limit, whole(body, gateway.limits.body_bytes_max)).await {
        Some(Ok(body)) => Ok(body),
        Some(Err(Spoiled::TooLarge)) => {
            Err((StatusCode::PAYLOAD_TOO_LARGE, "the body is larger than limits.body_bytes_max"))
        }
        Some(Err(Spoiled::BrokenOff)) => Err((StatusCode::BAD_REQUEST, "the body broke off")),
        None => Err((StatusCode::REQUEST_TIMEOUT, "the body took longer than limits.body_read_ms_max")),
    }
}

pub(in crate::edge) fn is_json(kind: &[u8]) -> bool {
    if kind == b"application/json" {
        return true;
    }
    let Ok(kind) = std::str::from_utf8(kind) else { return false };
    let mut parts = kind.split(';').map(str::trim);
    let json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    json && parts.all(|parameter| {
        parameter.split_once('=').is_none_or(|(name, value)| {
            !name.eq_ignore_ascii_case("charset") || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
    })
}
