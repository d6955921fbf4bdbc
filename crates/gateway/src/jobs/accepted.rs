//! What is kept of a request that becomes a job: the call, without what only a caller who waits can use.

use bytes::Bytes;
use mcp::{Envelope, Invalid, Meta, Param, Splice, code};
use serde_json::{Value, json};

use crate::{failure::Failure, pipeline::wishes::Wishes};

/// The request without the wish to be a job and the token for progress, from a client that can be asked nothing. What the
/// headers around it wished stands in it from now on.
pub(super) fn request(request: &Envelope, wishes: &Wishes) -> Result<Bytes, Invalid> {
    let meta = request.meta_members();
    let added = members(request, wishes);
    let mut splice = Splice::new(request.bytes());
    splice.remove_members(&[request.params_members().get(Param::Task)]);
    splice.remove_members(&[meta.get(Meta::Async), meta.get(Meta::ProgressToken)]);
    let capabilities = meta.get(Meta::ClientCapabilities);
    if capabilities.is_some() {
        splice.replace(capabilities.value, b"{}");
    }
    if meta.span.is_some() && !added.is_empty() {
        splice.insert_members(meta.span, added.into_bytes());
    } else if !added.is_empty() {
        splice.insert_members(request.params_members().span, format!(r#""_meta":{{{added}}}"#).into_bytes());
    }
    let kept = splice.apply();
    Envelope::parse(&kept, mcp::ScanLimits { depth_max: 128 })?;
    Ok(kept)
}

/// The wishes of headers as members of `_meta`, but for those that the message itself says otherwise.
fn members(request: &Envelope, wishes: &Wishes) -> String {
    let meta = request.meta_members();
    let all = [
        (Meta::Priority, "priority", wishes.class.map(|class| json!(class.as_str()))),
        (Meta::TimeoutS, "timeout_s", wishes.timeout.map(|timeout| json!(timeout.as_secs()))),
        (Meta::IdempotencyKey, "idempotency_key", wishes.idempotency_key.as_ref().map(|key| json!(key))),
    ];
    let unsaid = all.into_iter().filter(|(key, ..)| !meta.get(*key).is_some());
    let member =
        |(_, name, value): (Meta, &str, Option<Value>)| Some(format!(r#""dev.switchboard/{name}":{}"#, value?));
    unsaid.filter_map(member).collect::<Vec<_>>().join(",")
}

/// The tool that a request names.
pub(super) fn tool(request: &Envelope) -> String {
    let token = request.param_raw(Param::Name).unwrap_or(b"\"\"");
    serde_json::from_slice(token).unwrap_or_default()
}

/// A request that cannot be kept.
pub(super) fn invalid(wrong: &Invalid) -> Failure {
    Failure::Refused(code::INVALID_PARAMS, wrong.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_call_is_kept_as_it_came_but_for_what_needs_a_caller() {
        let check = |params: &str, expected: &str| {
            let message =
                |params: &str| format!(r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{{params}}}}}"#);
            let parsed = Envelope::parse(&message(params).into(), mcp::ScanLimits::default()).unwrap();
            assert_eq!(request(&parsed, &Wishes::default()).unwrap(), message(expected));
            assert_eq!(tool(&parsed), "a");
        };
        check(r#""name":"a","arguments":{"n":1.0}"#, r#""name":"a","arguments":{"n":1.0}"#);
        check(r#""name":"a","task":{"ttl":5},"arguments":{}"#, r#""name":"a","arguments":{}"#);
        check(
            r#""name":"a","_meta":{"progressToken":1,"x":2,"dev.switchboard/async":true}"#,
            r#""name":"a","_meta":{"x":2}"#,
        );
        check(
            r#""_meta":{"io.modelcontextprotocol/clientCapabilities":{"sampling":{}}},"name":"a""#,
            r#""_meta":{"io.modelcontextprotocol/clientCapabilities":{}},"name":"a""#,
        );
    }

    #[test]
    fn what_the_headers_wished_stands_in_the_request_unless_it_says_otherwise() {
        let wishes = Wishes {
            class: Some(traffic::Class::Low),
            timeout: Some(std::time::Duration::from_secs(7)),
            idempotency_key: Some("k\"1".into()),
            ..Wishes::default()
        };
        let check = |params: &str, expected: &str| {
            let message =
                |params: &str| format!(r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{{params}}}}}"#);
            let parsed = Envelope::parse(&message(params).into(), mcp::ScanLimits::default()).unwrap();
            assert_eq!(request(&parsed, &wishes).unwrap(), message(expected));
        };
        let added = r#""dev.switchboard/priority":"LOW","dev.switchboard/timeout_s":7"#;
        let key = r#""dev.switchboard/idempotency_key":"k\"1""#;
        check(r#""name":"a""#, &format!(r#""_meta":{{{added},{key}}},"name":"a""#));
        check(
            r#""name":"a","_meta":{"dev.switchboard/idempotency_key":"mine"}"#,
            &format!(r#""name":"a","_meta":{{{added},"dev.switchboard/idempotency_key":"mine"}}"#),
        );
    }
}
