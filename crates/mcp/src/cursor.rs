//! The cursor of a merged list: a place in one snapshot of the catalogue.
//! Owns what stands in it; opaque to clients, sealed by `seal`.

use crate::pack::{Packer, Unpacker};
use crate::seal::{Purpose, Sealable};

/// Where the next page of a list begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The snapshot the list is read from.
    pub snapshot: u64,
    /// How many of its items earlier pages held.
    pub offset: u32,
}

impl Sealable for Cursor {
    const PURPOSE: Purpose = Purpose::Cursor;

    fn pack(&self, packer: &mut Packer) {
        packer.put_u64(self.snapshot);
        packer.put_u32(self.offset);
    }

    fn unpack(unpacker: &mut Unpacker<'_>) -> Option<Self> {
        Some(Self { snapshot: unpacker.take_u64()?, offset: unpacker.take_u32()? })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::seal::{SealError, seal, tests::ring};

    #[test]
    fn a_cursor_of_the_wrong_length_is_not_valid() {
        for payload in [&[0; 11][..], &[0; 13][..], &[][..]] {
            let sealed = seal(&ring(), Purpose::Cursor, "ada", 2, [0; 24], payload);
            assert_eq!(Cursor::open(&ring(), "ada", 1, &sealed), Err(SealError::Invalid));
        }
    }

    proptest! {
        #[test]
        fn a_sealed_cursor_opens_to_the_same(snapshot in any::<u64>(), offset in any::<u32>(), nonce in any::<[u8; 24]>()) {
            let cursor = Cursor { snapshot, offset };
            let sealed = cursor.seal(&ring(), "ada", 2, nonce);
            prop_assert_eq!(Cursor::open(&ring(), "ada", 1, &sealed), Ok(cursor));
            prop_assert_eq!(Cursor::open(&ring(), "bob", 1, &sealed), Err(SealError::Invalid));
        }
    }
}
