//! The answers under `/mcp/`: a JSON-RPC answer with `bridge_info` beside its result or error. Errors of the gateway carry the
//! codes that earlier gateways used as well.

use std::time::Instant;

use bytes::Bytes;
use mcp::{ErrorKey, Kind, array, code, message};
use serde_json::{Value, json};
use traffic::queue::Place;

use super::refusal::Refusal;
use crate::edge::told::milliseconds;

/// What is told beside an answer.
pub(super) struct Info<'i> {
    /// The name of the request.
    pub(super) request_id: &'i str,
    /// When it came.
    pub(super) since: Instant,
    /// Whether the answer was there already.
    pub(super) cached: bool,
    /// Where the call stood in the queue when it came; none for what went through no queue.
    pub(super) place: Option<Place>,
    /// Who gave it, where that was not the first choice: raw JSON.
    pub(super) answered_by: Option<&'i [u8]>,
    /// What a list lacks.
    pub(super) unavailable: Option<Value>,
}

impl Info<'_> {
    fn member(&self) -> String {
        let took = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut info = json!({ "request_id": self.request_id, "cached": self.cached, "execution_time_ms": took });
        if let Some(place) = self.place {
            info["queue_position"] = place.ahead.into();
            info["estimated_wait_ms"] = place.wait.map(milliseconds).into();
        }
        if let Some(by) = self.answered_by.and_then(|by| serde_json::from_slice::<Value>(by).ok()) {
            info["answered_by"] = by;
        }
        if let Some(unavailable) = &self.unavailable {
            info["unavailable"] = unavailable.clone();
        }
        format!(r#","bridge_info":{info}}}"#)
    }
}

/// A JSON-RPC answer with what is told beside it.
pub(super) fn told(answer: &[u8], info: &Info<'_>) -> Bytes {
    let answer = answer.trim_ascii_end();
    let mut out = answer.strip_suffix(b"}").unwrap_or(answer).to_vec();
    out.extend_from_slice(info.member().as_bytes());
    out.into()
}

/// A refusal as a JSON-RPC error.
pub(super) fn error(id: &[u8], refusal: &Refusal) -> Bytes {
    let failure = &refusal.failure;
    let mut data: Value = serde_json::from_slice(&failure.details()).unwrap_or_default();
    if let Some(earlier) = legacy_code(failure.code()) {
        data["legacy_code"] = earlier.into();
    }
    message::error(Some(id), failure.code(), &failure.to_string(), Some(data.to_string().as_bytes()))
}

/// The code that earlier gateways used for this one.
fn legacy_code(code: i32) -> Option<i32> {
    const EARLIER_BY: i32 = -1_000;
    matches!(code, code::UNAVAILABLE..=code::NO_SESSION).then_some(code + EARLIER_BY)
}

/// Whether an answer is one that was kept from an earlier call.
pub(super) fn is_kept(answer: &mcp::Envelope) -> bool {
    let meta = answer.meta_members().span.of(answer.bytes());
    meta.is_some_and(|meta| array::member(meta, "dev.switchboard/cached").is_some())
}

/// The HTTP status of an answer.
pub(super) fn status(answer: &mcp::Envelope) -> u16 {
    let code = (answer.kind() == Kind::Error).then(|| answer.error_code().unwrap_or_default());
    code.and_then(|code| i32::try_from(code).ok()).map_or(200, |code| code::http_status(code, true))
}

/// After how many seconds to call again, where an answer says so in milliseconds.
pub(in crate::edge) fn retry_after_s(answer: &mcp::Envelope) -> Option<u64> {
    let data = answer.error_members().get(ErrorKey::Data).value.of(answer.bytes())?;
    let told = array::member(data, "retry_after_ms")?.of(data)?;
    let milliseconds: u64 = std::str::from_utf8(told).ok()?.parse().ok()?;
    Some(milliseconds.div_ceil(1_000).max(1))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::failure::Failure;

    #[test]
    fn what_is_told_stands_beside_the_answer() {
        let place = Some(Place { ahead: 2, wait: Some(Duration::from_millis(700)) });
        let (since, unavailable) = (Instant::now(), None);
        let info = Info { request_id: "r", since, cached: true, place, answered_by: None, unavailable };
        let told = told(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"n\":1.0}}\n", &info);
        let text = String::from_utf8_lossy(&told);
        assert!(text.starts_with(r#"{"jsonrpc":"2.0","id":1,"result":{"n":1.0},"bridge_info":{"#), "{text}");
        let told: Value = serde_json::from_slice(&told).unwrap();
        let info = &told["bridge_info"];
        assert_eq!((&info["cached"], &info["request_id"]), (&json!(true), &json!("r")));
        assert_eq!((&info["queue_position"], &info["estimated_wait_ms"]), (&json!(2), &json!(700)));
    }

    #[test]
    fn errors_of_the_gateway_carry_the_earlier_codes() {
        let check = |code: i32, expected: Value| {
            let refusal = Failure::Refused(code, "no".to_owned()).into();
            let told: Value = serde_json::from_slice(&error(b"1", &refusal)).unwrap();
            assert_eq!(told["error"]["data"]["legacy_code"], expected, "{told}");
        };
        check(code::NO_SESSION, json!(-32000));
        check(code::SESSION_EXPIRED, json!(-32001));
        check(code::UNAVAILABLE, json!(-32004));
        check(code::INVALID_PARAMS, Value::Null);
        check(code::OVERLOADED, Value::Null);
    }

    #[test]
    fn seconds_to_wait_are_rounded_up() {
        let check = |data: &[u8], expected| {
            let error = message::error(Some(b"1"), code::OVERLOADED, "full", Some(data));
            let parsed = mcp::Envelope::parse(&error, mcp::ScanLimits::default()).unwrap();
            assert_eq!(retry_after_s(&parsed), expected);
        };
        check(br#"{"retry_after_ms":1}"#, Some(1));
        check(br#"{"retry_after_ms":2001}"#, Some(3));
        check(br#"{"retry_after_ms":"soon"}"#, None);
        check(b"{}", None);
    }
}
