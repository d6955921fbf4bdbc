//! A request that is turned away: why, and with which HTTP status. How that is written is for the two kinds of envelope.

use http::StatusCode;
use mcp::code;

use crate::{failure::Failure, pipeline::wishes, session::Unknown};

/// A request that is turned away.
#[derive(Debug)]
pub(super) struct Refusal {
    /// The HTTP status.
    pub(super) status: u16,
    /// The reason.
    pub(super) failure: Failure,
}

impl Refusal {
    /// A header or a body that does not say what it has to.
    pub(super) fn bad(text: impl Into<String>) -> Self {
        Self { status: 400, failure: Failure::Refused(code::INVALID_PARAMS, text.into()) }
    }

    /// A request that is over before there is a message.
    pub(super) fn early((status, text): (StatusCode, &'static str)) -> Self {
        Self { status: status.as_u16(), failure: Failure::Refused(code::INVALID_REQUEST, text.to_owned()) }
    }

    /// No session where there has to be one.
    pub(super) fn without_session() -> Self {
        let text = "no session: send POST /mcp/initialize first, and its `session_id` in X-Session-ID from then on";
        Failure::Refused(code::NO_SESSION, text.to_owned()).into()
    }
}

/// A wish that cannot be understood: nothing is called.
impl From<wishes::Unclear> for Refusal {
    fn from(unclear: wishes::Unclear) -> Self {
        Self::bad(unclear.to_string())
    }
}

/// The status of the table that all edges share.
impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self { status: code::http_status(failure.code(), true), failure }
    }
}

impl From<Unknown> for Refusal {
    fn from(why: Unknown) -> Self {
        let (code, text) = match why {
            Unknown::Gone => (code::SESSION_EXPIRED, "the session has ended: send POST /mcp/initialize again"),
            Unknown::Full => (code::OVERLOADED, "too many sessions: call again when others have ended"),
        };
        Failure::Refused(code, text.to_owned()).into()
    }
}
