//! What a call came to, for who knows nothing of MCP: the data, or what went wrong. Numbers and the order of fields stay as the
//! server wrote them.

use bytes::Bytes;
use mcp::{Envelope, ErrorKey, Kind, ResultKey, array, code, message};
use serde_json::{Value, json};

use crate::failure::Failure;

/// What a call came to.
#[derive(Debug, PartialEq)]
pub(super) enum Outcome {
    /// It worked; raw JSON.
    Data(Bytes),
    /// The tool or its server says that it did not.
    Failed(Failed),
}

/// What went wrong.
#[derive(Debug, PartialEq)]
pub(super) struct Failed {
    /// Its code, as in `[CODE] message`.
    code: String,
    message: String,
    /// Whatever else was told.
    told: Value,
}

impl Outcome {
    /// Reads the answer of a server.
    pub(super) fn of(answer: &Envelope) -> Self {
        if answer.kind() == Kind::Error {
            return Self::Failed(Failed::of_error(answer));
        }
        let result = answer.result().unwrap_or(b"{}");
        if answer.result_raw(ResultKey::IsError) == Some(b"true") {
            return Self::Failed(Failed::of_result(result));
        }
        let structured = array::member(result, "structuredContent").and_then(|span| span.of(result));
        Self::Data(match structured {
            Some(data) => Bytes::copy_from_slice(data),
            None => content(result),
        })
    }
}

/// The content of a result without structure: its text, or the blocks as they are where there is more than text.
fn content(result: &[u8]) -> Bytes {
    match texts(result) {
        Some(text) => message::json_string(&text).into(),
        None => {
            Bytes::copy_from_slice(array::member(result, "content").and_then(|span| span.of(result)).unwrap_or(b"[]"))
        }
    }
}

/// The text of a result whose content is nothing but text.
fn texts(result: &[u8]) -> Option<String> {
    let content = array::member(result, "content")?.of(result)?;
    let block = |span: &mcp::Span| {
        let block = span.of(content)?;
        let is_text = array::member(block, "type")?.of(block)? == b"\"text\"";
        let text = array::member(block, "text").filter(|_| is_text)?.of(block)?;
        serde_json::from_slice::<String>(text).ok()
    };
    let texts: Option<Vec<String>> = array::items(content).ok()?.iter().map(block).collect();
    texts.map(|texts| texts.join("\n"))
}

impl Failed {
    /// A failure that the gateway found.
    pub(super) fn of(failure: &Failure) -> Self {
        Self::told(serde_json::from_slice(&failure.details()).unwrap_or_default(), failure.to_string())
    }

    /// An error of the protocol that the server answered with.
    fn of_error(answer: &Envelope) -> Self {
        let is_bad_input = answer.error_code() == Some(i64::from(code::INVALID_PARAMS));
        let code = if is_bad_input { "INVALID_INPUT" } else { "UPSTREAM_ERROR" };
        let text = answer.error_members().get(ErrorKey::Message).value.of(answer.bytes());
        let text = text.and_then(|text| serde_json::from_slice(text).ok()).unwrap_or_default();
        // a gateway says more: it was a job of ours, or one stands behind this one
        let data = answer.error_members().get(ErrorKey::Data).value.of(answer.bytes());
        let told =
            data.and_then(|data| serde_json::from_slice::<Value>(data).ok()).filter(|told| told["code"].is_string());
        if let Some(told) = told {
            return Self::told(told, text);
        }
        Self { code: code.to_owned(), message: text, told: json!({}) }
    }

    /// A result that says that it is an error. Our own tools say more of it beside the text.
    fn of_result(result: &[u8]) -> Self {
        let text = texts(result).unwrap_or_else(|| "the tool failed and says nothing of it".to_owned());
        let told = || {
            let meta = array::member(result, "_meta")?.of(result)?;
            serde_json::from_slice(array::member(meta, "dev.switchboard/error")?.of(meta)?).ok()
        };
        Self::told(told().unwrap_or_default(), text)
    }

    fn told(told: Value, text: String) -> Self {
        let member = |name: &str| told[name].as_str().map(str::to_owned);
        let code = member("code").unwrap_or_else(|| "UPSTREAM_ERROR".to_owned());
        Self { code, message: member("message").unwrap_or(text), told }
    }

    /// As one line.
    pub(super) fn line(&self) -> String {
        format!("[{}] {}", self.code, self.message)
    }

    /// As an object: `{error: {code, message, …}}`.
    pub(super) fn object(&self) -> Value {
        let mut error = self.told.clone();
        if !error.is_object() {
            error = json!({});
        }
        (error["code"], error["message"]) = (self.code.as_str().into(), self.message.as_str().into());
        json!({ "error": error })
    }

    /// Whether the caller gave the wrong arguments.
    pub(super) fn is_bad_input(&self) -> bool {
        self.code == "INVALID_INPUT"
    }
}

#[cfg(test)]
mod tests {
    use mcp::ScanLimits;

    use super::*;

    fn of(answer: &str) -> Outcome {
        let message = Bytes::from(format!(r#"{{"jsonrpc":"2.0","id":1,{answer}}}"#));
        Outcome::of(&Envelope::parse(&message, ScanLimits::default()).unwrap())
    }

    #[test]
    fn data_is_the_structure_or_the_text_or_the_blocks() {
        let check = |result: &str, expected: &'static str| {
            assert_eq!(of(&format!(r#""result":{result}"#)), Outcome::Data(Bytes::from_static(expected.as_bytes())));
        };
        check(r#"{"structuredContent":{"n":1.0},"content":[]}"#, r#"{"n":1.0}"#);
        check(r#"{"content":[{"type":"text","text":"a\"b"},{"type":"text","text":"c"}]}"#, r#""a\"b\nc""#);
        let image = r#"[{"type":"image","data":"AA==","mimeType":"image/png"}]"#;
        assert_eq!(of(&format!(r#""result":{{"content":{image}}}"#)), Outcome::Data(image.into()));
        check("{}", "[]");
    }

    #[test]
    fn failures_have_a_code_and_a_message() {
        let check = |answer: &str, line: &str| match of(answer) {
            Outcome::Failed(failed) => assert_eq!(failed.line(), line),
            Outcome::Data(data) => panic!("{data:?}"),
        };
        let ours = r#""result":{"isError":true,"content":[{"type":"text","text":"[X] y\nhint: z"}],"_meta":{"dev.switchboard/error":{"code":"X","message":"y"}}}"#;
        check(ours, "[X] y");
        check(r#""result":{"isError":true,"content":[{"type":"text","text":"no disk"}]}"#, "[UPSTREAM_ERROR] no disk");
        check(r#""error":{"code":-32602,"message":"no such field"}"#, "[INVALID_INPUT] no such field");
        check(r#""error":{"code":-32603,"message":"oops"}"#, "[UPSTREAM_ERROR] oops");
    }
}
