//! The headers that say what became of a call on its way: where it stood in the queue, what was not granted of its wishes, and
//! when to come again. They are known before the head of the answer is written, or left out: no stream waits for them.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::pipeline::told::Told;

const QUEUE_POSITION: HeaderName = HeaderName::from_static("x-queue-position");
const ESTIMATED_WAIT: HeaderName = HeaderName::from_static("x-estimated-wait-ms");
const PRIORITY_APPLIED: HeaderName = HeaderName::from_static("x-priority-applied");
const TIMEOUT_APPLIED: HeaderName = HeaderName::from_static("x-timeout-applied");

/// What most calls are told: they have not waited.
const ZERO: HeaderValue = HeaderValue::from_static("0");

/// Writes them into the head of an answer.
pub(super) fn write(told: &Told, headers: &mut HeaderMap) {
    if let Some(place) = told.place() {
        headers.insert(QUEUE_POSITION, number(place.ahead.into()));
        if let Some(wait) = place.wait {
            headers.insert(ESTIMATED_WAIT, number(milliseconds(wait)));
        }
    }
    if let Some(class) = told.class() {
        headers.insert(PRIORITY_APPLIED, HeaderValue::from_static(class.as_str()));
    }
    if let Some(timeout) = told.timeout() {
        headers.insert(TIMEOUT_APPLIED, timeout.as_secs().into());
    }
    if let Some(after) = told.retry_after() {
        headers.insert(header::RETRY_AFTER, milliseconds(after).div_ceil(1_000).max(1).into());
    }
}

fn number(value: u64) -> HeaderValue {
    if value == 0 { ZERO } else { value.into() }
}

/// A wait in whole milliseconds.
pub(super) fn milliseconds(wait: std::time::Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)
}
