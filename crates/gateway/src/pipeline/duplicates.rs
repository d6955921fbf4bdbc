//! The step that makes one call of several that read the same at the same time. The first is sent, the others get its
//! answer; each can be given up alone. What shall be heard of before its end, or may be asked about, is nobody else's.

use std::{
    hash::{Hash, Hasher},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use bytes::Bytes;
use config::Mode;
use mcp::{Era, Method, Param};
use tokio::sync::oneshot;
use traffic::{
    Act,
    cache::Demand,
    single_flight::{Flights, Part},
};

use super::combined;
use crate::{
    call::{Abilities, Answer, Call, Exchange},
    failure::Failure,
    upstream::Upstream,
};

/// Bytes of arguments up to which it is worth finding out whether somebody asks the same.
const ARGUMENTS_BYTES_MAX: usize = 16 * 1024;

/// What those who wait are told: the end of the call, or that it cannot be shared.
type Told = Option<Result<Answer, Failure>>;

/// The reads under way at one server.
#[derive(Debug, Default)]
pub struct Reads {
    flights: Mutex<Flights<Key, oneshot::Sender<Told>>>,
    /// How many calls have ended that may have changed something.
    acts: AtomicU64,
}

/// A question, and how many acts came before it: a read that began before an act ended, or before something was declared
/// void, may not know of it.
type Key = (Arc<Question>, u64);

/// What is asked, and all on which the answer may depend.
#[derive(Debug, PartialEq, Eq)]
struct Question {
    method: Method,
    name: Arc<str>,
    arguments: [u8; 32],
    meta: Bytes,
    principal: Arc<str>,
    session: Option<u64>,
    era: Era,
    abilities: Abilities,
    /// What the client said of itself when it shook hands.
    facts: (Bytes, Bytes),
}

impl Hash for Question {
    /// By the tool and its arguments alone: those who ask the same of these are few, and compared.
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.name.hash(hasher);
        self.arguments.hash(hasher);
    }
}

impl Reads {
    /// Something may have changed: whoever reads now does not get the answer to a question from before.
    pub fn are_stale(&self) {
        self.acts.fetch_add(1, Ordering::Relaxed);
    }

    /// The part that a call plays, and where it hears of the end if it follows.
    fn join(&self, key: &Key) -> (Part, Option<oneshot::Receiver<Told>>) {
        let mut told = None;
        let part = self.lock().join(key.clone(), || {
            let (teller, receiver) = oneshot::channel();
            told = Some(receiver);
            teller
        });
        (part, told)
    }

    fn lock(&self) -> MutexGuard<'_, Flights<Key, oneshot::Sender<Told>>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends a call, or waits for the answer to one that asks the same.
pub(super) async fn send(upstream: &Arc<Upstream>, call: &Call) -> Exchange {
    if call.manner.act != Act::Reads {
        return combined::send(upstream, call).await;
    }
    let Some(question) = Question::of(upstream, call).map(Arc::new) else {
        return combined::send(upstream, call).await;
    };
    loop {
        let acts = upstream.reads.acts.load(Ordering::Relaxed) + upstream.changes.declared();
        let key = (question.clone(), acts);
        let told = match upstream.reads.join(&key) {
            (Part::Follows, Some(told)) => told,
            (Part::Leads, _) => {
                let lead = Lead { upstream: upstream.clone(), key: Some(key) };
                return lead.tell(call, combined::send(upstream, call).await);
            }
            (Part::Alone | Part::Follows, _) => return combined::send(upstream, call).await,
        };
        match call.in_time(told).await {
            Some(Ok(Some(end))) => return Exchange::Done(end),
            Some(Ok(None)) => return combined::send(upstream, call).await,
            // the first was given up: somebody else becomes the first
            Some(Err(_)) => {}
            None => return Exchange::Done(Err(Failure::Timeout)),
        }
    }
}

/// Whether a call has ended because its caller gave it no more time.
fn has_run_out(call: &Call, exchange: &Exchange) -> bool {
    let Some(until) = call.until else { return false };
    match exchange {
        Exchange::Done(Err(Failure::TooLate { .. } | Failure::TooShort { .. })) => true,
        Exchange::Done(Err(Failure::Timeout | Failure::Expired)) => until <= Instant::now(),
        _ => false,
    }
}

/// The first of those who ask the same. Dropped, it was given up.
struct Lead {
    upstream: Arc<Upstream>,
    key: Option<Key>,
}

impl Lead {
    /// Tells the others, unless the first had too little time for an answer, which is nothing to them.
    fn tell(mut self, call: &Call, exchange: Exchange) -> Exchange {
        if has_run_out(call, &exchange) {
            return exchange;
        }
        for teller in self.land() {
            let told = match &exchange {
                Exchange::Done(end) => Some(end.clone()),
                Exchange::Running(_) => None,
            };
            // who does not wait any more is not told
            let _ = teller.send(told);
        }
        exchange
    }

    fn land(&mut self) -> Vec<oneshot::Sender<Told>> {
        self.key.take().map(|key| self.upstream.reads.lock().landed(&key)).unwrap_or_default()
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        self.land();
    }
}

impl Question {
    /// The question of a read that can be shared.
    fn of(upstream: &Upstream, call: &Call) -> Option<Self> {
        let Call { caller, request, .. } = call;
        let is_read = matches!(call.method, Method::ToolsCall | Method::PromptsGet | Method::ResourcesRead);
        let is_short = request.param(Param::Arguments).range().len() <= ARGUMENTS_BYTES_MAX;
        let is_plain = call.fixed.is_empty() && call.param_headers.is_empty() && !call.only_as_task;
        let is_silent = call.progress_token().is_none() && call.log_level().is_none();
        let is_new = !call.is_retry() && request.param(Param::Task).is_none() && call.wishes.cache != Demand::NoCache;
        if !(is_read && is_short && is_plain && is_silent && is_new) {
            return None;
        }
        let meta = request.meta_members().span;
        Some(Self {
            method: call.method,
            name: call.own_name.clone(),
            arguments: request.arguments_digest()?,
            meta: if meta.is_some() { request.slice(meta) } else { Bytes::new() },
            principal: caller.principal.name.clone(),
            session: caller.session.filter(|_| upstream.settings.mode == Mode::PerSession),
            era: caller.era,
            abilities: caller.abilities,
            facts: (caller.facts.capabilities.clone(), caller.facts.info.clone()),
        })
    }
}
