//! The step that finds another way to an answer where a server has none: other servers with the same tool, in the order of
//! the configuration, and in the very end the answer that stands there itself. What may have been done is not done elsewhere.
//! Between the two an answer that was kept may stand in, which is the affair of `cached`.

use std::{sync::Arc, time::Instant};

use config::Degraded;
use futures_util::future::BoxFuture;
use mcp::{Envelope, Method, Param, ResultKey, ScanLimits, message};
use traffic::Act;

use super::{duplicates, limit, seek};
use crate::{
    answered_by::{AnsweredBy, Step},
    call::{Answer, Call, Exchange},
    events::End,
    failure::Failure,
    gateway::Gateway,
    route,
    upstream::Upstream,
};

/// Sends a call to its server, and elsewhere if nothing comes of that.
pub(super) async fn send(gateway: &Gateway, upstream: &Arc<Upstream>, call: &Call) -> Exchange {
    let exchange = duplicates::send(upstream, call).await;
    match exchange {
        Exchange::Done(Err(failure)) if has_others(call) && may_be_made_elsewhere(&failure, call.manner.act) => {
            elsewhere(gateway, upstream, call, failure).await
        }
        mut exchange => {
            gateway.traffic.detours.answered_itself(upstream, call, &mut exchange);
            exchange
        }
    }
}

/// Whether others may be asked at all: the second half of a call belongs to who has its first, and so does a task.
fn has_others(call: &Call) -> bool {
    call.method == Method::ToolsCall
        && !call.so_far.is_elsewhere
        && !call.is_retry()
        && !call.only_as_task
        && !call.request.param(Param::Task).is_some()
}

/// Whether a call that failed like this may be made elsewhere: nothing was done, or doing it twice does no harm.
fn may_be_made_elsewhere(failure: &Failure, act: Act) -> bool {
    match failure {
        Failure::Unavailable(_)
        | Failure::OnPurpose { is_lost: false, .. }
        | Failure::LeftAlone { .. }
        | Failure::NoRoom(_)
        | Failure::Unauthorized(_)
        | Failure::SessionGone
        | Failure::Overloaded
        | Failure::Full { .. }
        | Failure::Expired
        | Failure::TooLate { .. }
        | Failure::TooShort { .. }
        | Failure::TurnedAway { status: 429, .. }
        | Failure::TurnedAway { after: Some(_), .. } => true,
        Failure::TurnedAway { .. }
        | Failure::Lost
        | Failure::OnPurpose { is_lost: true, .. }
        | Failure::Timeout
        | Failure::Unanswered
        | Failure::Garbage(_) => act.may_repeat(),
        _ => false,
    }
}

/// Asks the other servers, one after the other. Where none has an answer, what the first one came to counts. A call there
/// passes the steps of this one once more, so it needs a type of its own.
fn elsewhere<'c>(
    gateway: &'c Gateway,
    upstream: &'c Arc<Upstream>,
    call: &'c Call,
    failure: Failure,
) -> BoxFuture<'c, Exchange> {
    Box::pin(async move {
        for name in equivalents(gateway, upstream, call) {
            if call.until.is_some_and(|until| until <= Instant::now()) {
                break;
            }
            let Some(detour) = found(gateway, upstream, call, &name).await else { continue };
            if let Some(exchange) = ask(gateway, upstream, (&name, detour), &failure).await {
                return exchange;
            }
        }
        Exchange::Done(Err(failure))
    })
}

/// Asks another server; nothing, where it has no answer either and the next one may be asked.
async fn ask(
    gateway: &Gateway,
    upstream: &Upstream,
    (name, (other, call)): (&str, route::Routed),
    failure: &Failure,
) -> Option<Exchange> {
    let act = call.manner.act;
    let exchange = match seek(gateway, &other, &call).await {
        Exchange::Done(end) => {
            let end = whole(end, act, failure);
            if let Err(failed) = &end
                && may_be_made_elsewhere(failed, act)
            {
                tracing::debug!(server = &*upstream.name, by = name, %failed, "nor has this one an answer");
                return None;
            }
            Exchange::Done(end.map(|answer| by(name, answer)))
        }
        Exchange::Running(mut events) => {
            let (name, failure) = (name.to_owned(), failure.clone());
            events.at_end(move |end, _| whole(end, act, &failure).map(|answer| by(&name, answer)));
            Exchange::Running(events)
        }
    };
    gateway.traffic.detours.answered_by(upstream, &call, name);
    Some(exchange)
}

/// The servers that the configuration names for the tool, or else for its server.
fn equivalents(gateway: &Gateway, upstream: &Upstream, call: &Call) -> Vec<String> {
    let of_tool = call.manner.settings.as_ref().and_then(|settings| settings.equivalent.as_ref());
    let member = || gateway.members().iter().find(|member| member.upstream.name == upstream.name);
    of_tool.or_else(|| Some(&member()?.settings.equivalent)).cloned().unwrap_or_default()
}

/// The same call at the server `name`, if that has the tool, the caller may see it, it keeps to the same regions, and
/// its rates leave room.
async fn found(gateway: &Gateway, upstream: &Upstream, call: &Call, name: &str) -> Option<route::Routed> {
    let (other, call) = call.in_time(route::elsewhere(&gateway.catalogue, call, name)).await??;
    if !keeps_to_the_regions_of(upstream, &other) {
        return None;
    }
    limit::count_at(gateway, &other, &call).is_ok().then_some((other, call))
}

/// Whether another server promises to keep calls to regions where the first one may have them.
fn keeps_to_the_regions_of(first: &Upstream, other: &Upstream) -> bool {
    let (allowed, kept_to) = (&first.settings.only_regions, &other.settings.only_regions);
    allowed.is_empty() || (!kept_to.is_empty() && kept_to.iter().all(|region| allowed.contains(region)))
}

/// The end of a call that was made elsewhere. A question cannot be put from there, and nobody would find a task again.
fn whole(end: End, act: Act, first: &Failure) -> End {
    let answer = end?;
    match answer.envelope.result_text(ResultKey::ResultType) {
        Some("input_required") => Err(first.clone()),
        Some("task") if act.may_repeat() => Err(first.clone()),
        Some("task") => Err(Failure::Unanswered),
        _ => Ok(answer),
    }
}

fn by(server: &str, answer: Answer) -> Answer {
    AnsweredBy { server, step: Step::Equivalent }.mark(answer)
}

/// What came of a call, or the answer that the configuration gives where nothing did.
pub(super) fn or_degraded(gateway: &Gateway, upstream: &Arc<Upstream>, call: &Call, exchange: Exchange) -> Exchange {
    let Some(settings) = call.manner.settings.as_ref().filter(|settings| settings.degraded.is_some()) else {
        return exchange;
    };
    if call.manner.act != Act::Reads || matches!(exchange, Exchange::Done(Ok(_))) {
        return exchange;
    }
    let (settings, upstream, call) = (settings.clone(), upstream.clone(), call.clone());
    let detours = gateway.traffic.detours.clone();
    let end = move |end: End| match (end, &settings.degraded) {
        (Err(failure), Some(degraded)) if may_be_made_elsewhere(&failure, Act::Reads) => {
            detours.answered_by(&upstream, &call, "the configuration");
            configured(degraded, &upstream, &call).ok_or(failure)
        }
        (end, _) => end,
    };
    match exchange {
        Exchange::Done(done) => Exchange::Done(end(done)),
        Exchange::Running(mut events) => {
            events.at_end(move |done, _| end(done));
            Exchange::Running(events)
        }
    }
}

/// The configured answer as a message of the client's era.
fn configured(degraded: &Degraded, upstream: &Upstream, call: &Call) -> Option<Answer> {
    let structured = degraded.structured.as_ref().map(|structured| serde_json::json!(structured));
    let text = degraded.text.clone().or_else(|| Some(structured.as_ref()?.to_string()))?;
    let mut result = serde_json::json!({ "content": [{ "type": "text", "text": text }] });
    if let Some(structured) = structured {
        result["structuredContent"] = structured;
    }
    if call.caller.era == mcp::Era::Modern {
        result["resultType"] = "complete".into();
    }
    let id = call.request.id().unwrap_or(b"null");
    let envelope =
        Envelope::parse(&message::result(id, result.to_string().as_bytes()), ScanLimits { depth_max: 128 }).ok()?;
    let answer = Answer { envelope, era: call.caller.era };
    Some(AnsweredBy { server: &upstream.name, step: Step::Degraded }.mark(answer))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_may_have_been_done_is_not_done_elsewhere() {
        let check = |failure: Failure, act, expected| {
            assert_eq!(may_be_made_elsewhere(&failure, act), expected, "{failure:?} {act:?}");
        };
        let away = |status, after: Option<u64>| Failure::TurnedAway { status, after: after.map(Duration::from_secs) };
        for act in [Act::Reads, Act::Repeatable, Act::Acts] {
            check(Failure::Unavailable(String::new()), act, true);
            check(Failure::Overloaded, act, true);
            check(away(429, None), act, true);
            check(away(503, Some(1)), act, true);
            check(Failure::Rejected(400), act, false);
            check(Failure::Withdrawn { was_sent: true }, act, false);
            check(Failure::NotKept, act, false);
        }
        for failure in [Failure::Lost, Failure::Timeout, Failure::Unanswered, away(503, None)] {
            check(failure.clone(), Act::Reads, true);
            check(failure.clone(), Act::Repeatable, true);
            check(failure, Act::Acts, false);
        }
    }
}
