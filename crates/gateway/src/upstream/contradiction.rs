//! Answers that contradict what we believe of a server's era. Such an answer decides nothing: the server is asked anew,
//! and only if it has really changed its era does it get the call again, which it refused without looking into it.

use http::StatusCode;
use mcp::{Envelope, Era, ErrorKey, Kind, code};

use crate::{
    call::{Answer, Exchange},
    failure::Failure,
};

/// What legacy servers of the common kits say to a request without a handshake.
const LEGACY_WORDS: [&str; 5] =
    ["not initialized", "session id", "expect initialize", "before initialization", "unsupported protocol version"];
/// What a modern server needs and a legacy request does not have.
const MODERN_WORDS: [&str; 2] = ["_meta", "io.modelcontextprotocol/"];

/// Whether a server that was spoken to in the words of `era` ended a call in the words of the other one.
pub(super) fn refuses_the_era(era: Era, exchange: &Exchange) -> bool {
    match exchange {
        Exchange::Done(Ok(Answer { envelope, .. })) => envelope.kind() == Kind::Error && contradicts(era, envelope),
        Exchange::Done(Err(Failure::Rejected(status))) => is_about_the_form(*status),
        Exchange::Done(Err(_)) | Exchange::Running(_) => false,
    }
}

fn contradicts(era: Era, error: &Envelope) -> bool {
    let says = |words: &[&str]| {
        let message = error.error_members().get(ErrorKey::Message).value.of(error.bytes()).unwrap_or_default();
        let message = String::from_utf8_lossy(message).to_ascii_lowercase();
        words.iter().any(|word| message.contains(word))
    };
    match (era, error.error_code().and_then(|code| i32::try_from(code).ok())) {
        (_, Some(code::UNSUPPORTED_VERSION)) | (Era::Legacy, Some(code::HEADER_MISMATCH)) => true,
        (Era::Modern, _) => says(&LEGACY_WORDS),
        (Era::Legacy, Some(code::INVALID_PARAMS)) => says(&MODERN_WORDS),
        (Era::Legacy, _) => false,
    }
}

/// Statuses with which a server turns a request away for its form, before it has read what it asks for.
fn is_about_the_form(status: u16) -> bool {
    const FORM: [StatusCode; 6] = [
        StatusCode::BAD_REQUEST,
        StatusCode::NOT_FOUND,
        StatusCode::METHOD_NOT_ALLOWED,
        StatusCode::NOT_ACCEPTABLE,
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        StatusCode::UNPROCESSABLE_ENTITY,
    ];
    FORM.iter().any(|form| form.as_u16() == status)
}

#[cfg(test)]
mod tests {
    use mcp::ScanLimits;

    use super::*;

    fn answer(body: &str) -> Exchange {
        let message = format!(r#"{{"jsonrpc":"2.0","id":1,{body}}}"#);
        let envelope = Envelope::parse(&message.into(), ScanLimits::default()).unwrap();
        Exchange::Done(Ok(Answer { envelope, era: Era::Modern }))
    }

    fn check(era: Era, code: i32, message: &str, expected: bool) {
        let exchange = answer(&format!(r#""error":{{"code":{code},"message":"{message}"}}"#));
        assert_eq!(refuses_the_era(era, &exchange), expected, "{era:?} {code} {message}");
    }

    #[test]
    fn errors_in_the_words_of_the_other_era_are_contradictions() {
        check(Era::Modern, -32000, "Bad Request: Server not initialized", true);
        check(Era::Modern, -32600, "Bad Request: Missing session ID", true);
        check(Era::Modern, -32000, "Bad Request: Unsupported protocol version", true);
        check(Era::Modern, -32022, "unsupported protocol version", true);
        check(Era::Legacy, -32022, "unsupported protocol version", true);
        check(Era::Legacy, -32020, "the header Mcp-Method is required", true);
        check(Era::Legacy, -32602, "io.modelcontextprotocol/protocolVersion is required", true);
    }

    #[test]
    fn ordinary_answers_are_none() {
        check(Era::Modern, -32602, "unknown tool: fly", false);
        check(Era::Modern, -32020, "the header Mcp-Name does not match the body", false);
        check(Era::Legacy, -32602, "unknown tool: fly", false);
        assert!(!refuses_the_era(Era::Modern, &answer(r#""result":{"content":"not initialized"}"#)));
        assert!(!refuses_the_era(Era::Modern, &Exchange::Done(Err(Failure::Lost))));
        assert!(!refuses_the_era(Era::Modern, &Exchange::Done(Err(Failure::Rejected(429)))));
    }

    #[test]
    fn a_status_about_the_form_is_a_contradiction() {
        assert!(refuses_the_era(Era::Modern, &Exchange::Done(Err(Failure::Rejected(422)))));
        assert!(refuses_the_era(Era::Legacy, &Exchange::Done(Err(Failure::Rejected(400)))));
    }
}
