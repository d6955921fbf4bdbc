//! Seals as they have always been: what an earlier version has sealed opens, and what is sealed now is what that one would
//! have sealed, byte for byte. A restart may go from either version to the other.

use bytes::Bytes;
use mcp::{
    cursor::Cursor,
    seal::{Key, KeyRing, SealError, Sealable},
    session::SessionSeal,
    state::ParkedState,
    task::TaskId,
};

/// One seal to a line: its kind, and how it was handed out.
const SEALS: &str = include_str!("golden/seals.txt");
const PRINCIPAL: &str = "ada";
const NONCE: [u8; 24] = [7; 24];
const EXPIRES_S: u64 = 2_000_000_000;
const NOW_S: u64 = 1_900_000_000;

fn ring() -> KeyRing {
    KeyRing::new(Key::new(3, [5; 32]), Vec::new())
}

fn golden(kind: &str) -> &'static str {
    let seals = SEALS.lines().filter_map(|line| line.split_once(' '));
    seals.filter(|(name, _)| *name == kind).map(|(_, sealed)| sealed).next().unwrap_or_default()
}

fn check<T: Sealable + PartialEq + std::fmt::Debug>(kind: &str, expected: &T) {
    assert_eq!(expected.seal(&ring(), PRINCIPAL, EXPIRES_S, NONCE), golden(kind), "{kind} is sealed as before");
    assert_eq!(T::open(&ring(), PRINCIPAL, NOW_S, golden(kind)).as_ref(), Ok(expected), "{kind} opens as before");
}

#[test]
fn a_session_is_sealed_and_opened_as_before() {
    let session = SessionSeal {
        id: [9; 16],
        version: "2025-11-25".to_owned(),
        issued_at_unix_s: 1_800_000_000,
        scope: "server lamp".to_owned(),
        client_info: Bytes::from_static(br#"{"name":"client","version":"1"}"#),
        capabilities: Bytes::from_static(br#"{"elicitation":{}}"#),
    };
    check("session", &session);
}

#[test]
fn a_cursor_is_sealed_and_opened_as_before() {
    check("cursor", &Cursor { snapshot: 81, offset: 1_000 });
}

#[test]
fn a_parked_call_is_sealed_and_opened_as_before() {
    let state = ParkedState {
        replica: [1; 8],
        call: 42,
        server: "lamp".to_owned(),
        tool: "switch".to_owned(),
        arguments_digest: mcp::state::arguments_digest(br#"{"on":true}"#).expect("an object"),
        round: 1,
    };
    check("state", &state);
}

#[test]
fn a_task_is_shown_and_understood_as_before() {
    let task = TaskId { server: "lamp".to_owned(), id: "task-1".to_owned() };
    assert_eq!(task.conceal(&ring(), PRINCIPAL), golden("task"));
    assert_eq!(TaskId::reveal(&ring(), PRINCIPAL, golden("task")), Ok(task));
}

#[test]
fn a_seal_with_a_member_that_this_version_does_not_know_is_refused() {
    let cursor = Cursor { snapshot: 81, offset: 1_000 };
    let longer = [cursor.payload(), vec![0; 4]].concat();
    let sealed = mcp::seal::seal(&ring(), Cursor::PURPOSE, PRINCIPAL, EXPIRES_S, NONCE, &longer);
    assert_eq!(Cursor::open(&ring(), PRINCIPAL, NOW_S, &sealed), Err(SealError::Invalid));
}
