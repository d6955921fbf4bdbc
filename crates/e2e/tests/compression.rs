//! Compressed bodies in both directions: what a real curl unpacks, what it may send, and what is too much.

#![expect(clippy::disallowed_methods, reason = "curl is a real program")]

use std::io::{Read, Write};
use std::process::Command;

use brotli::enc::BrotliEncoderParams;
use e2e::Node;
use e2e::fixture::{Era, Fixture};
use e2e::wire::{self, Answer, exchange, modern_call, modern_call_headers, post};
use flate2::Compression;
use flate2::write::GzEncoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

const PATH: &str = "/servers/fixture/mcp";
const TOOL: &str = "echo";

fn start(configuration: &str) -> (Node, Fixture) {
    let fixture = Fixture::start(Era::Dual);
    let node = Node::start(&format!("{configuration}\n{}", fixture.configured("fixture")));
    (node, fixture)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory takes everything")
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut shorter = Vec::new();
    let quick = BrotliEncoderParams { quality: 5, ..BrotliEncoderParams::default() };
    ::brotli::BrotliCompress(&mut &*bytes, &mut shorter, &quick).expect("memory takes everything");
    shorter
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

/// Calls the echo with a body in a coding.
fn call(node: &Node, coding: &str, body: &[u8]) -> Answer {
    let headers = [modern_call_headers(TOOL), vec![format!("Content-Encoding: {coding}")]].concat();
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    exchange(node.address(), &post(node.address(), PATH, &headers, body))
}

#[test]
fn curl_gets_long_answers_compressed_and_short_ones_as_they_are() {
    let (node, _fixture) = start("");
    let url = format!("http://{}/tools", node.address());
    let get = |arguments: &[&str]| {
        let output = Command::new("curl").args(["-sS", "-D", "-"]).args(arguments).output().expect("there is a curl");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").expect("a head ends");
        (head.to_ascii_lowercase(), body.to_owned())
    };
    let without_name = |body: &str| body.split(r#","timestamp":"#).next().map(str::to_owned);
    let (head, plain) = get(&[&url]);
    assert!(head.contains("vary: accept-encoding") && !head.contains("content-encoding"), "{head}");
    for (accepted, coding) in
        [("gzip", "gzip"), ("zstd", "zstd"), ("br", "br"), ("br;q=0.5, gzip;q=0.5, zstd;q=0.9", "zstd")]
    {
        let accepted = format!("Accept-Encoding: {accepted}");
        let (head, body) = get(&["--compressed", "-H", &accepted, &url]);
        assert!(head.contains(&format!("content-encoding: {coding}")), "{accepted} {head}");
        assert!(head.contains("vary: accept-encoding"), "{accepted} {head}");
        assert_eq!(without_name(&body), without_name(&plain), "{accepted}");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse::<usize>().ok());
        assert!(length.is_some_and(|length| length < plain.len() / 3), "{accepted} {head}");
    }
    let one = format!("{url}/fixture_test_simple_text");
    for arguments in [&["--compressed", one.as_str()][..], &["-H", "Accept-Encoding: deflate", &url]] {
        let (head, _) = get(arguments);
        assert!(!head.contains("content-encoding"), "{head}");
    }
}

#[test]
fn answers_of_mcp_are_compressed_and_streams_are_not() {
    let (node, _fixture) = start("");
    let text = "word ".repeat(1_000);
    let body = modern_call("1", TOOL, &format!(r#"{{"text":"{text}"}}"#));
    let headers = [modern_call_headers(TOOL), vec!["Accept-Encoding: gzip".to_owned()]].concat();
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let answer = exchange(node.address(), &post(node.address(), PATH, &headers, body.as_bytes()));
    assert_eq!(answer.header("content-encoding"), Some("gzip"), "{answer:?}");
    let mut whole = String::new();
    flate2::read::GzDecoder::new(&answer.body[..]).read_to_string(&mut whole).expect("the answer is gzip");
    assert!(whole.contains(&text));
}

#[test]
fn requests_may_be_compressed() {
    let (node, _fixture) = start("");
    let text = "word ".repeat(1_000);
    let body = modern_call("1", TOOL, &format!(r#"{{"text":"{text}"}}"#));
    for (coding, body) in
        [("gzip", gzip(body.as_bytes())), ("br", brotli(body.as_bytes())), ("zstd", zstd(body.as_bytes()))]
    {
        let answer = call(&node, coding, &body);
        assert_eq!(answer.status, 200, "{coding}: {}", answer.text());
        assert!(answer.text().contains(&text), "{coding}");
    }
    let plain = wire::post(
        node.address(),
        "/tools/fixture_echo",
        &["Content-Encoding: gzip"],
        &gzip(br#"{"text":"said in plain HTTP"}"#),
    );
    let answer = exchange(node.address(), &plain);
    assert!(answer.status == 200 && answer.text().contains("said in plain HTTP"), "{}", answer.text());
}

#[test]
fn a_bomb_is_refused_and_what_is_broken_too() {
    let (node, _fixture) = start("limits.body_bytes_max = 4_194_304");
    let bomb = vec![b' '; 32 << 20];
    for (coding, bomb) in
        [("gzip", gzip(&bomb)), ("gzip", gzip(&gzip(&bomb))), ("br", brotli(&bomb)), ("zstd", zstd(&bomb))]
    {
        let answer = call(&node, coding, &bomb);
        assert!(matches!(answer.status, 413 | 400), "{coding} {}: {}", bomb.len(), answer.text());
    }
    assert_eq!(call(&node, "gzip", &gzip(&bomb)).status, 413);
    let body = modern_call("1", TOOL, "{}");
    for (coding, body) in [
        ("gzip", body.as_bytes().to_vec()),
        ("br", body.as_bytes().to_vec()),
        ("zstd", body.as_bytes().to_vec()),
        ("gzip", gzip(body.as_bytes())[..20].to_vec()),
        ("zstd", [zstd(body.as_bytes()), zstd(b" ")].concat()),
        ("br", [brotli(body.as_bytes()), b" ".to_vec()].concat()),
        ("gzip", zstd(body.as_bytes())),
    ] {
        assert_eq!(call(&node, coding, &body).status, 400, "{coding} {body:?}");
    }
    assert_eq!(call(&node, "gzip", &gzip(body.as_bytes())).status, 200);
}
