//! The step that sends a second copy of a call that only reads and takes longer than nearly all before it, where that is
//! configured. The first answer counts, and the other copy is cancelled. What a caller wants to hear of before its end is
//! sent once.

use std::{
    collections::HashMap,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::FutureExt as _;
use mcp::Param;
use traffic::{Act, hedge::Times};

use super::retry;
use crate::{
    call::{Call, Exchange, SoFar, Whereabouts},
    upstream::Upstream,
};

/// Tools of one server whose times are remembered; calls of more are sent once.
const TOOLS_MAX: usize = 256;

/// What is remembered of the tools of one server whose calls may be copied.
#[derive(Debug, Default)]
pub struct Hedges {
    times: Mutex<HashMap<Arc<str>, Times>>,
    sent: AtomicU64,
    won: AtomicU64,
}

impl Hedges {
    /// How many copies were sent, and how many of them were the first to be answered.
    pub fn counts(&self) -> (u64, u64) {
        (self.sent.load(Ordering::Relaxed), self.won.load(Ordering::Relaxed))
    }

    fn won(&self) {
        self.won.fetch_add(1, Ordering::Relaxed);
    }

    fn note(&self, tool: &Arc<str>, ran: Duration) {
        let mut times = self.lock();
        if times.len() < TOOLS_MAX || times.contains_key(tool) {
            times.entry(tool.clone()).or_default().note(ran);
        }
    }

    fn patience(&self, tool: &str) -> Option<Duration> {
        self.lock().get(tool)?.patience()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Times>> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends a call, and a copy of it when it takes long.
pub(super) async fn send(upstream: &Arc<Upstream>, call: &Call) -> Exchange {
    if !may_be_copied(call) {
        return retry::send(upstream, call).await;
    }
    let began = Instant::now();
    let patience = upstream.hedges.patience(&call.own_name);
    let exchange = match patience {
        None => retry::send(upstream, call).await,
        Some(patience) => with_copy(upstream, call, patience).boxed().await,
    };
    if matches!(exchange, Exchange::Done(Ok(_))) {
        upstream.hedges.note(&call.own_name, began.elapsed());
    }
    exchange
}

/// Whether a second copy does no harm, and nobody would hear of both.
fn may_be_copied(call: &Call) -> bool {
    call.manner.settings.as_ref().is_some_and(|settings| settings.hedge == Some(true))
        && call.manner.act == Act::Reads
        && call.progress_token().is_none()
        && call.log_level().is_none()
        && !call.is_retry()
        && !call.only_as_task
        && !call.request.param(Param::Task).is_some()
}

async fn with_copy(upstream: &Arc<Upstream>, call: &Call, patience: Duration) -> Exchange {
    let original = upstream.has_instances().then(|| followed(call));
    let original = original.as_ref().unwrap_or(call);
    let mut first = pin!(retry::send(upstream, original));
    if let Ok(exchange) = tokio::time::timeout(patience, &mut first).await {
        return exchange;
    }
    let is_at = original.so_far.whereabouts.as_ref().and_then(Whereabouts::at);
    if !upstream.has_instance_beside(call, is_at) || !upstream.breakers.may_copy() {
        return first.await;
    }
    tracing::debug!(server = &*upstream.name, tool = &*call.own_name, ?patience, "a copy of a call is sent");
    upstream.hedges.sent.fetch_add(1, Ordering::Relaxed);
    let copy = Call { so_far: SoFar { is_again: true, is_at, ..call.so_far.clone() }, ..call.clone() };
    let mut second = pin!(retry::send(upstream, &copy));
    tokio::select! {
        biased;
        exchange = &mut first => match exchange {
            Exchange::Done(Err(_)) => answered(second.await).inspect(|_| upstream.hedges.won()).unwrap_or(exchange),
            exchange => exchange,
        },
        exchange = &mut second => match answered(exchange) {
            Some(exchange) => {
                upstream.hedges.won();
                exchange
            }
            None => first.await,
        },
    }
}

/// The same call, of which it is noted where it is.
fn followed(call: &Call) -> Call {
    let so_far = SoFar { whereabouts: Some(Whereabouts::default()), ..call.so_far.clone() };
    Call { so_far, ..call.clone() }
}

/// The answer of a copy, if it is one: a failure of it says nothing, and a question of it is not put.
fn answered(exchange: Exchange) -> Option<Exchange> {
    Some(exchange).filter(|exchange| matches!(exchange, Exchange::Done(Ok(_))))
}
