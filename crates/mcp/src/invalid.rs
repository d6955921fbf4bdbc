//! Why a message is refused before anyone looks at what it wants.

use crate::{ScanError, code};

/// The reason of a refusal; each has its JSON-RPC code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Not JSON that we accept.
    #[error(transparent)]
    Json(#[from] ScanError),
    /// An array where one message belongs.
    #[error("batches are not part of this protocol version: send one message per request")]
    Batch,
    /// JSON, but no object.
    #[error("a message is a JSON object")]
    NotAnObject,
    /// The `jsonrpc` member is missing or says something else.
    #[error("`jsonrpc` must be \"2.0\"")]
    Version,
    /// Neither request, notification nor answer.
    #[error("a message has either a `method`, a `result` or an `error`, and an answer has an `id`")]
    Shape,
    /// The id is null, a fraction, a container or absurdly long.
    #[error("`id` must be a string or an integer")]
    Id,
    /// The method is no plain string.
    #[error("`method` must be a non-empty string without escapes")]
    Method,
    /// A key that we route on stands twice in its object.
    #[error("the key `{0}` appears twice")]
    DuplicateKey(&'static str),
    /// A key that another parser might take for one that we route on.
    #[error("a key looks like `{0}` but is spelled differently")]
    TwinKey(&'static str),
}

impl Invalid {
    /// The JSON-RPC code of this refusal.
    pub fn code(self) -> i32 {
        match self {
            Self::Json(_) => code::PARSE,
            _ => code::INVALID_REQUEST,
        }
    }
}
