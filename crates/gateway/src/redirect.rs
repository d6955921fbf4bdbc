//! `switchboard_call_tool`: a call that names the tool it wants in its arguments becomes a call of that tool before it is
//! routed, so that it takes the same way as any other: same route, same questions, same progress, same result.

use mcp::{Envelope, Param, ScanLimits, Span, Splice, array, code};

use crate::failure::Failure;

/// What the tool is called at its server.
pub const CALL_TOOL: &str = "call_tool";

/// The call that a call of [`CALL_TOOL`] asks for.
pub fn unwrap(request: &Envelope) -> Result<Envelope, Failure> {
    let outer = request.param(Param::Arguments);
    let raw = outer.of(request.bytes()).ok_or_else(|| invalid("`name` is missing: say which tool to call"))?;
    let members = array::members(raw).map_err(|_| invalid("`arguments` must be an object"))?;
    let (mut name, mut arguments): (&[u8], &[u8]) = (b"", b"{}");
    for (key, span) in members {
        let value = span.of(raw).unwrap_or_default();
        match key {
            b"name" => name = value,
            b"arguments" if value != b"null" => arguments = value,
            b"arguments" => {}
            _ => {
                let text = format!("`{}` is not an argument of `{CALL_TOOL}`", String::from_utf8_lossy(key));
                return Err(invalid(&format!("{text}: put the tool's own arguments into `arguments`")));
            }
        }
    }
    if !name.starts_with(b"\"") {
        return Err(invalid("`name` must be the name of a tool"));
    }
    if !arguments.starts_with(b"{") {
        return Err(invalid("`arguments` must be an object"));
    }
    apply(request, outer, name, arguments)
}

fn apply(request: &Envelope, outer: Span, name: &[u8], arguments: &[u8]) -> Result<Envelope, Failure> {
    let mut splice = Splice::new(request.bytes());
    splice.replace(request.param(Param::Name), name).replace(outer, arguments);
    let bytes = splice.apply();
    Envelope::parse(&bytes, ScanLimits { depth_max: 128 }).map_err(|problem| invalid(&problem.to_string()))
}

fn invalid(text: &str) -> Failure {
    Failure::Refused(code::INVALID_PARAMS, text.to_owned())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn redirected(arguments: &str) -> Result<String, String> {
        let text = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"switchboard_call_tool","arguments":{arguments},"_meta":{{"progressToken":7}}}}}}"#
        );
        let request = Envelope::parse(&Bytes::from(text), ScanLimits::default()).unwrap();
        unwrap(&request)
            .map(|call| String::from_utf8_lossy(call.params().unwrap_or_default()).into_owned())
            .map_err(|failure| failure.to_string())
    }

    #[test]
    fn the_inner_call_stands_in_the_place_of_the_outer() {
        let check = |arguments, expected: &str| {
            assert_eq!(redirected(arguments).unwrap(), format!(r#"{{{expected},"_meta":{{"progressToken":7}}}}"#));
        };
        check(r#"{"name":"git_log","arguments":{"n":1.0}}"#, r#""name":"git_log","arguments":{"n":1.0}"#);
        check(r#"{"arguments":{},"name":"git_log"}"#, r#""name":"git_log","arguments":{}"#);
        check(r#"{"name":"git_log"}"#, r#""name":"git_log","arguments":{}"#);
        check(r#"{"name":"git_log","arguments":null}"#, r#""name":"git_log","arguments":{}"#);
    }

    #[test]
    fn what_names_no_call_is_refused() {
        let check = |arguments, part: &str| {
            let refusal = redirected(arguments).unwrap_err();
            assert!(refusal.contains(part), "{refusal}");
        };
        check("{}", "name of a tool");
        check("[]", "must be an object");
        check(r#"{"name":7}"#, "name of a tool");
        check(r#"{"name":"a","arguments":[]}"#, "must be an object");
        check(r#"{"name":"a","repo":"x"}"#, "`repo` is not an argument");
    }
}
