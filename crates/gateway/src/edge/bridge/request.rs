//! The request of MCP that a plain body stands for. The body is a JSON-RPC request, or its `params` alone, or nothing where
//! the method needs nothing; what the path says already need not be repeated.

use bytes::Bytes;
use mcp::{Envelope, ScanLimits, array, message};

use super::refusal::Refusal;

/// Reads a body as a request of `method`. Without an `id` in it the answer has `id_else`.
pub(super) fn read(body: &Bytes, method: &str, id_else: &str, depth_max: u32) -> Result<Envelope, Refusal> {
    let body: &[u8] = if body.trim_ascii().is_empty() { b"{}" } else { body };
    let members = array::members(body).map_err(|error| bad(&error))?;
    let value = |name: &str| {
        let mut found = members.iter().filter(|(key, _)| *key == name.as_bytes());
        let only = found.next().and_then(|(_, span)| span.of(body));
        if found.next().is_some() { Err(Refusal::bad(format!("`{name}` stands twice"))) } else { Ok(only) }
    };
    if value("jsonrpc")?.is_some_and(|version| version != br#""2.0""#) {
        return Err(Refusal::bad("`jsonrpc` is \"2.0\", or left out"));
    }
    let named = message::json_string(method);
    if value("method")?.is_some_and(|given| given != named) {
        return Err(Refusal::bad(format!("`method` is \"{method}\" at this path, or left out")));
    }
    let params = match value("params")? {
        Some(params) if !params.starts_with(b"{") => return Err(Refusal::bad("`params` is an object")),
        Some(params) => params.to_vec(),
        None => without_envelope(body, &members),
    };
    let id = value("id")?.filter(|id| *id != b"null").map_or_else(|| message::json_string(id_else), <[u8]>::to_vec);
    let request = message::request_with_id(&id, method, &params);
    Envelope::parse(&request, ScanLimits { depth_max }).map_err(|invalid| Refusal::bad(invalid.to_string()))
}

/// The members of a body that has no `params`, but for those of the envelope.
fn without_envelope(body: &[u8], members: &[(&[u8], mcp::Span)]) -> Vec<u8> {
    let mut params = vec![b'{'];
    for (key, value) in members.iter().filter(|(key, _)| !matches!(*key, b"jsonrpc" | b"id" | b"method")) {
        if params.len() > 1 {
            params.push(b',');
        }
        params.push(b'"');
        params.extend_from_slice(key);
        params.extend_from_slice(b"\":");
        params.extend_from_slice(value.of(body).unwrap_or(b"null"));
    }
    params.push(b'}');
    params
}

fn bad(error: &mcp::ScanError) -> Refusal {
    Refusal {
        status: 400,
        failure: crate::failure::Failure::Refused(mcp::code::PARSE, format!("the body is no JSON object: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &'static str, expected: Option<&str>) {
        let read = read(&Bytes::from_static(body.as_bytes()), "tools/call", "r1", 64);
        let text = read.ok().map(|request| String::from_utf8_lossy(request.bytes()).into_owned());
        assert_eq!(text.as_deref(), expected, "{body}");
    }

    #[test]
    fn what_the_path_says_need_not_be_repeated() {
        let call = r#"{"jsonrpc":"2.0","id":"r1","method":"tools/call","params":{"name":"a","arguments":{"n":1.0}}}"#;
        check(r#"{"name":"a","arguments":{"n":1.0}}"#, Some(call));
        check(r#"{"params":{"name":"a","arguments":{"n":1.0}}}"#, Some(call));
        check(r#"{"id":"r1","jsonrpc":"2.0","method":"tools/call","name":"a","arguments":{"n":1.0}}"#, Some(call));
        check(r#"{"id":7,"params":{}}"#, Some(r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{}}"#));
        check("", Some(r#"{"jsonrpc":"2.0","id":"r1","method":"tools/call","params":{}}"#));
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for body in [
            "[]",
            "{",
            "1",
            r#"{"method":"tools/list"}"#,
            r#"{"jsonrpc":"1.0"}"#,
            r#"{"params":[]}"#,
            r#"{"params":{},"params":{}}"#,
            r#"{"id":{},"params":{}}"#,
            r#"{"name":"a","name":"b"}"#,
        ] {
            check(body, None);
        }
    }
}
