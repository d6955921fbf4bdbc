//! What a program without MCP says in headers: which request this is, who it is, and to which session it belongs. Text
//! that would go into logs and answers is bounded and plain.

use http::{HeaderMap, HeaderValue};

use super::refusal::Refusal;
use crate::seals::random;

/// Names the request; it comes back in the answer.
pub(super) const REQUEST_ID: &str = "x-request-id";
/// Names the session.
pub(super) const SESSION_ID: &str = "x-session-id";
/// Names the program.
const CLIENT_ID: &str = "x-client-id";
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

/// Whether the caller wants to come back for the answer (`Prefer: respond-async`). Other preferences are not known here,
/// and so are no mistake.
pub(super) fn prefers_async(headers: &HeaderMap) -> bool {
    let values = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let names = values.flat_map(|value| value.split(',')).filter_map(|preference| preference.split(';').next());
    names.map(str::trim).any(|name| name.eq_ignore_ascii_case("respond-async"))
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
    fn one_preference_of_several_is_known() {
        let check = |given: &[&'static str], expected| {
            let headers: HeaderMap = given
                .iter()
                .map(|text| (http::HeaderName::from_static("prefer"), HeaderValue::from_static(text)))
                .collect();
            assert_eq!(prefers_async(&headers), expected, "{given:?}");
        };
        check(&["respond-async"], true);
        check(&["return=minimal, Respond-Async"], true);
        check(&["wait=5", "respond-async"], true);
        check(&["respond-async; later=1"], true);
        check(&[], false);
        check(&["respond-async-never", "handling=strict"], false);
    }

    #[test]
    fn a_name_is_bounded() {
        let long = "a".repeat(NAME_BYTES_MAX);
        let headers = |text: &str| HeaderMap::from_iter([(CLIENT_ID.parse().unwrap(), value(text).unwrap())]);
        assert_eq!(client_id(&headers(&long)).unwrap(), Some(&*long));
        assert!(client_id(&headers(&format!("{long}a"))).is_err());
    }
}
