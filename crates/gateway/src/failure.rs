//! Why a call got no answer from its upstream, and what the client is told: whose fault it was and what to do next.

use std::time::Duration;

use bytes::Bytes;
use mcp::{Method, code, message};

/// A call that ended without an answer of its upstream.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Failure {
    /// The upstream could not be reached or started; nothing was sent.
    #[error("the server is not available: {0}")]
    Unavailable(String),
    /// It failed so lately that it is left alone for a while; nothing was sent.
    #[error("{what} is left alone for another {:.1} s: {reason}", left.as_secs_f32())]
    LeftAlone {
        /// The server, or a tool of it.
        what: &'static str,
        /// What happened.
        reason: String,
        /// When to come again.
        left: Duration,
    },
    /// The upstream has no time now, and did not read the request.
    #[error("the server turns the request away (HTTP {status})")]
    TurnedAway {
        /// 429 or 503.
        status: u16,
        /// When to come again, if it says so.
        after: Option<Duration>,
    },
    /// There is no room for another connection to the upstream; nothing was sent.
    #[error("the server is not available: {0}")]
    NoRoom(String),
    /// The upstream asks for a sign-in that the gateway does not have.
    #[error("the server refuses our credentials (HTTP {0})")]
    Unauthorized(u16),
    /// The connection broke after the request had been sent.
    #[error("the connection to the server was lost during the call")]
    Lost,
    /// A fault rule of an administrator kept the call from its server.
    #[error("the fault rule {rule}, which somebody has made on purpose, {}", if *is_lost { "lost the call" } else { "keeps its server out of reach; nothing was sent" })]
    OnPurpose {
        /// Its number.
        rule: u64,
        /// Whether it is to look as if the connection had broken after the request had been sent.
        is_lost: bool,
    },
    /// The server has forgotten our session and did nothing.
    #[error("the server has forgotten the session")]
    SessionGone,
    /// Silence until the deadline.
    #[error("the server did not answer in time")]
    Timeout,
    /// The upstream answered with something that is no answer.
    #[error("the server sent an answer that cannot be used: {0}")]
    Garbage(String),
    /// The upstream turned the request away with this HTTP status and did not read it.
    #[error("the server rejects the request (HTTP {0})")]
    Rejected(u16),
    /// The answer is larger than allowed.
    #[error("the server's answer is larger than {0} bytes")]
    TooLarge(usize),
    /// Too many calls are in flight.
    #[error("too many calls to this server are in flight")]
    Overloaded,
    /// Too many calls wait already.
    #[error("{whose}")]
    Full {
        /// Whose calls are too many.
        whose: &'static str,
        /// When there may be room.
        retry_after: Duration,
    },
    /// By what calls took so far it would start after its deadline, or end after it; nothing was sent.
    #[error("{}; nothing was sent", too_late(*wait, *takes))]
    TooLate {
        /// How long those before it take at least.
        wait: Duration,
        /// How long it takes itself at least, where that is known and matters.
        takes: Duration,
    },
    /// When it was its turn, the call had less time left than calls like it take; nothing was sent.
    #[error("it was the call's turn when it had too little time left: calls like it take {:.1} s; nothing was sent", takes.as_secs_f32())]
    TooShort {
        /// How long calls like it take.
        takes: Duration,
        /// When those that wait will have had their turn.
        retry_after: Duration,
    },
    /// The deadline passed before it was the call's turn; nothing was sent.
    #[error("it was not the call's turn before its deadline; nothing was sent")]
    Expired,
    /// The deadline passed after the call had been sent, and it is one that acts.
    #[error("the server did not answer in time, and what it did is not known")]
    Unanswered,
    /// The call was made in another life of the program, and nobody knows how it ended.
    #[error("what became of the call is not known: {0}")]
    OutcomeUnknown(String),
    /// The first call under the same key is still under way, and there is no more time to wait for it.
    #[error("the first call under this idempotency key is still under way")]
    StillUnderWay,
    /// An operator ended the call.
    #[error("the call was cancelled by an operator{}", if *was_sent { "" } else { " while it waited; nothing was sent" })]
    Withdrawn {
        /// Whether it had been sent.
        was_sent: bool,
    },
    /// A rate is used up; nothing was done.
    #[error("{whose} more calls than are allowed in this time")]
    TooOften {
        /// Whose rate it is, as the start of the sentence.
        whose: &'static str,
        /// When there is room again.
        retry_after: Duration,
    },
    /// The server asked for something that the client did not declare.
    #[error("this needs a capability that the client did not declare")]
    MissingCapability(&'static str),
    /// No server has this resource.
    #[error("resource not found: {0}")]
    NotFound(String),
    /// The caller wants a kept answer or none.
    #[error("no answer to this call is kept, and it asks for no other")]
    NotKept,
    /// No server has a tool or prompt of this name.
    #[error("{0}")]
    UnknownName(String),
    /// A finished error answer of our own.
    #[error("{1}")]
    Refused(i32, String),
}

/// When to come again for who holds too much: until then something is taken, or whoever takes nothing is cut off.
const UNTAKEN_RETRY_AFTER: Duration = Duration::from_secs(1);

impl Failure {
    /// Too much is held for the caller, who has to take it first.
    pub fn untaken() -> Self {
        Self::Full {
            whose: "your requests and answers that have not been taken yet are larger than `limits.principal_bytes_max`",
            retry_after: UNTAKEN_RETRY_AFTER,
        }
    }

    /// The code of the contract's table of tool errors.
    fn tool_code(&self) -> &'static str {
        match self {
            Self::TooOften { .. } | Self::TurnedAway { status: 429, .. } => "RATE_LIMITED",
            Self::Unavailable(_)
            | Self::OnPurpose { is_lost: false, .. }
            | Self::LeftAlone { .. }
            | Self::TurnedAway { .. }
            | Self::NoRoom(_)
            | Self::NotKept
            | Self::SessionGone => "UNAVAILABLE",
            Self::Unauthorized(_) => "UNAUTHORIZED",
            Self::Lost | Self::OnPurpose { is_lost: true, .. } | Self::Unanswered | Self::OutcomeUnknown(_) => {
                "OUTCOME_UNKNOWN"
            }
            Self::Timeout | Self::Expired | Self::TooLate { .. } | Self::TooShort { .. } | Self::StillUnderWay => {
                "TIMEOUT"
            }
            Self::Withdrawn { .. } => "CANCELLED",
            Self::Garbage(_) | Self::Rejected(_) => "UPSTREAM_ERROR",
            Self::TooLarge(_) => "TOO_LARGE",
            Self::Overloaded | Self::Full { .. } | Self::Refused(code::OVERLOADED, _) => "OVERLOADED",
            Self::MissingCapability(_) | Self::Refused(code::MISSING_CAPABILITY, _) => "NOT_SUPPORTED",
            Self::NotFound(_) | Self::UnknownName(_) | Self::Refused(code::SESSION_EXPIRED, _) => "NOT_FOUND",
            Self::Refused(..) => "INVALID_INPUT",
        }
    }

    /// What happened, as part of a sentence that already says which server is meant.
    pub fn reason(&self) -> String {
        match self {
            Self::Unavailable(reason) | Self::NoRoom(reason) => reason.clone(),
            failure => failure.to_string(),
        }
    }

    /// Whether a kept answer or another instance may stand in: the server gave no answer, and the caller did nothing wrong.
    pub fn is_of_the_server(&self) -> bool {
        !matches!(
            self,
            Self::NotKept
                | Self::StillUnderWay
                | Self::TooOften { .. }
                | Self::Refused(..)
                | Self::MissingCapability(_)
                | Self::NotFound(_)
                | Self::UnknownName(_)
                | Self::Unauthorized(_)
                | Self::TooLarge(_)
        )
    }

    /// What to do next.
    fn hint(&self) -> &'static str {
        match self {
            Self::Unavailable(_) | Self::SessionGone => {
                "see the server's log in the output of the gateway, then call again"
            }
            Self::OnPurpose { .. } => "`switchboard fault list` says who made it and how long it lasts",
            Self::LeftAlone { .. } => {
                "call again after `retry_after_ms`; who has mended the server may run `switchboard server reset-breaker`"
            }
            Self::TurnedAway { .. } => "the server has too much to do: call again later",
            Self::Unauthorized(_) => "put valid credentials into the server's `headers`",
            Self::Lost | Self::Unanswered | Self::OutcomeUnknown(_) => {
                "the act may have happened: look before you call again"
            }
            Self::Timeout => {
                "the call was cancelled; a longer `timeout_s` of its tool or its server gives it more time"
            }
            Self::Garbage(_) | Self::Rejected(_) => "this is a fault of the server: its log may say more",
            Self::TooLarge(_) => "ask for less, or raise `limits.result_bytes_max` and `limits.line_bytes_max`",
            Self::NoRoom(_) | Self::Overloaded | Self::Full { .. } | Self::Refused(code::OVERLOADED, _) => {
                "call again in a moment"
            }
            Self::Expired | Self::TooLate { .. } | Self::TooShort { .. } => "call again later, or give it more time",
            Self::StillUnderWay => "call again under the same key: that makes it no second time",
            Self::Withdrawn { was_sent: false } => "ask the operator before you call again",
            Self::Withdrawn { was_sent: true } => {
                "what it had begun may have happened: ask the operator before you call again"
            }
            Self::TooOften { .. } => "call again after `retry_after_ms`",
            Self::Refused(code::NO_SESSION | code::SESSION_EXPIRED, _) => "open a session, and name it",
            Self::MissingCapability(_) | Self::Refused(code::MISSING_CAPABILITY, _) => {
                "use a client that can answer questions of servers"
            }
            Self::NotFound(_) => "list the resources and read one of them",
            Self::NotKept => "call again without `only-if-cached`",
            Self::UnknownName(_) => "list what there is, and use one of the names",
            Self::Refused(..) => "check the arguments",
        }
    }

    /// The JSON-RPC code where the failure cannot be told as a tool result.
    pub fn code(&self) -> i32 {
        match self {
            Self::Unavailable(_)
            | Self::OnPurpose { is_lost: false, .. }
            | Self::LeftAlone { .. }
            | Self::TurnedAway { .. }
            | Self::NoRoom(_)
            | Self::Unauthorized(_)
            | Self::NotKept
            | Self::SessionGone => code::UNAVAILABLE,
            Self::Lost | Self::OnPurpose { is_lost: true, .. } | Self::Unanswered | Self::OutcomeUnknown(_) => {
                code::OUTCOME_UNKNOWN
            }
            Self::Timeout | Self::Expired | Self::TooLate { .. } | Self::TooShort { .. } | Self::StillUnderWay => {
                code::DEADLINE
            }
            Self::Garbage(_) | Self::Rejected(_) | Self::TooLarge(_) => code::INTERNAL,
            Self::Withdrawn { .. } => code::CANCELLED,
            Self::Overloaded | Self::Full { .. } => code::OVERLOADED,
            Self::TooOften { .. } => code::RATE_LIMITED,
            Self::MissingCapability(_) => code::MISSING_CAPABILITY,
            Self::NotFound(_) | Self::UnknownName(_) => code::INVALID_PARAMS,
            Self::Refused(code, _) => *code,
        }
    }

    /// The answer to the client with this request id: a tool result that the model can read where there is one, else an error.
    pub fn answer(&self, id: &[u8], method: Method, modern: bool) -> Bytes {
        let refusal = matches!(
            self,
            Self::Overloaded
                | Self::Full { .. }
                | Self::Expired
                | Self::TooLate { .. }
                | Self::TooShort { .. }
                | Self::StillUnderWay
                | Self::TooOften { .. }
                | Self::LeftAlone { .. }
                | Self::Withdrawn { was_sent: false }
                | Self::NotKept
                | Self::UnknownName(_)
                | Self::Refused(..)
        ) || (modern && matches!(self, Self::MissingCapability(_)));
        if method == Method::ToolsCall && !refusal {
            return message::result(id, &self.tool_result(modern));
        }
        let data = match self {
            Self::MissingCapability(required) => format!(r#"{{"requiredCapabilities":{required}}}"#).into_bytes(),
            Self::NotFound(uri) => serde_json::json!({ "uri": uri }).to_string().into_bytes(),
            _ => self.details(),
        };
        let code =
            if matches!(self, Self::NotFound(_)) && !modern { code::LEGACY_RESOURCE_NOT_FOUND } else { self.code() };
        message::error(Some(id), code, &self.to_string(), Some(&data))
    }

    /// What is told beside the text: code, hint, and whether and when to call again.
    pub(crate) fn details(&self) -> Vec<u8> {
        let mut details = serde_json::json!({
            "code": self.tool_code(), "message": self.to_string(), "hint": self.hint(), "retryable": self.is_retryable(),
        });
        if let Some(after) = self.retry_after() {
            details["retry_after_ms"] = u64::try_from(after.as_millis()).unwrap_or(u64::MAX).into();
        }
        if let Self::OnPurpose { rule, .. } = self {
            details["fault_rule"] = (*rule).into();
        }
        details.to_string().into_bytes()
    }

    /// Whether the same call may succeed later, and can do no harm twice.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::Unavailable(_)
                | Self::OnPurpose { is_lost: false, .. }
                | Self::LeftAlone { .. }
                | Self::TurnedAway { .. }
                | Self::NoRoom(_)
                | Self::TooOften { .. }
                | Self::Overloaded
                | Self::Full { .. }
                | Self::Expired
                | Self::TooLate { .. }
                | Self::TooShort { .. }
                | Self::StillUnderWay
        )
    }

    /// Whether the server may have done what was asked of it, or a part.
    pub fn may_have_happened(&self) -> bool {
        match self {
            Self::Lost
            | Self::OnPurpose { is_lost: true, .. }
            | Self::Timeout
            | Self::Unanswered
            | Self::OutcomeUnknown(_)
            | Self::Withdrawn { was_sent: true }
            | Self::Garbage(_)
            | Self::TooLarge(_) => true,
            // without a time it may come from something between us and the server that knows nothing of its fate
            Self::TurnedAway { status, after } => *status != 429 && after.is_none(),
            _ => false,
        }
    }

    /// When to come again, where that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::LeftAlone { left, .. } => Some(*left),
            Self::TooLate { wait, .. } => Some(*wait),
            Self::TurnedAway { after, .. } => *after,
            Self::TooOften { retry_after, .. }
            | Self::Full { retry_after, .. }
            | Self::TooShort { retry_after, .. } => Some(*retry_after),
            _ => None,
        }
    }

    fn tool_result(&self, modern: bool) -> Vec<u8> {
        let text = format!("[{}] {self}\nhint: {}", self.tool_code(), self.hint());
        let mut out = if modern {
            br#"{"resultType":"complete","content":[{"type":"text","text":"#.to_vec()
        } else {
            br#"{"content":[{"type":"text","text":"#.to_vec()
        };
        message::push_string(&mut out, &text);
        out.extend_from_slice(br#"}],"isError":true,"_meta":{"dev.switchboard/error":"#);
        out.extend_from_slice(&self.details());
        out.extend_from_slice(b"}}");
        out
    }
}

fn too_late(wait: Duration, takes: Duration) -> String {
    let (wait, takes) = (wait.as_secs_f32(), takes.as_secs_f32());
    if takes == 0.0 {
        return format!("it would not be the call's turn before its deadline: others take {wait:.1} s at least");
    }
    format!(
        "the call would not end before its deadline: others take {wait:.1} s at least before it, and it {takes:.1} s"
    )
}

/// An error and what caused it, on one line.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

impl From<egress::Error> for Failure {
    fn from(error: egress::Error) -> Self {
        match error.sent() {
            egress::Sent::No => Self::Unavailable(with_causes(&error)),
            egress::Sent::Maybe => Self::Lost,
        }
    }
}

impl From<supervisor::Error> for Failure {
    fn from(error: supervisor::Error) -> Self {
        Self::Unavailable(with_causes(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_reached_the_server_did_not_happen() {
        let away = |status, after: Option<u64>| Failure::TurnedAway { status, after: after.map(Duration::from_secs) };
        for unsent in [
            Failure::Unavailable(String::new()),
            Failure::Withdrawn { was_sent: false },
            Failure::Expired,
            away(429, None),
            away(503, Some(1)),
        ] {
            assert!(!unsent.may_have_happened(), "{unsent:?}");
        }
        for sent in [Failure::Lost, Failure::Timeout, Failure::Withdrawn { was_sent: true }, away(503, None)] {
            assert!(sent.may_have_happened(), "{sent:?}");
        }
    }

    #[test]
    fn a_resource_that_is_not_there_has_the_code_of_the_clients_era() {
        let check = |modern, code: i32| {
            let answer = Failure::NotFound("note://x".to_owned()).answer(b"1", Method::ResourcesRead, modern);
            let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
            assert_eq!(answer["error"]["code"], code, "{answer}");
            assert_eq!(answer["error"]["data"]["uri"], "note://x", "{answer}");
        };
        check(true, -32602);
        check(false, -32002);
    }
}
