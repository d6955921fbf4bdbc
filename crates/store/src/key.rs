//! A call under a key that its caller chose, so that it can be sent again without being done again: what is kept of it, and
//! what is known when the key comes again.

use bytes::Bytes;

/// A key, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyName {
    /// The principal that chose it.
    pub owner: String,
    /// The server whose call it is.
    pub server: String,
    /// What the principal chose.
    pub key: String,
}

/// How much is kept under keys. Times are milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct KeyBounds {
    /// How long a key is kept after its call has ended.
    pub kept_ms: u64,
    /// Keys of one principal.
    pub keys_per_owner: u64,
    /// Bytes of the answers that are kept for one principal.
    pub bytes_per_owner: u64,
    /// Bytes of one answer: of a larger one only the fact is kept.
    pub answer_bytes: u64,
}

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Nothing until now: its call may be sent, and what becomes of it is to be told.
    First,
    /// Its call was answered.
    Answered(KeyAnswer),
    /// Its call was made, and its answer is no longer kept.
    Forgotten,
    /// Its call was made, and nobody knows what became of it.
    Unknown {
        /// Why.
        reason: String,
    },
    /// Its call is under way in another process.
    Elsewhere,
    /// It belongs to a call of something else.
    Conflict,
    /// Its principal has too many.
    TooMany,
}

/// What a call under a key was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAnswer {
    /// The message as it came.
    pub message: Bytes,
    /// Whether its server is of the modern era.
    pub modern: bool,
}

/// How a call under a key has ended.
#[derive(Clone, Debug)]
pub enum KeyEnd {
    /// It was answered.
    Answered(KeyAnswer),
    /// It may have had an effect, and nobody knows.
    Unknown {
        /// Why.
        reason: String,
    },
    /// It did nothing: the key is free again.
    Nothing,
}
