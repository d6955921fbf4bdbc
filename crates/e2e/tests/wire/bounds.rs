//! What is well formed and yet too much, doubled or forged: cursors, ids, streams, names, arguments without end.

use std::thread;

use e2e::events::Stream;
use e2e::fixture::Era;
use e2e::legacy::{Session, call as session_call};
use e2e::wire::{Answer, META, call, modern_call, post};
use serde_json::{Value, json};

use crate::gateway::{Gateway, PATH, TOOL};

/// Asks for a list of tools with `cursor`, a token as it goes on the wire.
fn page(gateway: &Gateway, path: &str, cursor: &str) -> Answer {
    let params = format!(r#"{{"cursor":{cursor},"_meta":{META}}}"#);
    let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{params}}}"#);
    let headers = ["MCP-Protocol-Version: 2026-07-28", "Mcp-Method: tools/list"];
    gateway.raw(post(gateway.address(), path, &headers, body.as_bytes()))
}

#[test]
fn a_cursor_that_was_not_handed_out_is_refused() {
    let gateway = Gateway::with(Era::Dual, "[limits]\nlist_page_items = 5\n");
    let first: Value = serde_json::from_str(&page(&gateway, PATH, "null").message()).expect("a list is JSON");
    let good = first["result"]["nextCursor"].as_str().expect("there are more pages").to_owned();
    assert_eq!(page(&gateway, PATH, &format!("\"{good}\"")).code(), None, "the cursor itself is good");
    let middle = good.len() / 2;
    let other = if good[middle..].starts_with('A') { 'B' } else { 'A' };
    let changed = format!("\"{}{other}{}\"", &good[..middle], &good[middle + 1..]);
    let long = format!("\"{}\"", "x".repeat(100_000));
    for cursor in [changed.as_str(), "\"x\"", "\"\"", "7", "{}", "[]", "true", &long] {
        let answer = page(&gateway, PATH, cursor);
        assert_eq!(answer.code(), Some(-32602), "{cursor:.40}: {}", answer.text());
    }
}

#[test]
fn an_id_that_is_used_twice_at_once_gets_both_answers() {
    let gateway = Gateway::with(Era::Dual, "");
    let address = gateway.address();
    let echo = |text: &str| call(address, PATH, "1", "echo", &json!({ "text": text }).to_string());
    thread::scope(|scope| {
        let slow = scope.spawn(|| call(address, PATH, "1", "slow", r#"{"ms":300}"#));
        let echoes: Vec<_> = ["a", "b", "c"].map(|text| (text, scope.spawn(move || echo(text)))).into();
        for (text, answer) in echoes {
            let answer = answer.join().expect("a call ends");
            assert!(answer.message().contains(&format!("\"text\":\"{text}\"")), "{text}: {}", answer.text());
        }
        assert!(slow.join().expect("a call ends").text().contains("waited 300 ms"));
    });
}

#[test]
fn an_id_that_is_used_twice_at_once_in_a_session_gets_both_answers() {
    for era in [Era::Legacy, Era::Modern] {
        let gateway = Gateway::with(era, "");
        let session = Session::open(gateway.address(), PATH, "2025-11-25", &json!({}));
        let wait = |ms: u64| session.post(&session_call(1, "slow", &json!({ "ms": ms }))).message();
        thread::scope(|scope| {
            let answers = [300, 200].map(|ms| (ms, scope.spawn(move || wait(ms))));
            for (ms, answer) in answers {
                let answer = answer.join().expect("a call ends");
                assert!(answer.contains(&format!("waited {ms} ms")), "{era:?}: {answer}");
            }
        });
    }
}

#[test]
fn open_streams_have_a_cap_and_give_their_places_back() {
    let gateway = Gateway::with(Era::Dual, "[limits]\nlistens_per_principal_max = 2\n");
    let params = format!(r#"{{"notifications":{{"toolsListChanged":true}},"_meta":{META}}}"#);
    let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{params}}}"#);
    let headers = ["MCP-Protocol-Version: 2026-07-28", "Mcp-Method: subscriptions/listen"];
    let request = post(gateway.address(), PATH, &headers, body.as_bytes());
    let mut open: Vec<Stream> = (0..2).map(|_| Stream::open(gateway.address(), &request)).collect();
    for stream in &mut open {
        assert_eq!(stream.message()["method"], "notifications/subscriptions/acknowledged");
    }
    let refused = gateway.raw(&request);
    assert!(refused.code().is_some(), "{}", refused.text());
    open.clear();
    while gateway.raw_stream(&request).status != 200 {}
}

#[test]
fn a_name_with_control_characters_is_an_invalid_parameter() {
    let gateway = Gateway::start();
    for name in ["a\\u0000b", "a\\nb", "\\u001b[31m", "\\u007f"] {
        let body = modern_call("1", name, "{}");
        let decoded: Value = serde_json::from_str(&format!("\"{name}\"")).expect("a name is a JSON string");
        let header = encoded(decoded.as_str().unwrap_or_default());
        let headers = ["MCP-Protocol-Version: 2026-07-28", "Mcp-Method: tools/call", header.as_str()];
        let answer = gateway.post_with(&headers, body.as_bytes());
        assert_eq!(answer.code(), Some(-32602), "{name}: {}", answer.text());
    }
    gateway.assert_nothing_else_arrived();
}

/// `Mcp-Name` in the encoded form.
fn encoded(name: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in name.as_bytes().chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            let sextet = (bits >> (18 - 6 * place)) as usize & 63;
            out.push(if place <= group.len() { char::from(ALPHABET[sextet]) } else { '=' });
        }
    }
    format!("Mcp-Name: =?base64?{out}?=")
}

#[test]
fn much_is_carried_as_it_is_and_too_much_is_refused() {
    let gateway = Gateway::start();
    let many = (0..10_000).map(|index| format!("\"k{index}\":{index}")).collect::<Vec<_>>().join(",");
    let digits = "7".repeat(10_000);
    for arguments in [format!("{{{many}}}"), format!("{{\"n\":{digits}}}"), format!("{{\"n\":{}}}", "1e999")] {
        let answer = gateway.call("1", "echo", &arguments);
        assert!(
            answer.status == 400 || answer.text().contains(&arguments),
            "{:.40}: {:.200}",
            arguments,
            answer.text()
        );
    }
    let answer = gateway.post_call(TOOL, modern_call("1", TOOL, &format!("{{\"x\":\"{}\"}}", "y".repeat(10_000_000))));
    assert_eq!(answer.status, 413);
    gateway.assert_undisturbed("ten megabytes");
}

#[test]
fn half_a_character_is_refused_or_carried_as_it_was_written() {
    let gateway = Gateway::start();
    for arguments in [r#"{"x":"\ud800"}"#, r#"{"x":"\udc00\ud800"}"#] {
        let answer = gateway.call("1", "echo", arguments);
        assert!(answer.status == 400 || answer.text().contains(arguments), "{arguments}: {}", answer.text());
    }
}

#[test]
fn the_header_of_an_argument_repeats_it_or_is_refused() {
    let gateway = Gateway::with(Era::Modern, "");
    let tool = "test_custom_header";
    // the gateway has to know the tool before it can check its headers
    page(&gateway, PATH, "null");
    let cases: [(&str, &str, Option<i64>); 6] = [
        ("the same", "Mcp-Param-Value: x", None),
        ("encoded", "Mcp-Param-Value: =?base64?eA==?=", None),
        ("another", "Mcp-Param-Value: y", Some(-32020)),
        ("missing", "X-None: x", Some(-32020)),
        ("wrong padding", "Mcp-Param-Value: =?base64?eA=?=", Some(-32020)),
        ("one that nobody asked for", "Mcp-Param-Value: x\r\nMcp-Param-Other: z", None),
    ];
    for (name, header, expected) in cases {
        let mut headers = e2e::wire::modern_call_headers(tool);
        headers.push(header.to_owned());
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        let answer = gateway.post_with(&headers, modern_call("1", tool, r#"{"value":"x"}"#).as_bytes());
        assert_eq!(answer.code(), expected, "{name}: {}", answer.text());
    }
}
