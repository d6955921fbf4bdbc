//! What a message claims to be, told by its own content: the version in `_meta`, the version header, `initialize`, the session.

use mcp::{Envelope, Kind, Meta, Method, Version, code};

use super::modern_head::unsupported;
use crate::edge::{Reply, head::Head};

/// What a message claims to be.
pub(super) enum Claim {
    Modern,
    Handshake,
    Session(String),
    Stateless,
    Refused(Reply),
}

/// Tells the era of a message by its own content: the version in `_meta`, the version header, `initialize`, the session.
pub(super) fn classify(head: &Head<'_>, message: &Envelope) -> Claim {
    let claimed = message.meta_members().get(Meta::ProtocolVersion).is_some() && message.kind() == Kind::Request;
    if claimed || is_modern(head) {
        return if matches!(message.kind(), Kind::Result | Kind::Error) {
            Claim::Refused(Reply::error(None, code::INVALID_REQUEST, "answers are not sent to this endpoint", true))
        } else {
            Claim::Modern
        };
    }
    if message.kind() == Kind::Request && message.known_method() == Method::Initialize {
        return Claim::Handshake;
    }
    if let Some(id) = head.session.first() {
        return Claim::Session(String::from_utf8_lossy(id.as_bytes()).into_owned());
    }
    match message.kind() {
        Kind::Result | Kind::Error => {
            Claim::Refused(Reply::error(None, code::INVALID_REQUEST, "an answer without a session", true))
        }
        _ => match head.version.first().map(|value| value.to_str().unwrap_or_default()) {
            Some(unknown) if Version::parse(unknown).is_none() => Claim::Refused(unsupported(message, unknown)),
            _ => Claim::Stateless,
        },
    }
}

pub(super) fn session_id<'h>(head: &Head<'h>) -> Option<&'h str> {
    head.session.first().and_then(|id| id.to_str().ok())
}

pub(super) fn is_modern(head: &Head<'_>) -> bool {
    head.version
        .first()
        .and_then(|value| value.to_str().ok())
        .is_some_and(|version| version >= Version::V2026_07_28.as_str() && version.len() == 10)
}
