//! Error codes of both eras and of the gateway, and the HTTP status that goes with each.

/// The bytes are not JSON.
pub const PARSE: i32 = -32700;
/// JSON, but not a message that fits here.
pub const INVALID_REQUEST: i32 = -32600;
/// No such method, or its capability is not offered.
pub const METHOD_NOT_FOUND: i32 = -32601;
/// The method exists, its parameters do not fit.
pub const INVALID_PARAMS: i32 = -32602;
/// Our own fault, or an upstream answer that we cannot pass on.
pub const INTERNAL: i32 = -32603;
/// A mirrored header is missing or differs from the body (modern).
pub const HEADER_MISMATCH: i32 = -32020;
/// The client did not declare a capability that the request needs (modern).
pub const MISSING_CAPABILITY: i32 = -32021;
/// The protocol version is not served (modern).
pub const UNSUPPORTED_VERSION: i32 = -32022;
/// A resource does not exist (legacy only; modern says [`INVALID_PARAMS`]).
pub const LEGACY_RESOURCE_NOT_FOUND: i32 = -32002;
/// A URL has to be visited first (2025-11-25 only).
pub const LEGACY_URL_ELICITATION: i32 = -32042;
/// No session (legacy).
pub const NO_SESSION: i32 = -31000;
/// The session has ended or was never ours (legacy).
pub const SESSION_EXPIRED: i32 = -31001;
/// The deadline passed while waiting.
pub const DEADLINE: i32 = -31002;
/// A rate is used up.
pub const RATE_LIMITED: i32 = -31003;
/// An outside system is not available.
pub const UNAVAILABLE: i32 = -31004;
/// A limit of the gateway is reached; the request was shed.
pub const OVERLOADED: i32 = -31007;
/// The connection to a server was lost and the outcome is unknown.
pub const OUTCOME_UNKNOWN: i32 = -31009;
/// An operator ended the call.
pub const CANCELLED: i32 = -31012;

/// The HTTP status of an error answer, before a stream has been committed.
pub fn http_status(code: i32, modern: bool) -> u16 {
    match code {
        PARSE | INVALID_REQUEST | HEADER_MISMATCH | MISSING_CAPABILITY | UNSUPPORTED_VERSION | NO_SESSION => 400,
        METHOD_NOT_FOUND if modern => 404,
        SESSION_EXPIRED => 404,
        DEADLINE => 408,
        RATE_LIMITED => 429,
        UNAVAILABLE | OVERLOADED => 503,
        OUTCOME_UNKNOWN => 502,
        CANCELLED => 409,
        _ => 200,
    }
}
