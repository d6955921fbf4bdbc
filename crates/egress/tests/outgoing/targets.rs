//! What texts are targets, and what a target says of itself.

use std::path::Path;

use egress::Target;

#[test]
fn target_is_shown_as_it_was_written() {
    for text in [
        "http://localhost:3000/mcp",
        "https://mcp.example.com/",
        "ws://[::1]:8080/mcp/ws",
        "wss://example.com/mcp/ws",
        "unix:/run/switchboard.sock#/tools",
    ] {
        assert_eq!(Target::parse(text).unwrap().to_string(), text);
    }
}

#[test]
fn missing_paths_are_filled_in() {
    for (text, shown) in [
        ("http://example.com", "http://example.com/"),
        ("unix:/run/s.sock", "unix:/run/s.sock#/mcp"),
        ("unix:///run/s.sock", "unix:/run/s.sock#/mcp"),
    ] {
        assert_eq!(Target::parse(text).unwrap().to_string(), shown);
    }
}

#[test]
fn query_is_kept_out_of_what_is_shown() {
    let target = Target::parse("https://example.com/mcp?api_key=hunter2").unwrap();
    assert_eq!(target.to_string(), "https://example.com/mcp");
}

#[test]
fn unusable_texts_are_refused_with_their_reason() {
    for (text, reason) in [
        ("", "it is not a url"),
        ("example.com", "it has no scheme"),
        ("/mcp", "it has no scheme"),
        ("ftp://example.com/", "its scheme is not http, https, ws, wss or unix"),
        ("http://user:password@example.com/", "credentials do not belong in a url"),
        ("unix:relative.sock", "the path of the socket is not absolute"),
        ("http://exa mple.com/", "it is not a url"),
    ] {
        match Target::parse(text) {
            Err(egress::Error::Target { reason: found, .. }) => assert_eq!(found, reason, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn websocket_and_socket_are_told_apart() {
    assert!(Target::parse("wss://example.com/").unwrap().is_websocket());
    assert!(!Target::parse("https://example.com/").unwrap().is_websocket());
    assert_eq!(Target::parse("unix:/run/s.sock").unwrap().socket(), Some(Path::new("/run/s.sock")));
    assert_eq!(Target::parse("https://example.com/").unwrap().socket(), None);
}

#[test]
fn sibling_stays_on_its_origin() {
    let target = Target::parse("http://example.com:8080/api/sse?key=1").unwrap();
    for (reference, expected) in [
        ("/messages", Some("http://example.com:8080/messages")),
        ("messages", Some("http://example.com:8080/api/messages")),
        ("?to=http://x", Some("http://example.com:8080/api/sse")),
        ("", Some("http://example.com:8080/api/sse")),
        ("http://EXAMPLE.com:8080/messages", Some("http://EXAMPLE.com:8080/messages")),
        ("http://example.com/messages", None),
        ("https://example.com:8080/messages", None),
        ("http://attacker.example/messages", None),
        ("//attacker.example/messages", None),
        ("unix:/run/s.sock", None),
    ] {
        let found = target.sibling(reference).ok().map(|sibling| sibling.to_string());
        assert_eq!(found.as_deref(), expected, "{reference}");
    }
}
