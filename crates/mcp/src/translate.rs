//! The two edge translations of answers and requests. What belongs to one era only is spliced in or out; nothing
//! else of a message is touched.

use bytes::Bytes;

use crate::{
    Envelope, Kind, Method, Splice, code,
    keys::{ErrorKey, Meta, Param, ResultKey},
    message, splice,
};

/// An answer as a modern client must see it: with `resultType`, and cache hints where they belong.
pub fn answer_for_modern(answer: &Envelope, id: &[u8], method: Method) -> Bytes {
    if answer.kind() == Kind::Error {
        error_for_modern(answer, id)
    } else {
        let mut splice = with_id(answer, id);
        let members = modern_members(answer, method);
        if answer.result_members().span.is_some() {
            splice.insert_members(answer.result_members().span, members);
        }
        splice.apply()
    }
}

/// The members that a legacy result lacks in the modern era.
fn modern_members(answer: &Envelope, method: Method) -> Vec<u8> {
    let has = |key| answer.result_members().get(key).is_some();
    let mut members: Vec<&str> = Vec::new();
    if !has(ResultKey::ResultType) {
        members.push(r#""resultType":"complete""#);
    }
    if method.cacheable() && answer.result_text(ResultKey::ResultType).is_none_or(|kind| kind == "complete") {
        if !has(ResultKey::TtlMs) {
            members.push(r#""ttlMs":0"#);
        }
        if !has(ResultKey::CacheScope) {
            members.push(r#""cacheScope":"private""#);
        }
    }
    members.join(",").into_bytes()
}

/// Codes that the modern era has retired are said in its own words.
fn error_for_modern(answer: &Envelope, id: &[u8]) -> Bytes {
    let mut splice = with_id(answer, id);
    if answer.error_code() == Some(i64::from(code::LEGACY_RESOURCE_NOT_FOUND)) {
        splice.replace_owned(
            answer.error_members().get(ErrorKey::Code).value,
            code::INVALID_PARAMS.to_string().into_bytes(),
        );
    }
    splice.apply()
}

/// An answer as a legacy client must see it: without the members that only the modern era knows.
pub fn answer_for_legacy(answer: &Envelope, id: &[u8]) -> Bytes {
    let mut splice = with_id(answer, id);
    if answer.kind() == Kind::Result {
        let doomed = [ResultKey::ResultType, ResultKey::TtlMs, ResultKey::CacheScope]
            .map(|key| answer.result_members().get(key));
        splice.remove_members(&doomed);
    }
    splice.apply()
}

/// An answer with another id and nothing else changed.
pub fn answer_unchanged(answer: &Envelope, id: &[u8]) -> Bytes {
    if answer.id_span().is_some() {
        return splice::replaced(answer.bytes(), answer.id_span(), id);
    }
    with_id(answer, id).apply()
}

fn with_id<'a>(answer: &'a Envelope, id: &'a [u8]) -> Splice<'a> {
    let mut splice = Splice::new(answer.bytes());
    if answer.id_span().is_some() {
        splice.replace(answer.id_span(), id);
    } else {
        let mut member = br#""id":"#.to_vec();
        member.extend_from_slice(id);
        let start = answer.bytes().iter().position(|byte| *byte == b'{').unwrap_or(0);
        splice.insert_members(crate::Span::new(start, answer.bytes().len()), member);
    }
    splice
}

/// What a modern request says of its client; a legacy session says it once, we say it with every request.
#[derive(Clone, Debug)]
pub struct ClientFacts {
    /// `clientCapabilities`, a raw JSON object.
    pub capabilities: Bytes,
    /// `clientInfo`, a raw JSON object; empty if unknown.
    pub info: Bytes,
    /// The level asked for with `logging/setLevel`, a raw JSON string; empty if none.
    pub log_level: Bytes,
}

/// The `_meta` members of a modern request made for a client that did not say them itself.
pub fn modern_meta(version: &str, facts: &ClientFacts) -> Vec<u8> {
    let mut out = Vec::with_capacity(192 + facts.capabilities.len() + facts.info.len());
    out.extend_from_slice(br#""io.modelcontextprotocol/protocolVersion":"#);
    message::push_string(&mut out, version);
    let mut push = |key: &[u8], value: &[u8]| {
        if !value.is_empty() {
            out.extend_from_slice(b",\"io.modelcontextprotocol/");
            out.extend_from_slice(key);
            out.extend_from_slice(b"\":");
            out.extend_from_slice(value);
        }
    };
    push(b"clientCapabilities", if facts.capabilities.is_empty() { b"{}" } else { &facts.capabilities });
    push(b"clientInfo", &facts.info);
    push(b"logLevel", &facts.log_level);
    out
}

/// Edits a legacy client's request into a modern one: its `_meta` gets what the handshake had said.
pub fn request_for_modern(splice: &mut Splice<'_>, request: &Envelope, version: &str, facts: &ClientFacts) {
    let members = modern_meta(version, facts);
    let meta = request.meta_members().span;
    // in the modern era the server decides what becomes a task
    splice.remove_members(&[request.params_members().get(Param::Task)]);
    if meta.is_some() {
        // a legacy client may say such things too, but it has said them in its handshake
        let doomed = [Meta::ProtocolVersion, Meta::ClientCapabilities, Meta::ClientInfo, Meta::LogLevel];
        splice.remove_members(&doomed.map(|key| request.meta_members().get(key)));
        splice.insert_members(meta, members);
        return;
    }
    let mut wrapped = br#""_meta":{"#.to_vec();
    wrapped.extend_from_slice(&members);
    wrapped.push(b'}');
    if request.params_members().span.is_some() {
        splice.insert_members(request.params_members().span, wrapped);
    } else {
        let mut params = br#","params":{"#.to_vec();
        params.extend_from_slice(&wrapped);
        params.push(b'}');
        let end = request.method_span().end as usize;
        splice.replace_owned(crate::Span::new(end, end), params);
    }
}

/// Edits a modern client's request into a legacy one: what only the modern era says is taken out.
pub fn request_for_legacy(splice: &mut Splice<'_>, request: &Envelope) {
    let doomed = [Meta::ProtocolVersion, Meta::ClientCapabilities, Meta::ClientInfo, Meta::LogLevel];
    splice.remove_members(&doomed.map(|key| request.meta_members().get(key)));
    // `task` makes a core task of a legacy call, which a modern client could not follow
    let foreign = [Param::RequestState, Param::InputResponses, Param::Task];
    splice.remove_members(&foreign.map(|key| request.params_members().get(key)));
}

/// The `params` of a legacy server's question as a modern client must see them: the modern era does not name URL
/// questions.
pub fn question_for_modern(question: &Envelope) -> Bytes {
    let span = question.params_members().span;
    if span.is_none() {
        return Bytes::from_static(b"{}");
    }
    let mut splice = Splice::new(question.bytes());
    splice.remove_members(&[question.params_members().get(Param::ElicitationId)]);
    splice.apply_to(span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScanLimits;

    fn parse(text: &str) -> Envelope {
        Envelope::parse(&Bytes::copy_from_slice(text.as_bytes()), ScanLimits::default()).unwrap()
    }

    fn text(bytes: &Bytes) -> &str {
        std::str::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_legacy_result_gains_what_the_modern_era_requires() {
        let list = parse(r#"{"jsonrpc":"2.0","id":7,"result":{"tools":[]}}"#);
        assert_eq!(
            text(&answer_for_modern(&list, b"\"a\"", Method::ToolsList)),
            r#"{"jsonrpc":"2.0","id":"a","result":{"resultType":"complete","ttlMs":0,"cacheScope":"private","tools":[]}}"#
        );
        let call = parse(r#"{"jsonrpc":"2.0","id":7,"result":{}}"#);
        assert_eq!(
            text(&answer_for_modern(&call, b"1", Method::ToolsCall)),
            r#"{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete"}}"#
        );
    }

    #[test]
    fn a_modern_result_loses_what_the_legacy_era_does_not_know() {
        let list = parse(
            r#"{"jsonrpc":"2.0","id":7,"result":{"resultType":"complete","x":0.10,"ttlMs":1,"cacheScope":"public"}}"#,
        );
        assert_eq!(text(&answer_for_legacy(&list, b"8")), r#"{"jsonrpc":"2.0","id":8,"result":{"x":0.10}}"#);
    }

    #[test]
    fn a_retired_error_code_is_translated() {
        let gone = parse(r#"{"jsonrpc":"2.0","id":7,"error":{"code":-32002,"message":"no","data":{"uri":"a:b"}}}"#);
        assert_eq!(
            text(&answer_for_modern(&gone, b"1", Method::ResourcesRead)),
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"no","data":{"uri":"a:b"}}}"#
        );
    }

    #[test]
    fn a_question_loses_the_name_that_only_the_legacy_era_gives_it() {
        let check = |params: &str, expected: &str| {
            let question = parse(&format!(r#"{{"jsonrpc":"2.0","id":1,"method":"elicitation/create"{params}}}"#));
            assert_eq!(text(&question_for_modern(&question)), expected);
        };
        check("", "{}");
        check(r#","params":{"message":"m"}"#, r#"{"message":"m"}"#);
        check(r#","params":{"elicitationId":"e"}"#, "{}");
        check(r#","params":{"elicitationId":"e","mode":"url","url":"u:v"}"#, r#"{"mode":"url","url":"u:v"}"#);
        check(r#","params":{"mode":"url","url":"u:v","elicitationId":"e"}"#, r#"{"mode":"url","url":"u:v"}"#);
    }

    #[test]
    fn a_core_task_is_not_asked_for_by_a_modern_client() {
        let request = parse(r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","task":{"ttl":1}}}"#);
        let mut splice = Splice::new(request.bytes());
        request_for_legacy(&mut splice, &request);
        assert_eq!(text(&splice.apply()), r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}}"#);
    }

    #[test]
    fn a_request_crosses_to_the_modern_era_and_back() {
        let facts =
            ClientFacts { capabilities: Bytes::from_static(b"{}"), info: Bytes::new(), log_level: Bytes::new() };
        for (legacy, back) in [
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"m"}"#,
                r#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"_meta":{}}}"#,
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":1}}"#,
                r#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"_meta":{},"a":1}}"#,
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"_meta":{"io.modelcontextprotocol/clientInfo":{}}}}"#,
                r#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"_meta":{}}}"#,
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"_meta":{"progressToken":3}}}"#,
                r#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"_meta":{"progressToken":3}}}"#,
            ),
        ] {
            let request = parse(legacy);
            let mut splice = Splice::new(request.bytes());
            request_for_modern(&mut splice, &request, "2026-07-28", &facts);
            let modern = Envelope::parse(&splice.apply(), ScanLimits::default()).unwrap();
            assert_eq!(modern.meta_text(Meta::ProtocolVersion), Some("2026-07-28"));
            let mut splice = Splice::new(modern.bytes());
            request_for_legacy(&mut splice, &modern);
            assert_eq!(text(&splice.apply()), back);
        }
    }
}
