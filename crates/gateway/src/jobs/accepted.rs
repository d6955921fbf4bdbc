//! What is kept of a request that becomes a job: the call, without what only a caller who waits can use.

use bytes::Bytes;
use mcp::{Envelope, Invalid, Meta, Param, Splice, code};

use crate::failure::Failure;

/// The request without the wish to be a job and the token for progress, from a client that can be asked nothing.
pub(super) fn request(request: &Envelope) -> Result<Bytes, Invalid> {
    let meta = request.meta_members();
    let mut splice = Splice::new(request.bytes());
    splice.remove_members(&[request.params_members().get(Param::Task)]);
    splice.remove_members(&[meta.get(Meta::Async), meta.get(Meta::ProgressToken)]);
    let capabilities = meta.get(Meta::ClientCapabilities);
    if capabilities.is_some() {
        splice.replace(capabilities.value, b"{}");
    }
    let kept = splice.apply();
    Envelope::parse(&kept, mcp::ScanLimits { depth_max: 128 })?;
    Ok(kept)
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
            assert_eq!(request(&parsed).unwrap(), message(expected));
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
}
