//! The `requestState` we mint: the handle of a call parked on a question to the client.
//! Owns what stands in it and the digest that binds it to the arguments of the call; sealed by
//! `seal`, the parked call itself lives above.

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::envelope::plain_text;
use crate::members::Members;
use crate::pack::{Packer, Unpacker};
use crate::seal::{Purpose, SealError, Sealable};

/// Deeper arguments than any message may have, so that no digest exhausts the stack.
const ARGUMENTS_DEPTH_MAX: usize = 128;

/// Which parked call a retry belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedState {
    /// The replica that holds the call.
    pub replica: [u8; 8],
    /// The call's number on that replica.
    pub call: u64,
    /// The server that asked.
    pub server: String,
    /// The tool, prompt or resource that was called.
    pub tool: String,
    /// See [`arguments_digest`].
    pub arguments_digest: [u8; 32],
    /// How many questions came before this one.
    pub round: u32,
}

impl Sealable for ParkedState {
    const PURPOSE: Purpose = Purpose::State;

    fn pack(&self, packer: &mut Packer) {
        packer.put_array(self.replica);
        packer.put_u64(self.call);
        packer.put_bytes(self.server.as_bytes());
        packer.put_bytes(self.tool.as_bytes());
        packer.put_array(self.arguments_digest);
        packer.put_u32(self.round);
    }

    fn unpack(unpacker: &mut Unpacker<'_>) -> Option<Self> {
        Some(Self {
            replica: unpacker.take_array()?,
            call: unpacker.take_u64()?,
            server: unpacker.take_string()?,
            tool: unpacker.take_string()?,
            arguments_digest: unpacker.take_array()?,
            round: unpacker.take_u32()?,
        })
    }
}

/// A digest of what arguments mean, not of how they are laid out: spaces, escapes and the order of
/// members do not count. Numbers count as they are written, and members given twice are refused,
/// since readers disagree on what those mean.
pub fn arguments_digest(arguments: &[u8]) -> Result<[u8; 32], SealError> {
    let arguments: &RawValue = serde_json::from_slice(arguments).map_err(|_| SealError::Invalid)?;
    let mut digest = Sha256::new();
    digest_value(&mut digest, arguments.get(), ARGUMENTS_DEPTH_MAX).ok_or(SealError::Invalid)?;
    Ok(digest.finalize().into())
}

fn digest_value(digest: &mut Sha256, json: &str, depth_left: usize) -> Option<()> {
    let depth_left = depth_left.checked_sub(1)?;
    match json.as_bytes().first()? {
        b'{' => digest_object(digest, json, depth_left),
        b'[' => digest_array(digest, json, depth_left),
        b'"' => {
            match plain_text(json.as_bytes()) {
                Some(plain) => digest_text(digest, b's', plain),
                None => digest_text(digest, b's', &serde_json::from_str::<String>(json).ok()?),
            }
            Some(())
        }
        _ => {
            digest_text(digest, b'l', json);
            Some(())
        }
    }
}

fn digest_object(digest: &mut Sha256, json: &str, depth_left: usize) -> Option<()> {
    let Members(mut members) = Members::parse(json)?;
    members.sort_by(|(left, _), (right, _)| left.cmp(right));
    if members.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return None;
    }
    digest_start(digest, b'o', members.len());
    for (name, value) in members {
        digest_text(digest, b's', &name);
        digest_value(digest, value.get(), depth_left)?;
    }
    Some(())
}

fn digest_array(digest: &mut Sha256, json: &str, depth_left: usize) -> Option<()> {
    let items: Vec<&RawValue> = serde_json::from_str(json).ok()?;
    digest_start(digest, b'a', items.len());
    items.into_iter().try_for_each(|item| digest_value(digest, item.get(), depth_left))
}

fn digest_text(digest: &mut Sha256, kind: u8, text: &str) {
    digest_start(digest, kind, text.len());
    digest.update(text);
}

/// Kind and length before every value: no two values write the same bytes.
fn digest_start(digest: &mut Sha256, kind: u8, length: usize) {
    digest.update([kind]);
    digest.update((length as u64).to_be_bytes());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::seal::tests::ring;

    fn digest(arguments: &str) -> Result<[u8; 32], SealError> {
        arguments_digest(arguments.as_bytes())
    }

    #[test]
    fn layout_does_not_count() {
        let expected = digest(r#"{"a":[1,"é"],"b":{}}"#);
        assert!(expected.is_ok());
        for same in
            [r#"{"b":{},"a":[1,"é"]}"#, r#" { "a" : [ 1 , "\u00e9" ] , "b" : { } } "#, r#"{"\u0061":[1,"é"],"b":{}}"#]
        {
            assert_eq!(digest(same), expected, "{same}");
        }
    }

    #[test]
    fn meaning_counts() {
        let values = [
            "{}",
            "[]",
            "null",
            "true",
            "1",
            "\"1\"",
            "1.0",
            "-1",
            "\"\"",
            r#"{"a":1}"#,
            r#"{"a":2}"#,
            r#"{"b":1}"#,
            r#"{"a":1,"b":1}"#,
            "[1,2]",
            "[2,1]",
            "[12]",
            "[[1],2]",
            "[[1,2]]",
            r#"["a","b"]"#,
            r#"["ab"]"#,
            "9007199254740993",
            "9007199254740992",
            "1e400",
            "1e401",
            r#"{"a":{"b":1}}"#,
            r#"{"a":{},"b":1}"#,
        ];
        for (index, left) in values.iter().enumerate() {
            assert!(digest(left).is_ok(), "{left}");
            for right in &values[index + 1..] {
                assert_ne!(digest(left), digest(right), "{left} and {right}");
            }
        }
    }

    #[test]
    fn what_can_be_read_two_ways_has_no_digest() {
        let deep = "[".repeat(100_000);
        for arguments in [
            "",
            "{",
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"[{"x":{"b":1,"b":2}}]"#,
            r#""\ud800""#,
            "1 2",
            &deep,
        ] {
            assert_eq!(digest(arguments), Err(SealError::Invalid), "{arguments:.40}");
        }
    }

    proptest! {
        #[test]
        fn a_sealed_state_opens_to_the_same(
            replica in any::<[u8; 8]>(),
            call in any::<u64>(),
            server in "[a-z]{0,20}",
            tool in ".{0,64}",
            arguments_digest in any::<[u8; 32]>(),
            round in any::<u32>(),
        ) {
            let state = ParkedState { replica, call, server, tool, arguments_digest, round };
            let sealed = state.seal(&ring(), "ada", 2, [0; 24]);
            prop_assert_eq!(ParkedState::open(&ring(), "ada", 1, &sealed), Ok(state.clone()));
            prop_assert_eq!(ParkedState::open(&ring(), "ada", 2, &sealed), Err(SealError::Expired));
        }
    }
}
