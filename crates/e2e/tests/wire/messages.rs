//! Messages that are wrong in themselves: no JSON, no request, ambiguous, without end, or at odds with their headers.

use e2e::wire::{META, modern_call};

use crate::gateway::{Gateway, PATH, TOOL};

#[test]
fn a_body_that_is_no_json_is_a_parse_error() {
    let good = modern_call("1", TOOL, "{}");
    let inserted = |bytes: &[u8]| [&good.as_bytes()[..10], bytes, &good.as_bytes()[10..]].concat();
    let cases = [
        ("truncated", good.as_bytes()[..good.len() - 1].to_vec()),
        ("empty", Vec::new()),
        ("spaces", b"   ".to_vec()),
        ("invalid utf-8", inserted(b"\xff\xfe")),
        ("overlong utf-8", inserted(b"\xc0\xaf")),
        ("utf-8 byte order mark", [b"\xef\xbb\xbf", good.as_bytes()].concat()),
        ("utf-16 byte order mark", [b"\xff\xfe", good.as_bytes()].concat()),
        ("something after the message", [good.as_bytes(), b"x"].concat()),
        ("two messages", [good.as_bytes(), good.as_bytes()].concat()),
        ("not a number", modern_call("1", TOOL, r#"{"x":NaN}"#).into_bytes()),
        ("infinity", modern_call("1", TOOL, r#"{"x":Infinity}"#).into_bytes()),
        ("trailing comma", modern_call("1", TOOL, r#"{"x":1,}"#).into_bytes()),
        ("single quotes", b"{'jsonrpc':'2.0','id':1,'method':'ping'}".to_vec()),
        ("control character in a string", modern_call("1", TOOL, "{\"x\":\"\u{1}\"}").into_bytes()),
    ];
    Gateway::start().check_bodies(400, &[-32700, -32600], &cases);
}

#[test]
fn a_body_that_is_no_request_is_an_invalid_request() {
    let good = modern_call("1", TOOL, "{}");
    let case = |name, body: &str| (name, body.as_bytes().to_vec());
    let cases = [
        case("null", "null"),
        case("number", "1"),
        case("string", "\"x\""),
        case("boolean", "true"),
        case("empty array", "[]"),
        case("batch", &format!("[{good}]")),
        case("nested batch", &format!("[[{good}]]")),
        case("empty object", "{}"),
        ("jsonrpc missing", call_with("jsonrpc", "")),
        ("jsonrpc 1.0", call_with("jsonrpc", r#""1.0""#)),
        ("jsonrpc as a number", call_with("jsonrpc", "2.0")),
        ("method missing", call_with("method", "")),
        ("method as a number", call_with("method", "1")),
        ("id null", call_with("id", "null")),
        ("id as an object", call_with("id", "{}")),
        ("id as an array", call_with("id", "[1]")),
        ("id as a boolean", call_with("id", "true")),
        ("id as a fraction", call_with("id", "1.5")),
        case("an answer", r#"{"jsonrpc":"2.0","id":1,"result":{}}"#),
        case("an error", r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}"#),
        case("method in capitals", &good.replace("\"method\"", "\"METHOD\"")),
        ("params as an array", call_with("params", "[]")),
    ];
    Gateway::start().check_bodies(400, &[-32600, -32602], &cases);
}

#[test]
fn a_key_that_stands_twice_is_refused() {
    let good = modern_call("1", TOOL, "{}");
    let doubled =
        |key: &str, value: &str| good.replacen(&format!("\"{key}\":"), &format!("\"{key}\":{value},\"{key}\":"), 1);
    let cases = [
        ("method", doubled("method", "\"ping\"").into_bytes()),
        ("id", doubled("id", "2").into_bytes()),
        ("name", doubled("name", "\"other\"").into_bytes()),
        ("params", doubled("params", "{}").into_bytes()),
        ("name in another case", good.replacen("\"name\":", "\"Name\":\"other\",\"name\":", 1).into_bytes()),
        ("escaped twin", good.replacen("\"name\":", "\"n\\u0061me\":\"other\",\"name\":", 1).into_bytes()),
    ];
    Gateway::start().check_bodies(400, &[-32700, -32600, -32602], &cases);
}

#[test]
fn nesting_without_end_is_refused() {
    let nested = |depth: usize| {
        let value = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        modern_call("1", TOOL, &format!(r#"{{"x":{value}}}"#)).into_bytes()
    };
    let cases = [
        ("65 levels", nested(65)),
        ("10,000 levels", nested(10_000)),
        ("a million open brackets", vec![b'['; 1_000_000]),
    ];
    Gateway::start().check_bodies(400, &[-32700, -32600], &cases);
}

#[test]
fn an_unreadable_id_is_left_out_of_the_error() {
    let gateway = Gateway::start();
    for body in [call_with("id", "null"), b"{".to_vec(), b"[]".to_vec()] {
        let message = gateway.post_call(TOOL, &body).message();
        let message: serde_json::Value = serde_json::from_str(&message).expect("an error is JSON");
        assert_eq!(message.get("id"), None, "{message}");
    }
}

#[test]
fn headers_that_do_not_mirror_the_body_are_refused() {
    let version = "MCP-Protocol-Version: 2026-07-28";
    let method = "Mcp-Method: tools/call";
    let name = "Mcp-Name: test_simple_text";
    let cases: [(&str, &[&str]); 13] = [
        ("version missing", &[method, name]),
        ("method missing", &[version, name]),
        ("name missing", &[version, method]),
        ("version of another era", &["MCP-Protocol-Version: 2025-06-18", method, name]),
        ("another method", &[version, "Mcp-Method: tools/list", name]),
        ("method in another case", &[version, "Mcp-Method: Tools/Call", name]),
        ("another name", &[version, method, "Mcp-Name: other"]),
        ("method twice", &[version, method, "Mcp-Method: tools/list", name]),
        ("name twice", &[version, method, name, "Mcp-Name: other"]),
        ("version twice", &[version, "MCP-Protocol-Version: 2025-11-25", method, name]),
        ("encoded, another name", &[version, method, "Mcp-Name: =?base64?b3RoZXI=?="]),
        ("encoded, wrong padding", &[version, method, "Mcp-Name: =?base64?dGVzdF9zaW1wbGVfdGV4dA=?="]),
        ("encoded line break", &[version, method, "Mcp-Name: =?base64?dGVzdF9zaW1wbGVfdGV4dA0K?="]),
    ];
    let gateway = Gateway::start();
    let body = modern_call("1", TOOL, "{}");
    for (case, headers) in cases {
        let answer = gateway.post_with(headers, body.as_bytes());
        assert_eq!((answer.status, answer.code()), (400, Some(-32020)), "{case}: {}", answer.text());
        gateway.assert_undisturbed(case);
    }
}

#[test]
fn a_mirrored_name_may_come_encoded() {
    let gateway = Gateway::start();
    let headers =
        ["MCP-Protocol-Version: 2026-07-28", "Mcp-Method: tools/call", "Mcp-Name: =?base64?dGVzdF9zaW1wbGVfdGV4dA==?="];
    let answer = gateway.post_with(&headers, modern_call("1", TOOL, "{}").as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[test]
fn a_version_nobody_serves_is_answered_with_those_that_are() {
    let gateway = Gateway::start();
    let body = modern_call("1", TOOL, "{}").replace("2026-07-28", "2099-01-01");
    let headers = ["MCP-Protocol-Version: 2099-01-01", "Mcp-Method: tools/call", "Mcp-Name: test_simple_text"];
    let answer = gateway.post_with(&headers, body.as_bytes());
    assert_eq!((answer.status, answer.code()), (400, Some(-32022)), "{}", answer.text());
    let message: serde_json::Value = serde_json::from_str(&answer.message()).expect("an error is JSON");
    assert_eq!(message["error"]["data"]["requested"], "2099-01-01");
    assert_eq!(message["error"]["data"]["supported"][0], "2026-07-28", "newest first");
}

#[test]
fn an_envelope_that_is_incomplete_is_refused() {
    let cases = [
        ("no _meta", r#"{"name":"test_simple_text","arguments":{}}"#),
        ("empty _meta", r#"{"name":"test_simple_text","_meta":{}}"#),
        ("_meta as text", r#"{"name":"test_simple_text","_meta":"x"}"#),
        (
            "no capabilities",
            r#"{"name":"test_simple_text","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}"#,
        ),
        (
            "capabilities as text",
            r#"{"name":"test_simple_text","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":"x"}}"#,
        ),
    ];
    let cases: Vec<_> = cases.iter().map(|(name, params)| (*name, call_with("params", params))).collect();
    Gateway::start().check_bodies(400, &[-32602], &cases);
}

#[test]
fn a_method_nobody_knows_is_not_found() {
    let gateway = Gateway::start();
    for method in ["no/such/method", "ping", "initialize", "logging/setLevel", "resources/subscribe", "tools/call "] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":"m","method":"{method}","params":{{"_meta":{META}}}}}"#);
        let mirrored = format!("Mcp-Method: {}", method.trim_end());
        let answer = gateway.post_with(&["MCP-Protocol-Version: 2026-07-28", &mirrored], body.as_bytes());
        let expected = if method.ends_with(' ') { (400, Some(-32020)) } else { (404, Some(-32601)) };
        assert_eq!((answer.status, answer.code()), expected, "{method:?}: {}", answer.text());
    }
}

#[test]
fn an_unknown_notification_is_accepted_and_ignored() {
    let gateway = Gateway::start();
    let body = format!(r#"{{"jsonrpc":"2.0","method":"notifications/whatever","params":{{"_meta":{META}}}}}"#);
    let headers = ["MCP-Protocol-Version: 2026-07-28", "Mcp-Method: notifications/whatever"];
    let answer = gateway.post_with(&headers, body.as_bytes());
    assert_eq!((answer.status, answer.text().as_str()), (202, ""));
    gateway.assert_undisturbed("an unknown notification");
}

#[test]
fn a_cancel_over_http_is_accepted_and_cancels_nothing() {
    let gateway = Gateway::start();
    let body = format!(
        r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":"slow","_meta":{META}}}}}"#
    );
    let address = gateway.address();
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| e2e::wire::call(address, PATH, "\"slow\"", "slow", r#"{"ms":300}"#));
        for headers in [
            &["MCP-Protocol-Version: 2026-07-28"][..],
            &["MCP-Protocol-Version: 2026-07-28", "Mcp-Method: notifications/cancelled"],
        ] {
            assert_eq!(gateway.post_with(headers, body.as_bytes()).status, 202);
        }
        let wrong = gateway.post_with(&["MCP-Protocol-Version: 2026-07-28", "Mcp-Method: ping"], body.as_bytes());
        assert_eq!((wrong.status, wrong.code()), (400, Some(-32020)), "{}", wrong.text());
        assert!(slow.join().expect("a call ends").text().contains("waited 300 ms"));
    });
}

#[test]
fn a_tool_nobody_knows_is_an_invalid_parameter() {
    let gateway = Gateway::start();
    for tool in ["no_such_tool", "x"] {
        let answer = gateway.call("1", tool, "{}");
        assert_eq!((answer.status, answer.code()), (200, Some(-32602)), "{tool}: {}", answer.text());
    }
}

/// A modern call of [`TOOL`] in which the token of `field` is `value`, or is left out when that is empty.
fn call_with(field: &str, value: &str) -> Vec<u8> {
    let members = [("jsonrpc", r#""2.0""#), ("id", "1"), ("method", r#""tools/call""#)];
    let params = format!(r#"{{"name":"{TOOL}","arguments":{{}},"_meta":{META}}}"#);
    let members = members.iter().copied().chain([("params", params.as_str())]);
    let members = members.map(|(name, token)| (name, if name == field { value } else { token }));
    let members: Vec<String> =
        members.filter(|(_, token)| !token.is_empty()).map(|(name, token)| format!("\"{name}\":{token}")).collect();
    format!("{{{}}}", members.join(",")).into_bytes()
}
