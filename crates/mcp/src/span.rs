//! A place in a message: two offsets into its bytes, nothing copied.

use std::ops::Range;

/// Where a value stands in the bytes of its message. `NONE` stands for "not there".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

impl Span {
    /// The span of something that is absent.
    pub const NONE: Self = Self { start: u32::MAX, end: u32::MAX };

    /// The span from `start` up to, but without, `end`.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end as u32 }
    }

    /// Whether something stands here.
    pub fn is_some(self) -> bool {
        self.start != u32::MAX
    }

    /// Whether nothing stands here.
    pub fn is_none(self) -> bool {
        !self.is_some()
    }

    /// The offsets as a range to index bytes with.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The bytes that stand here, if anything does.
    pub fn of(self, bytes: &[u8]) -> Option<&[u8]> {
        self.is_some().then(|| &bytes[self.range()])
    }
}

/// One `"key": value` of an object: where its key begins (at the quote) and where its value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Offset of the opening quote of the key.
    pub key_start: u32,
    /// The value.
    pub value: Span,
}

impl Member {
    /// A member that is absent.
    pub const NONE: Self = Self { key_start: u32::MAX, value: Span::NONE };

    /// Whether the object has this member.
    pub fn is_some(self) -> bool {
        self.value.is_some()
    }

    /// From the opening quote of the key to the end of the value.
    pub fn whole(self) -> Span {
        Span { start: self.key_start, end: self.value.end }
    }
}
