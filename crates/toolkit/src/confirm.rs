//! The question before an act that cannot be undone: how it is put to a person, and how the answer is read. An answer is
//! worth exactly as much as the argument `confirm: true`, so it needs no seal.

use mcp::array;
use serde_json::{Value, json};

use crate::{
    arguments::Arguments,
    declaration::Declaration,
    failure::{Code, Failure},
};

/// The name of the question in an `input_required`.
pub(crate) const QUESTION: &str = "confirm";
/// Bytes of arguments that are shown to the person.
const SHOWN_BYTES_MAX: usize = 2_000;

/// How a caller may confirm what is not confirmed by an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consent {
    /// Nobody can be asked.
    Unreachable,
    /// A person can be asked.
    Askable,
    /// The person was asked, and agreed or not.
    Answered(bool),
}

/// The `params` of the elicitation that asks for consent.
pub(crate) fn question(declaration: &Declaration, arguments: &Arguments) -> Value {
    let shown = Value::Object(arguments.clone()).to_string();
    let shown = &shown[..shown.floor_char_boundary(SHOWN_BYTES_MAX)];
    json!({
        "mode": "form",
        "message": format!("Really run `{}` with {shown}? This cannot be undone automatically.", declaration.name),
        "requestedSchema": {
            "type": "object",
            "properties": {"confirm": {"type": "boolean", "title": "Yes, do it", "default": false}},
            "required": ["confirm"],
        },
    })
}

/// Whether an `ElicitResult` agrees.
pub(crate) fn agrees(result: &[u8]) -> bool {
    let member = |raw: &[u8], name: &str| array::member(raw, name).map(|span| raw[span.range()].to_vec());
    let accepted = member(result, "action").is_some_and(|action| action == b"\"accept\"");
    let confirmed = member(result, "content").and_then(|content| member(&content, "confirm"));
    accepted && confirmed.is_some_and(|confirm| confirm == b"true")
}

/// Whether a client with these capabilities can be asked with a form.
pub(crate) fn can_ask(capabilities: &[u8]) -> bool {
    let Some(elicitation) = array::member(capabilities, "elicitation").and_then(|span| span.of(capabilities)) else {
        return false;
    };
    array::member(elicitation, "form").is_some() || array::member(elicitation, "url").is_none()
}

/// Nobody has confirmed the act and nobody can be asked.
pub(crate) fn missing(declaration: &Declaration) -> Failure {
    let text = format!("`{}` cannot be undone automatically and was not confirmed", declaration.name);
    let failure =
        Failure::new(Code::ConfirmationRequired, text).hint("ask the user, then call again with `confirm: true`");
    Failure { field: Some("confirm".to_owned()), ..failure }
}

/// The person said no.
pub(crate) fn declined(declaration: &Declaration) -> Failure {
    Failure::new(Code::Cancelled, format!("the user does not want `{}` to run", declaration.name))
        .hint("do not call it again unless the user asks for it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_yes_agrees() {
        let check = |answer: &[u8], expected| assert_eq!(agrees(answer), expected, "{answer:?}");
        check(br#"{"action":"accept","content":{"confirm":true}}"#, true);
        check(br#"{"action":"accept","content":{"confirm":false}}"#, false);
        check(br#"{"action":"accept","content":{"confirm":"true"}}"#, false);
        check(br#"{"action":"accept"}"#, false);
        check(br#"{"action":"decline","content":{"confirm":true}}"#, false);
        check(b"{}", false);
        check(b"7", false);
    }

    #[test]
    fn a_client_is_asked_only_with_forms_that_it_declares() {
        let check = |capabilities: &[u8], expected| assert_eq!(can_ask(capabilities), expected, "{capabilities:?}");
        check(br#"{"elicitation":{}}"#, true);
        check(br#"{"elicitation":{"form":{}}}"#, true);
        check(br#"{"elicitation":{"url":{}}}"#, false);
        check(br#"{"roots":{}}"#, false);
        check(b"", false);
    }
}
