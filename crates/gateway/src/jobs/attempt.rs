//! One call of a job, and what follows from its end. Only what is known to have had no effect, or may have it twice, is
//! tried again.

use std::sync::{Arc, Weak};

use bytes::Bytes;
use mcp::{Envelope, Era, ErrorKey, Kind, Meta, Method, ResultKey, message};
use store::{Claimed, Ended, Outcome};

use crate::{
    call::{Abilities, Answer, Caller},
    catalogue::Endpoint,
    even::now_ms,
    failure::Failure,
    gateway::Gateway,
    pipeline::{carry, wishes::Wishes},
    principal::Principal,
    route::{Inbound, route},
    seals::random,
};

/// Makes the call of a job, and says what became of it.
pub(super) async fn attempt(gateway: &Gateway, claimed: &Claimed) -> Outcome {
    let Some(principal) = gateway.identities.named(&claimed.job.owner) else {
        let reason = format!("`{}` may not call any more", claimed.job.owner);
        return Outcome::Failed { reason, answer: None };
    };
    let (server, end) = match made(gateway, claimed, principal.clone()).await {
        Ok(made) => made,
        // its server may be on its way
        Err(failure) => return again(gateway, claimed, &failure),
    };
    match end.and_then(|answer| answer.understood(Method::ToolsCall)) {
        Ok(answer) => answered(&server, &answer),
        Err(failure) => failed(gateway, claimed, &failure),
    }
}

/// Makes the call as its owner would. An error means that it was not even begun.
async fn made(
    gateway: &Gateway,
    claimed: &Claimed,
    principal: Arc<Principal>,
) -> Result<(String, Result<Answer, Failure>), Failure> {
    let inbound = inbound(gateway, claimed, principal)?;
    let (upstream, call) = Box::pin(route(&gateway.catalogue, &gateway.seals, inbound)).await?;
    let end = carry(gateway, &upstream, &call).await.finish().await;
    Ok((upstream.name.to_string(), end))
}

fn inbound(gateway: &Gateway, claimed: &Claimed, principal: Arc<Principal>) -> Result<Inbound, Failure> {
    let request = Envelope::parse(&claimed.request, mcp::ScanLimits { depth_max: 128 })
        .map_err(|invalid| Failure::Garbage(invalid.to_string()))?;
    let is_modern = request.meta_raw(Meta::ProtocolVersion).is_some();
    let caller = Caller {
        principal,
        session: None,
        era: if is_modern { Era::Modern } else { Era::Legacy },
        facts: gateway.no_facts.clone(),
        abilities: Abilities::default(),
        reach: Weak::new(),
    };
    let endpoint = Endpoint::of_path(&claimed.job.endpoint);
    Ok(Inbound { caller, endpoint, request, param_headers: None, wishes: Wishes::default() })
}

/// What an answer means for the job.
fn answered(server: &str, answer: &Answer) -> Outcome {
    let envelope = &answer.envelope;
    let kept =
        || Ended { answer: envelope.bytes().clone(), server: server.to_owned(), modern: answer.era == Era::Modern };
    if envelope.kind() == Kind::Error {
        let text = envelope.error_members().get(ErrorKey::Message).value.of(envelope.bytes()).unwrap_or(b"\"\"");
        let text: String = serde_json::from_slice(text).unwrap_or_default();
        return Outcome::Failed { reason: format!("the server refused: {text}"), answer: Some(kept()) };
    }
    if envelope.result_text(ResultKey::ResultType) == Some("input_required") {
        let reason = "the tool asks for input, which a job cannot give: call it and wait for the answer".to_owned();
        return Outcome::Failed { reason, answer: None };
    }
    let is_error = envelope.result_raw(ResultKey::IsError) == Some(b"true");
    let reason = is_error.then(|| "the tool answered that it did not succeed".to_owned());
    Outcome::Completed { answer: kept(), reason }
}

/// What a call without an answer means for the job.
fn failed(gateway: &Gateway, claimed: &Claimed, failure: &Failure) -> Outcome {
    let was_refused = matches!(failure, Failure::SessionGone | Failure::Rejected(_));
    let was_lost = matches!(failure, Failure::Lost | Failure::Timeout | Failure::Garbage(_))
        || matches!(failure, Failure::OnPurpose { is_lost: true, .. });
    let may_do_better = failure.is_retryable() || was_refused || was_lost;
    if may_do_better && (claimed.job.repeatable || !failure.may_have_happened()) {
        again(gateway, claimed, failure)
    } else if failure.may_have_happened() && !claimed.job.repeatable {
        Outcome::Unknown { reason: format!("{failure}: look whether it happened before you call again") }
    } else {
        Outcome::Failed { reason: failure.to_string(), answer: None }
    }
}

fn again(gateway: &Gateway, claimed: &Claimed, failure: &Failure) -> Outcome {
    let settings = &gateway.job_settings;
    let reason = failure.to_string();
    if claimed.job.attempts >= settings.attempts_max {
        return Outcome::Failed { reason: format!("{reason} ({} attempts)", claimed.job.attempts), answer: None };
    }
    let drawn = u64::from_be_bytes(random()) % longest_wait(settings, claimed.job.attempts).max(1);
    let wanted = failure.retry_after().map_or(0, |after| after.as_millis() as u64);
    Outcome::Again { reason, due_ms: now_ms() + drawn.max(wanted) }
}

/// The longest wait after so many attempts; the real one is anything up to it, so that jobs do not come back as one wave.
fn longest_wait(settings: &config::Jobs, attempts: u32) -> u64 {
    let doubled = settings.backoff_ms.saturating_mul(1 << attempts.saturating_sub(1).min(32));
    doubled.min(settings.backoff_ms_max)
}

/// The answer that a job without one has: what its reason says, as an error.
pub(crate) fn error_object(code: i32, reason: &str) -> Bytes {
    let mut error = format!(r#"{{"code":{code},"message":"#).into_bytes();
    message::push_string(&mut error, reason);
    error.push(b'}');
    error.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_their_bound() {
        let settings = config::Jobs { backoff_ms: 100, backoff_ms_max: 1_000, ..config::Jobs::default() };
        let waits = [1, 2, 3, 4, 5, 99].map(|attempts| longest_wait(&settings, attempts));
        assert_eq!(waits, [100, 200, 400, 800, 1_000, 1_000]);
    }

    #[test]
    fn what_a_server_answers_decides_what_the_job_is() {
        let check = |message: &str, expected: store::State| {
            let envelope = Envelope::parse(&message.as_bytes().to_vec().into(), mcp::ScanLimits::default()).unwrap();
            let state = match answered("a", &Answer { envelope, era: Era::Modern }) {
                Outcome::Completed { .. } => store::State::Completed,
                Outcome::Failed { .. } => store::State::Failed,
                other => panic!("{other:?}"),
            };
            assert_eq!(state, expected, "{message}");
        };
        check(r#"{"jsonrpc":"2.0","id":1,"result":{"content":[]}}"#, store::State::Completed);
        check(r#"{"jsonrpc":"2.0","id":1,"result":{"content":[],"isError":true}}"#, store::State::Completed);
        check(r#"{"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required"}}"#, store::State::Failed);
        check(r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"no"}}"#, store::State::Failed);
    }
}
