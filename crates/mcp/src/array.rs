//! Arrays and objects inside of messages, taken apart without decoding: the batches of 2025-03-26, the items of
//! lists, the questions of `input_required`.

use crate::{
    code,
    scan::{ScanError, ScanLimits, Scanner},
    span::Span,
};

/// Where the items of a JSON array stand.
pub fn items(bytes: &[u8]) -> Result<Vec<Span>, ScanError> {
    let mut scanner = Scanner::new(bytes, ScanLimits { depth_max: 128 })?;
    let mut found = Vec::new();
    scanner.array(|scanner| {
        found.push(scanner.value()?);
        Ok(())
    })?;
    scanner.end()?;
    Ok(found)
}

/// The members of a JSON object: the raw key between its quotes, where the key token stands, where the value stands.
pub fn members(bytes: &[u8]) -> Result<Vec<(&[u8], Span)>, ScanError> {
    let mut scanner = Scanner::new(bytes, ScanLimits { depth_max: 128 })?;
    let mut found = Vec::new();
    scanner.object(|scanner, key| {
        let raw = key.raw;
        let value = scanner.value()?;
        found.push((raw, value));
        Ok(())
    })?;
    scanner.end()?;
    Ok(found)
}

/// Where the value of one member of a JSON object stands.
pub fn member(bytes: &[u8], name: &str) -> Option<Span> {
    members(bytes).ok()?.into_iter().find(|(key, _)| *key == name.as_bytes()).map(|(_, value)| value)
}

/// Why an array is no batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// Not JSON that we accept.
    #[error(transparent)]
    Json(#[from] ScanError),
    /// A batch without messages.
    #[error("a batch holds at least one message")]
    Empty,
    /// A batch with more messages than we take at once.
    #[error("a batch holds at most {0} messages")]
    TooMany(usize),
}

impl BatchError {
    /// The JSON-RPC code of this refusal.
    pub fn code(self) -> i32 {
        if let Self::Json(_) = self { code::PARSE } else { code::INVALID_REQUEST }
    }
}

/// Where the messages of a batch stand.
pub fn batch(bytes: &[u8], messages_max: usize) -> Result<Vec<Span>, BatchError> {
    let found = items(bytes)?;
    match found.len() {
        0 => Err(BatchError::Empty),
        count if count > messages_max => Err(BatchError::TooMany(messages_max)),
        _ => Ok(found),
    }
}
