//! No bytes open as a seal, and nothing that is sealed opens changed.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mcp::seal::{self, Key, KeyRing, Purpose, SealError, Sealable};
use mcp::{cursor::Cursor, pack::Unpacker, session::SessionSeal, state, state::ParkedState, task::TaskId};
use serde_json::value::RawValue;

fuzz_target!(|input: (&str, [u8; 24], u16, &[u8])| {
    let (text, nonce, flipped, payload) = input;
    let ring = KeyRing::new(Key::new(1, [1; 32]), vec![Key::new(2, [2; 32])]);
    assert_eq!(seal::open(&ring, Purpose::State, "ada", 0, text), Err(SealError::Invalid));

    if payload.len() < 8 * 1024 {
        let sealed = seal::seal(&ring, Purpose::State, "ada", 1, nonce, payload);
        assert_eq!(seal::open(&ring, Purpose::State, "ada", 0, &sealed).as_deref(), Ok(payload));
        assert_eq!(seal::open(&ring, Purpose::State, "ada", 0, &change(&sealed, flipped)), Err(SealError::Invalid));
    }

    assert_repacks::<Cursor>(payload);
    assert_repacks::<ParkedState>(payload);
    assert_repacks::<SessionSeal>(payload);
    assert_repacks::<TaskId>(payload);
    let digest = state::arguments_digest(payload);
    assert!(digest.is_err() || serde_json::from_slice::<&RawValue>(payload).is_ok());
});

fn change(sealed: &str, at: u16) -> String {
    let mut changed = sealed.as_bytes().to_vec();
    let at = usize::from(at) % changed.len();
    changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
    String::from_utf8(changed).expect("base64 is ascii")
}

fn assert_repacks<Value: Sealable>(payload: &[u8]) {
    let mut unpacker = Unpacker::new(payload);
    if let Some(value) = Value::unpack(&mut unpacker).filter(|_| unpacker.is_finished()) {
        assert_eq!(value.payload(), payload);
    }
}
