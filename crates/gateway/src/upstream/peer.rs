//! What a server says of itself, in the answer to `initialize` or `server/discover`.

use bytes::Bytes;
use mcp::{Envelope, Era, ResultKey, array, plain_text};

/// A server as it introduced itself.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The era it is driven in.
    pub era: Era,
    /// The revision agreed on.
    pub version: String,
    /// `capabilities`, a raw object.
    pub capabilities: Bytes,
    /// `serverInfo`, a raw object; empty if it did not say.
    pub info: Bytes,
    /// `instructions`, a raw string; empty if there are none.
    pub instructions: Bytes,
}

impl Peer {
    /// Reads the result of a legacy handshake.
    pub fn from_initialize(answer: &Envelope) -> Option<Self> {
        let version = answer.result_text(ResultKey::ProtocolVersion)?.to_owned();
        Some(Self::read(answer, Era::Legacy, version))
    }

    /// Reads the result of `server/discover`, if it offers a modern revision that we speak.
    pub fn from_discover(answer: &Envelope) -> Option<Self> {
        let versions = answer.result_raw(ResultKey::SupportedVersions)?;
        let ours = mcp::Version::LATEST.as_str();
        let spoken =
            array::items(versions).ok()?.iter().any(|span| span.of(versions).and_then(plain_text) == Some(ours));
        spoken.then(|| Self::read(answer, Era::Modern, ours.to_owned()))
    }

    fn read(answer: &Envelope, era: Era, version: String) -> Self {
        let raw = |key| answer.result_raw(key).map(Bytes::copy_from_slice).unwrap_or_default();
        let info = match era {
            Era::Legacy => raw(ResultKey::ServerInfo),
            Era::Modern => answer.meta_raw(mcp::Meta::ServerInfo).map(Bytes::copy_from_slice).unwrap_or_default(),
        };
        Self {
            era,
            version,
            capabilities: raw(ResultKey::Capabilities),
            info,
            instructions: raw(ResultKey::Instructions),
        }
    }

    /// Whether calls of its tools can become core tasks (2025-11-25).
    pub fn has_core_tasks(&self) -> bool {
        self.era == Era::Legacy && self.can(&["tasks", "requests", "tools", "call"])
    }

    /// Whether it declares this capability, given as a path like `["resources", "subscribe"]`.
    pub fn can(&self, path: &[&str]) -> bool {
        let mut at = &self.capabilities[..];
        for name in path {
            match array::member(at, name).and_then(|span| span.of(at)) {
                Some(b"false" | b"null") | None => return false,
                Some(value) => at = value,
            }
        }
        true
    }
}
