//! HTTP that is wrong in itself: framing with two readings, headers and bodies without end, foreign hosts and origins.

use std::io::BufReader;

use e2e::fixture::Era;
use e2e::wire::{self, modern_call, modern_call_headers, post};

use crate::gateway::{Gateway, PATH, TOOL};

#[test]
fn framing_that_can_be_read_two_ways_is_refused() {
    let body = modern_call("1", TOOL, "{}");
    let length = body.len();
    let chunked = format!("{length:x}\r\n{body}\r\n0\r\n\r\n");
    let cases = [
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
        ("length and encoding", format!("Content-Length: {length}\r\nTransfer-Encoding: chunked"), &body),
        ("encoding and length", format!("Transfer-Encoding: chunked\r\nContent-Length: {length}"), &chunked),
        ("the same length twice", format!("Content-Length: {length}\r\nContent-Length: {length}"), &body),
        ("the same encoding twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked".to_owned(), &chunked),
        ("two encodings", "Transfer-Encoding: gzip, chunked".to_owned(), &chunked),
        ("two lengths in one", format!("Content-Length: {length}, {length}"), &body),
        ("bare line feed", format!("X: y\nContent-Length: {length}"), &body),
        ("header name with a space", format!("X Y: z\r\nContent-Length: {length}"), &body),
    ];
    let gateway = Gateway::start();
    for (name, framing, body) in cases {
        let answer = gateway.raw(framed(gateway.address(), &framing, body));
        assert_eq!(answer.status, 400, "{name}: {}", answer.text());
        gateway.assert_undisturbed(name);
    }
    gateway.assert_nothing_else_arrived();
}

#[test]
fn what_follows_a_request_with_two_lengths_is_not_read() {
    let gateway = Gateway::start();
    let body = modern_call("1", TOOL, "{}");
    let twice = format!("Content-Length: {}\r\nTransfer-Encoding: chunked", body.len());
    let good = framed(gateway.address(), &format!("Content-Length: {}", body.len()), &body);
    let requests = format!("{good}{}{good}", framed(gateway.address(), &twice, "0\r\n\r\n"));
    let mut answers = BufReader::new(started(&gateway, &requests));
    let statuses: Vec<u16> = std::iter::repeat_with(|| wire::read_answer(&mut answers).status).take(3).collect();
    assert_eq!(statuses, [200, 400, 0]);
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
    let gateway = Gateway::start();
    for size in ["FFFFFFFFFFFFFFFF0", "-1", "xyz", "0x5"] {
        let body = format!("{size}\r\nhello\r\n0\r\n\r\n");
        let answer = gateway.raw(framed(gateway.address(), "Transfer-Encoding: chunked", &body));
        assert!(answer.status == 400 || answer.status == 0, "{size}: {answer:?}");
        gateway.assert_undisturbed(size);
    }
}

#[test]
fn headers_without_end_are_refused() {
    let gateway = Gateway::start();
    let many = "X-Header: x\r\n".repeat(500);
    let cases = [
        ("request line", format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "a".repeat(64 * 1024))),
        ("number of headers", format!("GET {PATH} HTTP/1.1\r\nHost: localhost\r\n{many}\r\n")),
        (
            "just over the limit",
            format!("GET {PATH} HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "a".repeat(32 * 1024)),
        ),
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
    let gateway = Gateway::with(Era::Dual, "[limits]\nbody_bytes_max = 65536\n");
    let body = modern_call("1", TOOL, &format!(r#"{{"x":"{}"}}"#, "a".repeat(70_000)));
    let told = format!("Content-Length: {}", body.len());
    let chunks = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    for (name, framing, body) in [
        ("told length", told.as_str(), body.as_str()),
        ("chunks", "Transfer-Encoding: chunked", chunks.as_str()),
        ("told length only", "Content-Length: 999999999999", ""),
    ] {
        let answer = gateway.raw(framed(gateway.address(), framing, body));
        assert_eq!(answer.status, 413, "{name}: {answer:?}");
        gateway.assert_undisturbed(name);
    }
}

#[test]
fn a_foreign_host_is_refused() {
    let gateway = Gateway::start();
    let body = modern_call("1", TOOL, "{}");
    let own = format!("Host: {}\r\n", gateway.address());
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
        let request = framed(gateway.address(), &format!("Content-Length: {}", body.len()), &body);
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
        let request = format!("{verb} {PATH} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", gateway.address());
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
        let request = framed(gateway.address(), &framing, &body);
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
        let request = post(gateway.address(), path, &["Connection: close"], body.as_bytes());
        let answer = gateway.raw(request);
        assert!(matches!(answer.status, 400 | 404), "{path}: {answer:?}");
    }
}

#[test]
fn an_upgrade_to_something_unknown_makes_no_tunnel() {
    let gateway = Gateway::start();
    let body = modern_call("1", TOOL, "{}");
    let upgrade = format!("Connection: Upgrade\r\nUpgrade: foo\r\nContent-Length: {}", body.len());
    let first = framed(gateway.address(), &upgrade, &body);
    let second = framed(gateway.address(), &format!("Content-Length: {}", body.len()), &body);
    let mut connection = wire::connect(gateway.address());
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
    let mut connection = wire::connect(gateway.address());
    let headers = modern_call_headers(TOOL);
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let requests: Vec<u8> = (0..100)
        .flat_map(|id| post(gateway.address(), PATH, &headers, modern_call(&id.to_string(), TOOL, "{}").as_bytes()))
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

#[test]
fn a_body_in_a_coding_that_nobody_knows_is_unsupported() {
    let gateway = Gateway::start();
    let body = modern_call("1", TOOL, "{}");
    for encoding in ["compress", "deflate", "gzip, gzip", "x"] {
        let framing = format!("Content-Encoding: {encoding}\r\nContent-Length: {}", body.len());
        let answer = gateway.raw(framed(gateway.address(), &framing, &body));
        assert_eq!(answer.status, 415, "{encoding}: {answer:?}");
    }
}

#[test]
fn a_client_that_sends_nothing_more_is_cut_off() {
    let gateway = Gateway::with(Era::Dual, "[limits]\nheader_read_ms_max = 300\nbody_read_ms_max = 300\n");
    let waits = framed(gateway.address(), "Expect: 100-continue\r\nContent-Length: 100", "");
    let half = framed(gateway.address(), "Content-Length: 100", "{");
    for (name, request) in [("headers", "POST /mcp HTTP/1.1\r\nHost: loc"), ("no body", &waits), ("half a body", &half)]
    {
        let mut answers = BufReader::new(started(&gateway, request));
        let last = std::iter::repeat_with(|| wire::read_answer(&mut answers)).find(|answer| answer.status != 100);
        let status = last.map(|answer| answer.status);
        assert!(matches!(status, Some(0 | 400 | 408)), "{name}: {status:?}");
    }
    gateway.assert_undisturbed("clients that send nothing more");
}

/// A connection on which `request` was sent.
fn started(gateway: &Gateway, request: &str) -> std::net::TcpStream {
    let mut connection = wire::connect(gateway.address());
    wire::send(&mut connection, request.as_bytes());
    connection
}
