//! Bytes on the wire: input of every wrong kind meets the answer that the reference names and disturbs nobody, and
//! what is right passes the gateway byte for byte.

use std::io::BufReader;

use e2e::fixture::{Era, Fixture};
use e2e::wire::{self, Answer, META, exchange, modern_call, modern_call_headers, post};
use e2e::{Node, fixture};

/// A gateway in front of one fixture, and the ways to speak to it.
struct Gateway {
    node: Node,
    _fixture: Fixture,
}

const PATH: &str = "/servers/fixture/mcp";
const TOOL: &str = "test_simple_text";

impl Gateway {
    fn start() -> Self {
        Self::with("")
    }

    fn with(configuration: &str) -> Self {
        let fixture = Fixture::start(Era::Dual);
        let node = Node::start(&format!("{configuration}\n{}", fixture.configured("fixture")));
        Self { node, _fixture: fixture }
    }

    /// Sends `bytes` as they are.
    fn raw(&self, bytes: impl AsRef<[u8]>) -> Answer {
        exchange(self.node.address(), bytes.as_ref())
    }

    /// Posts `body` with `headers` instead of the ones that mirror it.
    fn post_with(&self, headers: &[&str], body: &[u8]) -> Answer {
        self.raw(post(self.node.address(), PATH, headers, body))
    }

    /// Posts `body` with the headers of a modern call of [`TOOL`].
    fn post(&self, body: impl AsRef<[u8]>) -> Answer {
        let headers = modern_call_headers(TOOL);
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        self.post_with(&headers, body.as_ref())
    }

    /// Calls `tool` as a modern client does.
    fn call(&self, id: &str, tool: &str, arguments: &str) -> Answer {
        let headers = modern_call_headers(tool);
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        self.post_with(&headers, modern_call(id, tool, arguments).as_bytes())
    }

    /// Whether an ordinary call still works.
    fn assert_undisturbed(&mut self, after: &str) {
        assert!(self.node.is_alive(), "the gateway died of {after}");
        let answer = self.call("1", TOOL, "{}");
        assert!(answer.text().contains("simple text response"), "after {after}: {answer:?}");
    }

    /// Posts every case's body and asserts status and error code.
    fn check_bodies(&mut self, status: u16, codes: &[i64], cases: &[(&str, Vec<u8>)]) {
        for (name, body) in cases {
            let answer = self.post(body);
            assert_eq!(answer.status, status, "{name}: {}", answer.text());
            assert!(answer.code().is_some_and(|code| codes.contains(&code)), "{name}: {}", answer.text());
            self.assert_undisturbed(name);
        }
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
        let message = gateway.post(&body).message();
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
    let mut gateway = Gateway::start();
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
    let mut gateway = Gateway::start();
    let body = format!(r#"{{"jsonrpc":"2.0","method":"notifications/whatever","params":{{"_meta":{META}}}}}"#);
    let headers = ["MCP-Protocol-Version: 2026-07-28", "Mcp-Method: notifications/whatever"];
    let answer = gateway.post_with(&headers, body.as_bytes());
    assert_eq!((answer.status, answer.text().as_str()), (202, ""));
    gateway.assert_undisturbed("an unknown notification");
}

#[test]
fn a_tool_nobody_knows_is_an_invalid_parameter() {
    let gateway = Gateway::start();
    for tool in ["no_such_tool", "x"] {
        let answer = gateway.call("1", tool, "{}");
        assert_eq!((answer.status, answer.code()), (200, Some(-32602)), "{tool}: {}", answer.text());
    }
}

#[test]
fn ids_come_back_as_the_same_token() {
    let gateway = Gateway::start();
    let long = format!("\"{}\"", "i".repeat(10_000));
    for id in ["0", "-7", "9007199254740993", "18446744073709551615", "\"\"", "\"x\"", "\"\\u00e9 \\n\"", &long] {
        let message = gateway.call(id, TOOL, "{}").message();
        assert!(message.contains(&format!("\"id\":{id}")), "{id} came back in {message}");
    }
}

#[test]
fn numbers_keys_and_unknown_members_pass_byte_for_byte() {
    let http = Gateway::start();
    let stdio = Node::start(&fixture::configured_over_stdio("fixture", Era::Dual));
    for address in [http.node.address(), stdio.address()] {
        for arguments in [
            r#"{"z":1,"a":2,"m":{"y":[],"b":{}}}"#,
            r#"{"x":0.1,"y":1e2,"w":1.0,"v":-0,"u":1E+2,"t":18446744073709551615,"s":12345678901234567890123}"#,
            r#"{"text":"\u00e9 \/ é \ud83d\ude00 😀","empty":"","null":null}"#,
            r#"{ "spaces" : [ 1 , 2 ] }"#,
        ] {
            let headers = modern_call_headers("echo");
            let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
            let request = post(address, PATH, &headers, modern_call("1", "echo", arguments).as_bytes());
            let message = exchange(address, &request).message();
            assert!(message.contains(arguments), "{arguments} came back in {message}");
        }
    }
}

#[test]
fn framing_that_can_be_read_two_ways_is_refused() {
    let body = modern_call("1", TOOL, "{}");
    let length = body.len();
    let chunked = format!("{length:x}\r\n{body}\r\n0\r\n\r\n");
    let cases = [
        ("length and chunks", format!("Content-Length: {length}\r\nTransfer-Encoding: chunked"), &chunked),
        ("two lengths", format!("Content-Length: {length}\r\nContent-Length: {}", length + 1), &body),
        ("unknown encoding", "Transfer-Encoding: xchunked".to_owned(), &chunked),
        ("chunked is not last", "Transfer-Encoding: chunked, identity".to_owned(), &chunked),
        ("encoding with a vertical tab", "Transfer-Encoding: \u{b}chunked".to_owned(), &chunked),
        ("length with a plus", format!("Content-Length: +{length}"), &body),
        ("length in hexadecimal", format!("Content-Length: 0x{length:x}"), &body),
        ("length in two words", "Content-Length: 5 5".to_owned(), &body),
        ("folded header", format!("X-Folded: a\r\n b\r\nContent-Length: {length}"), &body),
        ("space before the colon", format!("Content-Length : {length}"), &body),
        ("header without a colon", format!("Nonsense\r\nContent-Length: {length}"), &body),
        ("header name with a space", format!("X Y: z\r\nContent-Length: {length}"), &body),
    ];
    let mut gateway = Gateway::start();
    for (name, framing, body) in cases {
        let answer = gateway.raw(framed(gateway.node.address(), &framing, body));
        assert_eq!(answer.status, 400, "{name}: {}", answer.text());
        gateway.assert_undisturbed(name);
    }
}

/// A request whose length is told by `framing`, with the headers of a modern call.
fn framed(address: &str, framing: &str, body: &str) -> String {
    let mirrored = modern_call_headers(TOOL).join("\r\n");
    format!(
        "POST {PATH} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\n{mirrored}\r\n{framing}\r\n\r\n{body}"
    )
}

#[test]
fn a_chunk_whose_size_overflows_is_refused() {
    let mut gateway = Gateway::start();
    for size in ["FFFFFFFFFFFFFFFF0", "-1", "xyz", "0x5"] {
        let body = format!("{size}\r\nhello\r\n0\r\n\r\n");
        let answer = gateway.raw(framed(gateway.node.address(), "Transfer-Encoding: chunked", &body));
        assert!(answer.status == 400 || answer.status == 0, "{size}: {answer:?}");
        gateway.assert_undisturbed(size);
    }
}

#[test]
fn headers_without_end_are_refused() {
    let mut gateway = Gateway::start();
    let many = "X-Header: x\r\n".repeat(500);
    let cases = [
        ("request line", format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "a".repeat(64 * 1024))),
        ("number of headers", format!("GET {PATH} HTTP/1.1\r\nHost: localhost\r\n{many}\r\n")),
        ("one header", format!("GET {PATH} HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "a".repeat(1024 * 1024))),
    ];
    for (name, request) in cases {
        let answer = gateway.raw(request);
        assert!(matches!(answer.status, 414 | 431 | 0), "{name}: {answer:?}");
        gateway.assert_undisturbed(name);
    }
}

#[test]
fn a_body_over_the_limit_is_too_large() {
    let mut gateway = Gateway::with("[limits]\nbody_bytes_max = 65536\n");
    let body = modern_call("1", TOOL, &format!(r#"{{"x":"{}"}}"#, "a".repeat(70_000)));
    let told = format!("Content-Length: {}", body.len());
    let chunks = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    for (name, framing, body) in [
        ("told length", told.as_str(), body.as_str()),
        ("chunks", "Transfer-Encoding: chunked", chunks.as_str()),
        ("told length only", "Content-Length: 999999999999", ""),
    ] {
        let answer = gateway.raw(framed(gateway.node.address(), framing, body));
        assert_eq!(answer.status, 413, "{name}: {answer:?}");
        gateway.assert_undisturbed(name);
    }
}

#[test]
fn a_foreign_host_is_refused() {
    let mut gateway = Gateway::start();
    let body = modern_call("1", TOOL, "{}");
    let own = format!("Host: {}\r\n", gateway.node.address());
    let hosts = [
        "",
        "Host: evil.com\r\n",
        "Host: localhost.evil.com\r\n",
        "Host: 127.0.0.1:80@evil\r\n",
        "Host: x/health?x=\r\n",
        "Host: x#\r\n",
        "Host: 127.0.0.1.evil.com\r\n",
    ];
    let twice = format!("{own}Host: evil.com\r\n");
    for host in hosts.into_iter().chain([twice.as_str()]) {
        let request = framed(gateway.node.address(), &format!("Content-Length: {}", body.len()), &body);
        let answer = gateway.raw(request.replacen(&own, host, 1));
        assert!(matches!(answer.status, 400 | 403 | 421), "{host:?}: {answer:?}");
        gateway.assert_undisturbed(host);
    }
}

#[test]
fn a_foreign_origin_is_refused() {
    let gateway = Gateway::start();
    let body = modern_call("1", TOOL, "{}");
    for origin in ["null", "http://evil", "https://localhost.evil", "http://127.0.0.1.evil.com", "file://", "x"] {
        let mut headers = modern_call_headers(TOOL);
        headers.push(format!("Origin: {origin}"));
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        let answer = gateway.post_with(&headers, body.as_bytes());
        assert_eq!(answer.status, 403, "{origin}: {}", answer.text());
        assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
    }
}

#[test]
fn only_the_verbs_of_the_endpoint_are_allowed() {
    let gateway = Gateway::start();
    for verb in ["GET", "DELETE", "PUT", "PATCH", "TRACE", "HEAD"] {
        let request =
            format!("{verb} {PATH} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", gateway.node.address());
        let answer = gateway.raw(request);
        assert_eq!(answer.status, 405, "{verb}: {answer:?}");
        assert_eq!(answer.header("access-control-allow-origin"), None, "{verb}");
    }
}

#[test]
fn a_body_of_another_kind_is_unsupported() {
    let gateway = Gateway::start();
    let body = modern_call("1", TOOL, "{}");
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", "application/json; charset=utf-7"]
    {
        let framing = format!("Content-Length: {}", body.len());
        let request = framed(gateway.node.address(), &framing, &body);
        let answer = gateway.raw(request.replacen("application/json\r\n", &format!("{kind}\r\n"), 1));
        assert_eq!(answer.status, 415, "{kind}: {answer:?}");
    }
}

#[test]
fn a_path_nobody_serves_is_not_found() {
    let gateway = Gateway::start();
    for path in
        ["/%2e%2e/admin", "//admin", "/mcp%2fadmin", "/admin;x", "/ADMIN", "/servers/nobody/mcp", "/servers//mcp"]
    {
        let body = modern_call("1", TOOL, "{}");
        let request = post(gateway.node.address(), path, &["Connection: close"], body.as_bytes());
        let answer = gateway.raw(request);
        assert!(matches!(answer.status, 400 | 404), "{path}: {answer:?}");
    }
}

#[test]
fn an_upgrade_to_something_unknown_makes_no_tunnel() {
    let gateway = Gateway::start();
    let body = modern_call("1", TOOL, "{}");
    let upgrade = format!("Connection: Upgrade\r\nUpgrade: foo\r\nContent-Length: {}", body.len());
    let first = framed(gateway.node.address(), &upgrade, &body);
    let second = framed(gateway.node.address(), &format!("Content-Length: {}", body.len()), &body);
    let mut connection = wire::connect(gateway.node.address());
    wire::send(&mut connection, format!("{first}{second}").as_bytes());
    let mut answers = BufReader::new(connection);
    for _ in 0..2 {
        let answer = wire::read_answer(&mut answers);
        assert_ne!(answer.status, 101);
        assert!(answer.status == 0 || answer.status == 200 || answer.status == 400, "{answer:?}");
    }
}

#[test]
fn pipelined_requests_are_answered_in_their_order() {
    let gateway = Gateway::start();
    let mut connection = wire::connect(gateway.node.address());
    let headers = modern_call_headers(TOOL);
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let requests: Vec<u8> = (0..100)
        .flat_map(|id| {
            post(gateway.node.address(), PATH, &headers, modern_call(&id.to_string(), TOOL, "{}").as_bytes())
        })
        .collect();
    wire::send(&mut connection, &requests);
    let mut answers = BufReader::new(connection);
    for id in 0..100 {
        let message = wire::read_answer(&mut answers).message();
        assert!(message.contains(&format!("\"id\":{id},")), "answer {id} is {message}");
    }
}

#[test]
fn a_header_of_a_proxy_does_not_change_who_is_asked() {
    let gateway = Gateway::start();
    for header in [
        "X-Forwarded-Host: evil.com",
        "X-Original-URL: /admin",
        "Forwarded: host=evil.com",
        "X-HTTP-Method-Override: DELETE",
    ] {
        let mut headers = modern_call_headers(TOOL);
        headers.push(header.to_owned());
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        let answer = gateway.post_with(&headers, modern_call("1", TOOL, "{}").as_bytes());
        assert_eq!(answer.status, 200, "{header}: {}", answer.text());
    }
}
