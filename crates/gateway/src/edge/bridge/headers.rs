//! What a program without MCP says in headers: which request this is, who it is, and to which session it belongs. Text
//! that would go into logs and answers is bounded and plain.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};

use super::refusal::Refusal;
use crate::seals::random;

/// Names the request; it comes back in the answer.
pub(super) const REQUEST_ID: &str = "x-request-id";
/// Names the session.
pub(super) const SESSION_ID: &str = "x-session-id";
/// Names the program.
const CLIENT_ID: &str = "x-client-id";
/// Says which preferences were honoured.
pub(super) const PREFERENCE_APPLIED: &str = "preference-applied";
/// Seconds that a request may wait for the end of a job: less than what proxies take for a dead connection.
pub(super) const WAIT_S_MAX: u64 = 55;
/// Bytes of a name that a caller gives to a request or to itself: more than any UUID or host name with a version needs.
const NAME_BYTES_MAX: usize = 128;

/// The name of this request: the one that the caller gave it, or one of ours.
pub(super) fn request_id(headers: &HeaderMap) -> (String, Result<(), Refusal>) {
    let ours = || format!("{:032x}", u128::from_be_bytes(random()));
    match name(headers, REQUEST_ID) {
        Ok(Some(theirs)) => (theirs.to_owned(), Ok(())),
        Ok(None) => (ours(), Ok(())),
        Err(refusal) => (ours(), Err(refusal)),
    }
}

/// The name that the program gives itself, if it does.
pub(super) fn client_id(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    name(headers, CLIENT_ID)
}

/// The session that the caller says it belongs to, if any.
pub(super) fn session_id(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    once(headers, SESSION_ID)
}

/// That the caller would come back for the answer (`Prefer: respond-async`), and how long it waits before that (`wait=N`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Async {
    wait_s: u64,
}

/// What the caller prefers. Other preferences are not known here, and so are no mistake; neither is one that makes no sense.
pub(super) fn prefers_async(headers: &HeaderMap) -> Option<Async> {
    let values = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let preferences = values.flat_map(|value| value.split(',')).filter_map(|preference| preference.split(';').next());
    let (mut is_async, mut wait_s) = (false, None);
    for preference in preferences {
        let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
        let (name, value) = (name.trim(), value.trim().trim_matches('"'));
        is_async |= name.eq_ignore_ascii_case("respond-async");
        // of one that stands twice, the first counts
        if name.eq_ignore_ascii_case("wait") && value.bytes().all(|byte| byte.is_ascii_digit()) {
            wait_s = wait_s.or(value.parse::<u64>().ok());
        }
    }
    is_async.then(|| Async { wait_s: wait_s.unwrap_or_default().min(WAIT_S_MAX) })
}

impl Async {
    /// How long the caller waits before it comes back.
    pub(super) fn wait(self) -> Duration {
        Duration::from_secs(self.wait_s)
    }

    /// What was honoured for a call that is under way.
    pub(super) fn applied(self) -> Option<HeaderValue> {
        match self.wait_s {
            0 => value("respond-async"),
            wait => value(&format!("respond-async, wait={wait}")),
        }
    }

    /// What was honoured for a call that has ended in time.
    pub(super) fn awaited(self) -> Option<HeaderValue> {
        value(&format!("wait={}", self.wait_s))
    }
}

/// A header as text, if it is there.
fn once<'h>(headers: &'h HeaderMap, header: &str) -> Result<Option<&'h str>, Refusal> {
    let mut values = headers.get_all(header).iter();
    let Some(only) = values.next() else { return Ok(None) };
    match (only.to_str(), values.next()) {
        (Ok(text), None) => Ok(Some(text.trim())),
        _ => Err(Refusal::bad(format!("the header {header} has to stand once and be plain text"))),
    }
}

fn name<'h>(headers: &'h HeaderMap, header: &str) -> Result<Option<&'h str>, Refusal> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:/@+".contains(&byte);
    match once(headers, header)? {
        Some(text) if text.is_empty() || text.len() > NAME_BYTES_MAX || !text.bytes().all(legal) => {
            let text = format!("the header {header} takes 1 to {NAME_BYTES_MAX} letters, digits and any of ._-:/@+");
            Err(Refusal::bad(text))
        }
        other => Ok(other),
    }
}

/// A text as the value of a header; what cannot be one is left out.
pub(super) fn value(text: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_keeps_the_name_that_its_caller_gave_it() {
        let check = |given: &[&'static str], expected: Option<Option<&str>>| {
            let headers: HeaderMap =
                given.iter().map(|text| (REQUEST_ID.parse().unwrap(), HeaderValue::from_static(text))).collect();
            let (id, checked) = request_id(&headers);
            match expected {
                Some(theirs) => assert_eq!((theirs.is_none_or(|theirs| theirs == id), checked.is_ok()), (true, true)),
                None => assert!(checked.is_err() && !given.contains(&&*id), "{given:?}"),
            }
            assert!(!id.is_empty());
        };
        check(&[], Some(None));
        check(&["build/7@host.local:3"], Some(Some("build/7@host.local:3")));
        for given in [&[""][..], &["a b"], &["a\"b"], &["<script>"], &["a", "b"]] {
            check(given, None);
        }
    }

    #[test]
    fn what_the_caller_prefers_is_found_among_other_preferences() {
        let check = |given: &[&'static str], wait_s: Option<u64>| {
            let headers: HeaderMap = given
                .iter()
                .map(|text| (http::HeaderName::from_static("prefer"), HeaderValue::from_static(text)))
                .collect();
            assert_eq!(prefers_async(&headers), wait_s.map(|wait_s| Async { wait_s }), "{given:?}");
        };
        check(&["respond-async"], Some(0));
        check(&["return=minimal, Respond-Async"], Some(0));
        check(&["wait=5", "respond-async"], Some(5));
        check(&["respond-async; later=1, Wait = \"7\", wait=9"], Some(7));
        check(&["respond-async, wait=3600"], Some(WAIT_S_MAX));
        for wrong in
            ["respond-async, wait", "respond-async, wait=soon", "respond-async, wait=-1", "respond-async, wait=1.5"]
        {
            check(&[wrong], Some(0));
        }
        check(&[], None);
        check(&["wait=5"], None);
        check(&["respond-async-never", "handling=strict"], None);
    }

    #[test]
    fn a_name_is_bounded() {
        let long = "a".repeat(NAME_BYTES_MAX);
        let headers = |text: &str| HeaderMap::from_iter([(CLIENT_ID.parse().unwrap(), value(text).unwrap())]);
        assert_eq!(client_id(&headers(&long)).unwrap(), Some(&*long));
        assert!(client_id(&headers(&format!("{long}a"))).is_err());
    }
}
