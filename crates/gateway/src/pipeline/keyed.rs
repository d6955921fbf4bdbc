//! The step that makes a call under an idempotency key happen once. The first is made, and goes on even if its caller hangs
//! up: who chose a key will come back for the answer. Whoever comes with the key later gets that answer, whatever it was.
//!
//! Answers are kept in memory, and those of acts also where they outlive the process (`ledger`).

mod ledger;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use mcp::{Kind, Method, Param, ResultKey, code, message, state::arguments_digest};
use tokio::sync::oneshot;
use traffic::{
    Act,
    once::{Begin, Bounds, Once},
};

use self::ledger::{Entry, Found};
use super::fallback;
use crate::{
    call::{Answer, Call, Event, Exchange, Trace},
    events::{Events, Sender, channel},
    failure::Failure,
    gateway::Gateway,
    upstream::Upstream,
};

/// What an answer costs beside its own bytes.
const ANSWER_OVERHEAD_BYTES: usize = 256;

/// What is said of a key that stands for something else, and of an answer for which there was no room.
const CONFLICT: &str = "the idempotency key belongs to another call: give each call a key of its own";
const FORGOTTEN: &str = "the call under this idempotency key was made, and its answer is no longer kept";

type End = Result<Answer, Failure>;

/// A key, at the server whose call it is.
type Key = (Arc<str>, Box<str>);

/// The calls that were made under keys.
#[derive(Debug)]
pub struct Keys(Mutex<Once<Key, End, oneshot::Sender<()>>>);

impl Default for Keys {
    fn default() -> Self {
        Self(Mutex::new(Once::new(Bounds::default())))
    }
}

impl Keys {
    /// Forgets what is too old.
    pub fn sweep(&self) {
        self.lock().sweep(Instant::now());
    }

    fn lock(&self) -> MutexGuard<'_, Once<Key, End, oneshot::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The key under which a call is to happen once. Only tools do anything that must not be done twice; a call that is made
/// elsewhere happens under its key already.
pub(super) fn key_of(call: &Call) -> Option<&str> {
    let is_first = call.method == Method::ToolsCall && !call.so_far.is_elsewhere;
    call.wishes.idempotency_key.as_deref().filter(|_| is_first)
}

/// Sends the call of a tool under `key`, unless that has been done.
pub(super) async fn send(gateway: &Gateway, upstream: &Arc<Upstream>, call: &Call, key: &str) -> Exchange {
    let keys = &gateway.traffic.keys;
    let Some(digest) = digest(call) else {
        return refused("the arguments cannot be compared with those of another call: a member stands twice in them");
    };
    let entry = match Entry::of(gateway, upstream, call, key, digest) {
        Ok(entry) => entry,
        Err(failure) => return Exchange::Done(Err(failure)),
    };
    let key: Key = (upstream.name.clone(), key.into());
    loop {
        let (teller, told) = oneshot::channel();
        let begun = keys.lock().begin(&call.caller.principal.name, &key, digest, Instant::now(), || teller);
        match begun {
            Begin::First => {
                let owner = call.caller.principal.name.clone();
                let first = First { keys: keys.clone(), owner, key: Some(key), entry };
                return begin(first, gateway.clone(), upstream.clone(), call.clone());
            }
            Begin::Waits => match call.in_time(told).await {
                // whether it was told or the first has vanished: what became of it is known now
                Some(_) => {}
                None => return Exchange::Done(Err(Failure::StillUnderWay)),
            },
            Begin::Kept(end) => return Exchange::Done(end),
            Begin::Forgotten => return Exchange::Done(forgotten(entry.as_ref()).await),
            Begin::Conflict => return refused(CONFLICT),
            Begin::Full => return Exchange::Done(Err(Failure::Overloaded)),
        }
    }
}

fn refused(why: &str) -> Exchange {
    Exchange::Done(Err(invalid(why)))
}

fn invalid(why: &str) -> Failure {
    Failure::Refused(code::INVALID_PARAMS, why.to_owned())
}

/// The answer for which there is no room in memory any more.
async fn forgotten(entry: Option<&Entry>) -> End {
    match entry {
        Some(entry) => entry.again().await.unwrap_or_else(|| Err(invalid(FORGOTTEN))),
        None => Err(invalid(FORGOTTEN)),
    }
}

/// Which call it is: the tool with its arguments.
fn digest(call: &Call) -> Option<[u8; 32]> {
    let arguments = call.request.param_raw(Param::Arguments).unwrap_or(b"{}");
    let whole = [b"[", message::json_string(&call.own_name).as_slice(), b",", arguments, b"]"].concat();
    arguments_digest(&whole).ok()
}

/// Makes the call beside its caller, who hears of it for as long as he listens.
fn begin(first: First, gateway: Gateway, upstream: Arc<Upstream>, mut call: Call) -> Exchange {
    call.so_far.trace = Trace::wanted();
    let (sender, events) = channel(true, upstream.patience(), || {});
    tokio::spawn(async move {
        let end = match first.found().await {
            Ok(Found::Nothing) => {
                let end = match fallback::send(&gateway, &upstream, &call).await {
                    Exchange::Done(end) => end,
                    Exchange::Running(events) => pass_on(events, &sender).await,
                };
                first.ended(known(&call, end)).await
            }
            Ok(Found::Over(end)) => first.was_over(end),
            Err(failure) => first.not_made(failure),
        };
        sender.finish(end);
    });
    Exchange::Running(events)
}

async fn pass_on(mut events: Box<Events>, sender: &Sender) -> End {
    loop {
        match events.next().await {
            Event::Done(end) => return end,
            // a caller who does not listen loses it, and holds nothing up
            note @ Event::Notification(_) => drop(sender.offer(note)),
            ask @ Event::Ask(_) => sender.send(ask).await,
        }
    }
}

/// The first call under a key. Dropped without an end, its outcome is unknown, and stays so.
struct First {
    keys: Arc<Keys>,
    owner: Arc<str>,
    key: Option<Key>,
    /// Where it is kept for longer than this process lives, if it is.
    entry: Option<Entry>,
}

impl First {
    /// What is known of the key from another life of the program. Where that is nothing, it is recorded that the call is
    /// made.
    async fn found(&self) -> Result<Found, Failure> {
        match &self.entry {
            Some(entry) => entry.found().await,
            None => Ok(Found::Nothing),
        }
    }

    /// The call has ended like this; if it may have happened, that is kept before anybody is told.
    async fn ended(mut self, (end, has_happened): (End, bool)) -> End {
        if let Some(entry) = &self.entry {
            entry.ended(Some(&end).filter(|_| has_happened)).await;
        }
        self.finish(has_happened.then(|| kept(&end)));
        end
    }

    /// The call was made before, and had ended like this.
    fn was_over(mut self, end: End) -> End {
        self.finish(Some(kept(&end)));
        end
    }

    /// The call is not made.
    fn not_made(mut self, why: Failure) -> End {
        self.finish(None);
        Err(why)
    }

    fn finish(&mut self, kept: Option<(End, usize)>) {
        let Some(key) = self.key.take() else { return };
        let waiting = self.keys.lock().finished(&self.owner, &key, kept, Instant::now());
        for teller in waiting {
            // who does not wait any more is not told
            let _ = teller.send(());
        }
    }
}

impl Drop for First {
    fn drop(&mut self) {
        self.finish(Some((Err(Failure::Lost), ANSWER_OVERHEAD_BYTES)));
    }
}

/// An end, and what it takes to keep it.
fn kept(end: &End) -> (End, usize) {
    let bytes = end.as_ref().map_or(0, |answer| answer.envelope.bytes().len());
    (end.clone(), bytes + ANSWER_OVERHEAD_BYTES)
}

/// What is known of a call that was made, and whether anything may have happened, so that it must not be made again. That its
/// last attempt was never sent says nothing of those before it; what only reads has done nothing without an answer.
fn known(call: &Call, end: End) -> (End, bool) {
    match end {
        Ok(answer) => {
            let has_happened = has_happened(&answer, &call.so_far.trace);
            (Ok(answer), has_happened)
        }
        Err(failure) if call.manner.act == Act::Reads => (Err(failure), false),
        Err(failure) if failure.may_have_happened() && !failure.is_retryable() => (Err(failure), true),
        Err(failure) if failure.may_have_happened() || call.so_far.trace.is_left() => {
            (Err(Failure::OutcomeUnknown(failure.to_string())), true)
        }
        Err(failure) => (Err(failure), false),
    }
}

/// Whether an answer says that something was done, or may have been. A question that comes back for an answer is the middle
/// of a call; a refusal of the arguments is none.
fn has_happened(answer: &Answer, before: &Trace) -> bool {
    match answer.envelope.kind() {
        Kind::Error if before.is_left() => true,
        Kind::Error => !matches!(
            answer.envelope.error_code().and_then(|code| i32::try_from(code).ok()),
            Some(
                code::INVALID_REQUEST
                    | code::METHOD_NOT_FOUND
                    | code::INVALID_PARAMS
                    | code::MISSING_CAPABILITY
                    | code::LEGACY_URL_ELICITATION
                    | code::UNAVAILABLE
                    | code::OVERLOADED
            )
        ),
        _ => answer.envelope.result_text(ResultKey::ResultType) != Some("input_required"),
    }
}
