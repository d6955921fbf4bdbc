//! What a gRPC server adds to its status: `google.rpc.Status` in the trailer `grpc-status-details-bin`. The details that a
//! caller can act on become text; those of other kinds, and what is no protobuf, are left out.

use std::time::Duration;

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use http::HeaderMap;
use prost::Message;

/// Servers write it with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Details of one status: as many as anybody reads.
const DETAILS_MAX: usize = 20;

/// The longest wait that is passed on: who is told of a later time is better told of none.
const RETRY_AFTER_MAX: Duration = Duration::from_hours(1);

/// What is known beside the status itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Details {
    /// What a caller can act on, one sentence each.
    pub(super) said: Vec<String>,
    /// After which time a later try may succeed.
    pub(super) retry_after: Option<Duration>,
}

#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(message, repeated, tag = "3")]
    details: Vec<Detail>,
}

#[derive(Clone, PartialEq, Message)]
struct Detail {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "bytes", tag = "2")]
    value: Bytes,
}

/// `BadRequest`, `PreconditionFailure` and `QuotaFailure`: all are a list of violations in field 1.
#[derive(Clone, PartialEq, Message)]
struct Violations {
    #[prost(message, repeated, tag = "1")]
    violations: Vec<Violation>,
}

#[derive(Clone, PartialEq, Message)]
struct Violation {
    #[prost(string, tag = "1")]
    first: String,
    #[prost(string, tag = "2")]
    second: String,
    #[prost(string, tag = "3")]
    third: String,
}

/// `ErrorInfo` and `ResourceInfo`, as far as they are told.
#[derive(Clone, PartialEq, Message)]
struct Pair {
    #[prost(string, tag = "1")]
    first: String,
    #[prost(string, tag = "2")]
    second: String,
}

#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    delay: Option<Delay>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Delay {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

impl Details {
    /// Those that came with a status.
    pub(super) fn read(headers: &HeaderMap) -> Self {
        let mut told = Self::default();
        let Some(value) = headers.get("grpc-status-details-bin") else { return told };
        let status = BASE64.decode(value).ok().and_then(|bytes| Status::decode(bytes.as_slice()).ok());
        for detail in status.into_iter().flat_map(|status| status.details).take(DETAILS_MAX) {
            // what is no protobuf says nothing
            let _ = told.add(&detail.type_url, detail.value);
        }
        told
    }

    fn add(&mut self, kind: &str, value: Bytes) -> Result<(), prost::DecodeError> {
        match kind.rsplit('/').next().and_then(|name| name.strip_prefix("google.rpc.")) {
            Some("BadRequest" | "QuotaFailure") => {
                let violations = Violations::decode(value)?.violations.into_iter();
                self.said.extend(violations.map(|violation| joined(&[&violation.first, &violation.second])));
            }
            Some("PreconditionFailure") => {
                let violations = Violations::decode(value)?.violations.into_iter();
                self.said.extend(
                    violations.map(|violation| joined(&[&violation.first, &violation.second, &violation.third])),
                );
            }
            Some("ErrorInfo") => {
                let info = Pair::decode(value)?;
                self.said.push(joined(&["reason", &info.first, &info.second]));
            }
            Some("ResourceInfo") => {
                let info = Pair::decode(value)?;
                self.said.push(joined(&[&info.first, &info.second]));
            }
            Some("LocalizedMessage") => self.said.push(Pair::decode(value)?.second),
            Some("RetryInfo") => self.retry_after = RetryInfo::decode(value)?.delay.and_then(Delay::time),
            _ => {}
        }
        Ok(())
    }
}

impl Delay {
    fn time(self) -> Option<Duration> {
        let time = Duration::new(self.seconds.try_into().ok()?, self.nanos.try_into().ok()?);
        (time <= RETRY_AFTER_MAX).then_some(time)
    }
}

/// The parts that say something.
fn joined(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    parts.join(": ")
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose;
    use http::HeaderValue;

    use super::*;

    fn detail(name: &str, value: &impl Message) -> Detail {
        Detail { type_url: format!("type.googleapis.com/google.rpc.{name}"), value: value.encode_to_vec().into() }
    }

    fn read(details: Vec<Detail>, engine: &GeneralPurpose) -> Details {
        let encoded = engine.encode(Status { details }.encode_to_vec());
        Details::read(&HeaderMap::from_iter([(
            "grpc-status-details-bin".parse().expect("a name"),
            HeaderValue::try_from(encoded).expect("base64 is text"),
        )]))
    }

    fn violation(first: &str, second: &str, third: &str) -> Violations {
        let [first, second, third] = [first, second, third].map(str::to_owned);
        Violations { violations: vec![Violation { first, second, third }] }
    }

    #[test]
    fn details_that_a_caller_can_act_on_become_text() {
        let details = || {
            let info = Pair { first: "STOCKOUT".to_owned(), second: "shop.example".to_owned() };
            let delay = Some(Delay { seconds: 2, nanos: 500_000_000 });
            vec![
                detail("BadRequest", &violation("name", "must not be empty", "")),
                detail("PreconditionFailure", &violation("TOS", "user", "accept the terms")),
                detail("ErrorInfo", &info),
                detail("DebugInfo", &violation("at line 7", "", "")),
                detail("RetryInfo", &RetryInfo { delay }),
            ]
        };
        for engine in [general_purpose::STANDARD, general_purpose::STANDARD_NO_PAD] {
            let told = read(details(), &engine);
            let expected = ["name: must not be empty", "TOS: user: accept the terms", "reason: STOCKOUT: shop.example"];
            assert_eq!(told.said, expected);
            assert_eq!(told.retry_after, Some(Duration::from_millis(2_500)));
        }
    }

    #[test]
    fn nonsense_is_left_out() {
        let broken = Detail { value: Bytes::from_static(b"\xff"), ..detail("BadRequest", &Violations::default()) };
        let late = Some(Delay { seconds: i64::MAX, nanos: 0 });
        let early = Some(Delay { seconds: -1, nanos: -1 });
        for delay in [late, early] {
            let told =
                read(vec![broken.clone(), detail("RetryInfo", &RetryInfo { delay })], &general_purpose::STANDARD);
            assert_eq!(told, Details::default());
        }
        let no_base64 =
            HeaderMap::from_iter([("grpc-status-details-bin".parse().expect("a name"), HeaderValue::from_static("!"))]);
        assert_eq!(Details::read(&no_base64), Details::default());
        let many = (0..1_000).map(|_| detail("BadRequest", &violation("a", "b", ""))).collect();
        assert_eq!(read(many, &general_purpose::STANDARD).said.len(), DETAILS_MAX);
    }
}
