//! The step that sends a call, and once more where that can do no harm: because it reads, because twice is as once, or because
//! it never arrived. What the client has heard of cannot be sent again, and what is lost for good says so.

use std::{sync::Arc, time::Instant};

use traffic::{
    Act,
    retry::{Attempt, Loss},
};

use super::{breaker, queue};
use crate::{
    call::{Call, Exchange, SoFar},
    failure::Failure,
    upstream::Upstream,
};

/// Sends a call until something has come of it, or it is not to be sent again.
pub(super) async fn send(upstream: &Arc<Upstream>, call: &Call) -> Exchange {
    let began = Instant::now();
    let (mut now, mut number, mut again) = (began, 1, None);
    loop {
        let exchange = send_once(upstream, again.as_ref().unwrap_or(call), number == 1, now).await;
        let Exchange::Done(Err(failure)) = &exchange else { return exchange };
        call.so_far.trace.note(failure);
        let Some(loss) = loss(failure) else { return exchange };
        let left = end(upstream, call, began).saturating_duration_since(Instant::now());
        let attempt = Attempt { number, act: call.manner.act, loss, left };
        let Some(wait) = upstream.breakers.sent_once_more(&attempt) else {
            return Exchange::Done(Err(known(failure, call.manner.act)));
        };
        tracing::debug!(server = &*upstream.name, number, %failure, "a call is sent once more");
        tokio::time::sleep(wait).await;
        now = Instant::now();
        number += 1;
        again.get_or_insert_with(|| Call { so_far: SoFar { is_again: true, ..call.so_far.clone() }, ..call.clone() });
    }
}

async fn send_once(upstream: &Arc<Upstream>, call: &Call, is_first: bool, now: Instant) -> Exchange {
    let permit = match breaker::admit(upstream, call, is_first, now) {
        Ok(permit) => permit,
        Err(held_back) => return Exchange::Done(Err(held_back)),
    };
    match queue::pass(upstream, call, permit, now).await {
        Exchange::Running(events) if call.manner.act.may_repeat() => events.settle().await,
        exchange => exchange,
    }
}

/// Until when the caller waits, as far as it is known here.
fn end(upstream: &Upstream, call: &Call, began: Instant) -> Instant {
    call.until.unwrap_or_else(|| began + upstream.patience().idle)
}

/// What a failure says of whether the call arrived; nothing, where another attempt would end in the same way.
fn loss(failure: &Failure) -> Option<Loss> {
    match failure {
        Failure::Unavailable(_) | Failure::OnPurpose { is_lost: false, .. } => Some(Loss::NeverSent),
        Failure::TurnedAway { status: 429, after } => Some(Loss::TurnedAway(*after)),
        // without a time it may come from something between us and the server that knows nothing of its fate
        Failure::TurnedAway { after: Some(after), .. } => Some(Loss::TurnedAway(Some(*after))),
        Failure::TurnedAway { .. } | Failure::Lost | Failure::OnPurpose { is_lost: true, .. } => Some(Loss::Lost),
        _ => None,
    }
}

/// What is known of a call that is not sent again. One that can do no harm twice has no outcome that one would have to look for.
fn known(failure: &Failure, act: Act) -> Failure {
    match failure {
        Failure::Lost if act.may_repeat() => {
            Failure::Unavailable("the connection to it was lost during the call".to_owned())
        }
        Failure::OnPurpose { rule, .. } if act.may_repeat() => Failure::OnPurpose { rule: *rule, is_lost: false },
        Failure::TurnedAway { status: 503, after: None } if !act.may_repeat() => Failure::OutcomeUnknown(
            "HTTP 503 came without `Retry-After`, which may mean that the server was lost during the call".to_owned(),
        ),
        failure => failure.clone(),
    }
}
