//! From the answer of an HTTP API to the result of a call: JSON, text, images and bytes; errors as failures.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Map, json};
use toolkit::Output;

use super::Answer;
use crate::failure::Failure;
use crate::outcome;
use crate::tool::cut;

/// Letters of an error's body that the model is shown: enough to understand it, too little to drown in.
const SAID_LETTERS_MAX: usize = 4_096;

/// Time after which a refusal of the moment may have passed, where the API does not say.
const RETRY_AFTER_MS: u64 = 1_000;

/// The longest wait that is passed on; some APIs name years.
const RETRY_AFTER_MS_MAX: u64 = 3_600_000;

/// Bytes of a picture or another blob in a result; base64 makes four of every three.
const BLOB_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The result that `answer` stands for. A tool that `promises` a structure always has one.
pub(crate) fn output(answer: &Answer, promises: bool) -> Result<Output, Failure> {
    if !answer.status.is_success() {
        return Err(refusal(answer));
    }
    let mut output = content(answer)?;
    if promises {
        output.structured.get_or_insert_with(Map::new);
    }
    Ok(output)
}

fn content(answer: &Answer) -> Result<Output, Failure> {
    if answer.body.is_empty() {
        return Ok(Output::text(format!("{} answered {}", answer.asked, answer.status)));
    }
    let media = answer.media();
    let text = std::str::from_utf8(&answer.body).ok();
    if (is_json(&media) || media.is_empty())
        && let Some(output) = text.and_then(outcome::of_text)
    {
        return Ok(output);
    }
    match text {
        Some(text) if is_text(&media) => Ok(Output::text(text)),
        _ => blob(answer, &media),
    }
}

fn blob(answer: &Answer, media: &str) -> Result<Output, Failure> {
    if answer.body.len() > BLOB_BYTES_MAX {
        return Err(Failure::TooLarge { bytes_max: BLOB_BYTES_MAX });
    }
    let data = STANDARD.encode(&answer.body);
    let media = if media.is_empty() { "application/octet-stream" } else { media };
    let block = if let Some((kind @ ("image" | "audio"), _)) = media.split_once('/') {
        json!({ "type": kind, "data": data, "mimeType": media })
    } else {
        json!({ "type": "resource", "resource": { "uri": answer.url, "mimeType": media, "blob": data } })
    };
    Ok(Output { blocks: vec![block], ..Output::default() })
}

/// What an answer that is no success means.
pub(crate) fn refusal(answer: &Answer) -> Failure {
    let said = cut(&String::from_utf8_lossy(&answer.body), SAID_LETTERS_MAX);
    let mut message = format!("{} answered {}", answer.asked, answer.status);
    if answer.status.is_redirection() {
        message.push_str(" and leads elsewhere; redirects are not followed");
    }
    Failure::Refused { message, hint: hint(answer.status).to_owned(), said, retry_after_ms: retry_after_ms(answer) }
}

/// When a later try may succeed: when the API says so, else soon; never for what it refuses on principle.
fn retry_after_ms(answer: &Answer) -> Option<u64> {
    let is_passing = matches!(answer.status.as_u16(), 429 | 502..=504);
    is_passing.then(|| {
        answer.retry_after_s.map_or(RETRY_AFTER_MS, |seconds| seconds.saturating_mul(1_000)).min(RETRY_AFTER_MS_MAX)
    })
}

fn hint(status: StatusCode) -> &'static str {
    match status.as_u16() {
        300..=399 => "configure the address that the api really has as `base_url`",
        400 | 422 => "compare the arguments with the tool's description and what the api said",
        401 | 403 => "the operator has to check `auth` or `headers` of this server",
        404 | 410 => "check the id or name: the api does not know it",
        405 | 406 | 415 => "the api is not as its description says; the operator has to check it",
        409 | 412 => "the target has changed: read it again, then decide",
        413 => "send less",
        429 => "wait before calling again",
        400..=499 => "the api refused the call; see what it said",
        _ => "the api has a problem of its own; try later",
    }
}

fn is_json(media: &str) -> bool {
    media == "application/json" || media.ends_with("+json") || media == "text/json"
}

fn is_text(media: &str) -> bool {
    const TEXTS: [&str; 6] = ["xml", "yaml", "javascript", "x-www-form-urlencoded", "graphql", "json"];
    media.is_empty() || media.starts_with("text/") || TEXTS.iter().any(|text| media.ends_with(text))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn answer(status: u16, media: &str, body: impl Into<Bytes>) -> Answer {
        Answer {
            asked: "GET /pets/7".to_owned(),
            url: "https://api.example.org/pets/7".to_owned(),
            status: StatusCode::from_u16(status).expect("the status exists"),
            content_type: media.to_owned(),
            retry_after_s: None,
            body: body.into(),
        }
    }

    fn first_block(status: u16, media: &str, body: &'static [u8]) -> serde_json::Value {
        let output = output(&answer(status, media, body), false).expect("the answer is a success");
        let text = output.text.map(|text| json!({ "type": "text", "text": text }));
        text.or(output.blocks.first().cloned()).expect("a result has a block")
    }

    #[test]
    fn answers_become_blocks_of_their_kind() {
        for (media, body, kind) in [
            ("application/json; charset=utf-8", &b"{\"id\":7}"[..], "text"),
            ("text/csv", b"a,b", "text"),
            ("application/xml", b"<a/>", "text"),
            ("image/png", b"\x89PNG\xff", "image"),
            ("audio/wav", b"RIFF\xff", "audio"),
            ("application/pdf", b"%PDF\xff", "resource"),
            ("text/plain", b"\xff\xfe", "resource"),
            ("", b"plain", "text"),
        ] {
            assert_eq!(first_block(200, media, body)["type"], kind, "{media}");
        }
    }

    #[test]
    fn empty_answer_says_its_status() {
        assert_eq!(first_block(204, "", b"")["text"], "GET /pets/7 answered 204 No Content");
    }

    #[test]
    fn tool_that_promises_a_structure_has_one_even_without_json() {
        let output = output(&answer(204, "", ""), true).expect("the answer is a success");
        assert_eq!(output.structured, Some(Map::new()));
    }

    #[test]
    fn error_says_what_the_api_said_but_not_endlessly() {
        let failure = output(&answer(404, "text/plain", "x".repeat(10_000)), false).expect_err("404 is an error");
        assert_eq!(failure.to_string(), "GET /pets/7 answered 404 Not Found");
        assert_eq!(failure.code(), toolkit::Code::UpstreamError);
        let Failure::Refused { said, retry_after_ms, .. } = failure else { panic!("the api refused") };
        assert_eq!((said.chars().count(), retry_after_ms), (SAID_LETTERS_MAX + 1, None));
    }

    #[test]
    fn redirect_is_told_and_not_followed() {
        let failure = output(&answer(302, "", ""), false).expect_err("302 is no success");
        assert!(failure.to_string().ends_with("redirects are not followed"), "{failure}");
    }

    #[test]
    fn api_that_is_busy_may_be_asked_again() {
        let wait = |status, retry_after_s| {
            let failure = refusal(&Answer { retry_after_s, ..answer(status, "", "") });
            let Failure::Refused { retry_after_ms, .. } = failure else { panic!("the api refused") };
            retry_after_ms
        };
        assert_eq!(wait(429, Some(7)), Some(7_000));
        assert_eq!(wait(503, None), Some(RETRY_AFTER_MS));
        assert_eq!(wait(429, Some(1_000_000_000)), Some(RETRY_AFTER_MS_MAX));
        assert_eq!(wait(500, Some(7)), None);
    }
}
