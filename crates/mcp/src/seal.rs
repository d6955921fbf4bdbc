//! Seals: what we hand to callers and want back unread and unchanged (cursors, states, sessions,
//! task ids), encrypted and bound to its purpose and its principal.
//! Pure: keys, nonces and the time come in as arguments. What goes into a seal is decided in
//! `cursor`, `state`, `session` and `task`; where keys come from, above this crate.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, Tag, XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::pack::{Packer, Unpacker};

/// The longest text [`open`] looks at; longer ones cannot be ours.
pub const SEALED_TEXT_BYTES_MAX: usize = 16 * 1024;

/// The number of bytes in a nonce.
pub const NONCE_BYTES: usize = 24;

/// An expiry for seals whose life something else ends.
pub const NEVER: u64 = u64::MAX;

const KEY_BYTES: usize = 32;
const TAG_BYTES: usize = 16;
const EXPIRY_BYTES: usize = 8;
const CLEAR_BYTES: usize = 1 + NONCE_BYTES;

/// Separates our associated data from that of any other use of the same keys.
const DOMAIN: &[u8] = b"switchboard seal v1";

/// What a seal is for; a seal made for one purpose opens for no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A place in a list.
    Cursor,
    /// A parked question.
    State,
    /// A legacy client's session.
    Session,
    /// A task of an upstream server.
    Task,
    /// An answer that several nodes keep.
    Answer,
    /// What nodes tell each other of answers that are void.
    Void,
    /// What a server said that it has, for the next start.
    Lists,
}

/// Why a seal does not open. Only an expired one is told apart, and only to its own principal: all
/// other seals are just not valid, so that nothing can be learned by trying.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SealError {
    /// Changed, foreign, for another purpose, of a forgotten key, or never a seal at all.
    #[error("state not valid")]
    Invalid,
    /// Genuine, and past its time.
    #[error("state has expired")]
    Expired,
    /// More than a seal may hold was to be sealed.
    #[error("{bytes} bytes were to be sealed, at most {limit} are allowed")]
    TooLarge {
        /// What was to be sealed.
        bytes: usize,
        /// What may be sealed.
        limit: usize,
    },
}

/// One key and the number that seals made with it carry in clear. Cannot be printed.
#[derive(Clone)]
pub struct Key {
    id: u8,
    secret: [u8; KEY_BYTES],
}

/// The key that seals, and the older ones that still open.
#[derive(Debug, Clone)]
pub struct KeyRing {
    current: Key,
    older: Vec<Key>,
}

/// A value with a place inside seals.
pub trait Sealable: Sized {
    /// What its seals are for.
    const PURPOSE: Purpose;

    /// Appends its fields.
    fn pack(&self, packer: &mut Packer);

    /// Takes its fields, in the same order; nothing if they are not all there.
    fn unpack(unpacker: &mut Unpacker<'_>) -> Option<Self>;

    /// Seals it for one principal until it expires. The nonce must never be used twice.
    fn seal(&self, ring: &KeyRing, principal: &str, expires_at_unix_s: u64, nonce: [u8; NONCE_BYTES]) -> String {
        seal(ring, Self::PURPOSE, principal, expires_at_unix_s, nonce, &self.payload())
    }

    /// Opens what [`seal`](Self::seal) gave out.
    fn open(ring: &KeyRing, principal: &str, now_unix_s: u64, sealed: &str) -> Result<Self, SealError> {
        let payload = open(ring, Self::PURPOSE, principal, now_unix_s, sealed)?;
        let mut unpacker = Unpacker::new(&payload);
        Self::unpack(&mut unpacker).filter(|_| unpacker.is_finished()).ok_or(SealError::Invalid)
    }

    /// Its fields as they stand in a seal.
    fn payload(&self) -> Vec<u8> {
        let mut packer = Packer::default();
        self.pack(&mut packer);
        packer.finish()
    }
}

impl Key {
    /// A key from 32 random bytes.
    pub fn new(id: u8, secret: [u8; KEY_BYTES]) -> Self {
        Self { id, secret }
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.secret.into())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

impl KeyRing {
    /// A ring that seals with `current` and opens with every key.
    pub fn new(current: Key, older: Vec<Key>) -> Self {
        Self { current, older }
    }

    fn keys(&self, id: u8) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.current).chain(&self.older).filter(move |key| key.id == id)
    }
}

/// Seals `payload` into printable ASCII that fits into headers, URLs and JSON as it is. The nonce
/// must never be used twice with the same ring.
pub fn seal(
    ring: &KeyRing,
    purpose: Purpose,
    principal: &str,
    expires_at_unix_s: u64,
    nonce: [u8; NONCE_BYTES],
    payload: &[u8],
) -> String {
    URL_SAFE_NO_PAD.encode(seal_bytes(ring, purpose, principal, expires_at_unix_s, nonce, payload))
}

/// Seals `payload` as [`seal`] does, into bytes. What may open it is a `context` of any kind.
pub fn seal_bytes(
    ring: &KeyRing,
    purpose: Purpose,
    context: &str,
    expires_at_unix_s: u64,
    nonce: [u8; NONCE_BYTES],
    payload: &[u8],
) -> Vec<u8> {
    let key = &ring.current;
    let mut sealed = Vec::with_capacity(CLEAR_BYTES + EXPIRY_BYTES + payload.len() + TAG_BYTES);
    sealed.push(key.id);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(&expires_at_unix_s.to_be_bytes());
    sealed.extend_from_slice(payload);
    let context = associated_data(key.id, purpose, context);
    let tag = key
        .cipher()
        .encrypt_inout_detached(&XNonce::from(nonce), &context, (&mut sealed[CLEAR_BYTES..]).into())
        .expect("a payload is far below the 256 GiB that the cipher takes");
    sealed.extend_from_slice(&tag);
    sealed
}

/// Opens what [`seal`] gave out, for the same purpose and principal, before it expires.
pub fn open(
    ring: &KeyRing,
    purpose: Purpose,
    principal: &str,
    now_unix_s: u64,
    sealed: &str,
) -> Result<Vec<u8>, SealError> {
    if sealed.len() > SEALED_TEXT_BYTES_MAX {
        return Err(SealError::Invalid);
    }
    let sealed = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| SealError::Invalid)?;
    open_bytes(ring, purpose, principal, now_unix_s, &sealed)
}

/// Opens what [`seal_bytes`] gave out, for the same purpose and context, before it expires.
pub fn open_bytes(
    ring: &KeyRing,
    purpose: Purpose,
    context: &str,
    now_unix_s: u64,
    sealed: &[u8],
) -> Result<Vec<u8>, SealError> {
    let key_id = *sealed.first().ok_or(SealError::Invalid)?;
    let context = associated_data(key_id, purpose, context);
    let found = ring.keys(key_id).find_map(|key| decrypt(key, &context, sealed));
    let (expires_at_unix_s, payload) = found.ok_or(SealError::Invalid)?;
    if now_unix_s >= expires_at_unix_s {
        return Err(SealError::Expired);
    }
    Ok(payload)
}

/// A name that says nothing to whoever has not the keys, and is the same for the same content under the same key.
pub fn blind_name(ring: &KeyRing, purpose: Purpose, content: &[u8]) -> [u8; NONCE_BYTES] {
    derived_nonce(ring, purpose, "", content)
}

/// A nonce that is the same for the same content and, by the key, unguessable: for seals that must
/// come out alike each time.
pub(crate) fn derived_nonce(ring: &KeyRing, purpose: Purpose, principal: &str, payload: &[u8]) -> [u8; NONCE_BYTES] {
    let digest = Sha256::new()
        .chain_update(b"switchboard derived nonce v1")
        .chain_update(ring.current.secret)
        .chain_update(associated_data(ring.current.id, purpose, principal))
        .chain_update(payload)
        .finalize();
    let mut nonce = [0; NONCE_BYTES];
    nonce.copy_from_slice(&digest[..NONCE_BYTES]);
    nonce
}

fn decrypt(key: &Key, context: &[u8], sealed: &[u8]) -> Option<(u64, Vec<u8>)> {
    let (_, rest) = sealed.split_first()?;
    let (nonce, rest) = rest.split_first_chunk::<NONCE_BYTES>()?;
    let (encrypted, tag) = rest.split_last_chunk::<TAG_BYTES>()?;
    let mut opened = encrypted.to_vec();
    key.cipher()
        .decrypt_inout_detached(&XNonce::from(*nonce), context, opened.as_mut_slice().into(), &Tag::from(*tag))
        .ok()?;
    let expiry = opened.first_chunk::<EXPIRY_BYTES>().copied()?;
    opened.drain(..EXPIRY_BYTES);
    Some((u64::from_be_bytes(expiry), opened))
}

fn associated_data(key_id: u8, purpose: Purpose, principal: &str) -> Vec<u8> {
    let mut context = DOMAIN.to_vec();
    context.push(key_id);
    context.push(purpose_byte(purpose));
    context.extend_from_slice(&Sha256::digest(principal));
    context
}

/// Part of what is sealed: numbers may be added, never changed.
fn purpose_byte(purpose: Purpose) -> u8 {
    match purpose {
        Purpose::Cursor => 1,
        Purpose::State => 2,
        Purpose::Session => 3,
        Purpose::Task => 4,
        Purpose::Answer => 5,
        Purpose::Void => 6,
        Purpose::Lists => 7,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const NOW: u64 = 1_800_000_000;
    const LATER: u64 = NOW + 60;
    const NONCE: [u8; NONCE_BYTES] = [7; NONCE_BYTES];

    pub(crate) fn ring() -> KeyRing {
        KeyRing::new(Key::new(1, [1; KEY_BYTES]), Vec::new())
    }

    fn open_at(now: u64, sealed: &str) -> Result<Vec<u8>, SealError> {
        open(&ring(), Purpose::Cursor, "ada", now, sealed)
    }

    fn sealed() -> String {
        seal(&ring(), Purpose::Cursor, "ada", LATER, NONCE, b"payload")
    }

    #[test]
    fn a_seal_opens_for_its_principal_and_purpose_until_it_expires() {
        assert_eq!(open_at(NOW, &sealed()).as_deref(), Ok(&b"payload"[..]));
        assert_eq!(open_at(LATER - 1, &sealed()).as_deref(), Ok(&b"payload"[..]));
        assert_eq!(open_at(LATER, &sealed()), Err(SealError::Expired));
    }

    #[test]
    fn a_seal_opens_for_no_other_principal_and_no_other_purpose() {
        for principal in ["", "Ada", "ada ", "bob"] {
            assert_eq!(open(&ring(), Purpose::Cursor, principal, NOW, &sealed()), Err(SealError::Invalid));
        }
        for purpose in [Purpose::State, Purpose::Session, Purpose::Task] {
            assert_eq!(open(&ring(), purpose, "ada", NOW, &sealed()), Err(SealError::Invalid));
        }
    }

    #[test]
    fn that_a_foreign_seal_has_expired_is_not_told() {
        assert_eq!(open(&ring(), Purpose::Cursor, "bob", LATER, &sealed()), Err(SealError::Invalid));
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let genuine = URL_SAFE_NO_PAD.decode(sealed()).expect("base64");
        for bit in 0..genuine.len() * 8 {
            let mut tampered = genuine.clone();
            tampered[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open_at(NOW, &URL_SAFE_NO_PAD.encode(tampered)), Err(SealError::Invalid), "bit {bit}");
        }
    }

    #[test]
    fn every_truncation_is_found() {
        let sealed = sealed();
        for length in 0..sealed.len() {
            assert_eq!(open_at(NOW, &sealed[..length]), Err(SealError::Invalid), "{length} characters");
        }
    }

    #[test]
    fn other_text_is_no_seal() {
        let padded = sealed() + "=";
        let spaced = format!(" {}", sealed());
        let endless = "A".repeat(SEALED_TEXT_BYTES_MAX + 1);
        for text in ["", "A", "AQ", "!!!!", "\u{e9}", &padded, &spaced, &endless] {
            assert_eq!(open_at(NOW, text), Err(SealError::Invalid), "{text:.40}");
        }
    }

    #[test]
    fn seals_of_older_keys_open_until_the_key_is_forgotten() {
        let (old, new) = (Key::new(1, [1; KEY_BYTES]), Key::new(2, [2; KEY_BYTES]));
        let rotated = KeyRing::new(new.clone(), vec![old]);
        assert_eq!(open(&rotated, Purpose::Cursor, "ada", NOW, &sealed()).as_deref(), Ok(&b"payload"[..]));
        let resealed = seal(&rotated, Purpose::Cursor, "ada", LATER, NONCE, b"payload");
        assert_eq!(open_at(NOW, &resealed), Err(SealError::Invalid));
        let forgotten = KeyRing::new(new, Vec::new());
        assert_eq!(open(&forgotten, Purpose::Cursor, "ada", NOW, &sealed()), Err(SealError::Invalid));
    }

    #[test]
    fn another_key_of_the_same_number_opens_nothing() {
        let other = KeyRing::new(Key::new(1, [9; KEY_BYTES]), Vec::new());
        assert_eq!(open(&other, Purpose::Cursor, "ada", NOW, &sealed()), Err(SealError::Invalid));
    }

    #[test]
    fn a_seal_is_url_safe_and_shows_nothing_of_its_content() {
        let sealed = seal(&ring(), Purpose::Cursor, "ada", LATER, NONCE, &[0xff; 100]);
        assert!(sealed.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        assert!(!sealed.contains(&URL_SAFE_NO_PAD.encode([0xff; 30])));
    }

    #[test]
    fn a_key_cannot_be_printed() {
        assert_eq!(format!("{:?}", Key::new(1, [42; KEY_BYTES])), "Key { id: 1, .. }");
    }

    #[test]
    fn bytes_are_sealed_without_a_bound_and_open_for_their_context() {
        let payload = vec![7; 2 * SEALED_TEXT_BYTES_MAX];
        let sealed = seal_bytes(&ring(), Purpose::Answer, "a", LATER, NONCE, &payload);
        let open = |purpose, context| open_bytes(&ring(), purpose, context, NOW, &sealed);
        assert_eq!(open(Purpose::Answer, "a"), Ok(payload));
        assert_eq!(open(Purpose::Answer, "b"), Err(SealError::Invalid));
        assert_eq!(open(Purpose::Void, "a"), Err(SealError::Invalid));
        assert_eq!(open_bytes(&ring(), Purpose::Answer, "a", NOW, &[]), Err(SealError::Invalid));
    }

    #[test]
    fn a_blind_name_depends_on_key_purpose_and_content() {
        let other = KeyRing::new(Key::new(1, [9; KEY_BYTES]), Vec::new());
        let name = blind_name(&ring(), Purpose::Answer, b"a");
        assert_eq!(name, blind_name(&ring(), Purpose::Answer, b"a"));
        for another in [
            blind_name(&ring(), Purpose::Answer, b"b"),
            blind_name(&ring(), Purpose::Void, b"a"),
            blind_name(&other, Purpose::Answer, b"a"),
        ] {
            assert_ne!(name, another);
        }
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_to_the_same(payload in vec(any::<u8>(), 0..200), principal in ".{0,20}", nonce in any::<[u8; NONCE_BYTES]>()) {
            let sealed = seal(&ring(), Purpose::State, &principal, LATER, nonce, &payload);
            prop_assert_eq!(open(&ring(), Purpose::State, &principal, NOW, &sealed), Ok(payload));
        }

        #[test]
        fn no_text_opens_by_chance(text in "[A-Za-z0-9_-]{0,200}") {
            prop_assert_eq!(open_at(NOW, &text), Err(SealError::Invalid));
        }
    }
}
