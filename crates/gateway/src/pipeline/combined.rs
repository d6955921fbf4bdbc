//! The step that makes one call of several that come within a moment, where their tool has a list form: each gets its part of
//! the one answer. Where that fails, reads are sent one by one; what acts is not sent twice.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::join_all;
use mcp::{Envelope, Era, Param, ResultKey};
use tokio::sync::oneshot;
use traffic::{
    Act, Class,
    gather::{Gatherings, Joined},
};

use super::{hedge, retry};
use crate::{
    call::{Abilities, Answer, Call, Exchange, SoFar, Trace},
    failure::Failure,
    list_form::{ListForm, split},
    manner::Manner,
    upstream::Upstream,
};

/// The moment in which calls are gathered: short beside any call over a network, long enough for those that an agent sends
/// together.
const MOMENT: Duration = Duration::from_millis(5);

/// What a gathered call is told.
#[derive(Debug)]
enum Told {
    /// Its end.
    End(Result<Answer, Failure>),
    /// Nobody went with it, or nothing came of going together: it is to be sent by itself.
    Alone,
}

/// A call that waits for its part.
#[derive(Debug)]
struct Member {
    call: Call,
    teller: oneshot::Sender<Told>,
}

/// The calls of one server that are being gathered.
#[derive(Debug, Default)]
pub struct Gathering(Mutex<Gatherings<Kind, Member>>);

/// What calls must have in common to go together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Kind {
    name: Arc<str>,
    principal: Arc<str>,
    session: Option<u64>,
    era: Era,
    abilities: Abilities,
    facts: (Bytes, Bytes),
    meta: Bytes,
    class: Option<Class>,
}

impl Gathering {
    fn lock(&self) -> MutexGuard<'_, Gatherings<Kind, Member>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends a call, together with others where that can be done.
pub(super) async fn send(upstream: &Arc<Upstream>, call: &Call) -> Exchange {
    match call.manner.list_form.as_ref().filter(|_| is_plain(call)) {
        None => hedge::send(upstream, call).await,
        Some(form) => Box::pin(gathered(upstream, call, form)).await,
    }
}

/// Whether a call wants nothing for itself alone: to be heard of before its end, a time of its own, another edit.
fn is_plain(call: &Call) -> bool {
    call.progress_token().is_none()
        && call.log_level().is_none()
        && call.wishes.timeout.is_none()
        && call.fixed.is_empty()
        && call.param_headers.is_empty()
        && !call.only_as_task
        && !call.is_retry()
        && !call.request.param(Param::Task).is_some()
}

async fn gathered(upstream: &Arc<Upstream>, call: &Call, form: &Arc<ListForm>) -> Exchange {
    let (teller, told) = oneshot::channel();
    let kind = Kind::of(call);
    let joined = upstream.gathering.lock().join(kind.clone(), form.most, || Member { call: call.clone(), teller });
    match joined {
        Joined::Alone => return hedge::send(upstream, call).await,
        Joined::Waits => {}
        Joined::Completes(members) => {
            tokio::spawn(together(upstream.clone(), form.clone(), members));
        }
        Joined::Opened(number) => {
            let (upstream, form) = (upstream.clone(), form.clone());
            tokio::spawn(async move {
                tokio::time::sleep(MOMENT).await;
                let members = upstream.gathering.lock().close(&kind, number);
                together(upstream, form, members).await;
            });
        }
    }
    match told.await {
        Ok(Told::End(end)) => Exchange::Done(end),
        Ok(Told::Alone) => hedge::send(upstream, call).await,
        Err(_) => Exchange::Done(Err(Failure::Lost)),
    }
}

/// Makes one call of those that still wait, and tells each of them its part.
async fn together(upstream: Arc<Upstream>, form: Arc<ListForm>, mut members: Vec<Member>) {
    members.retain(|member| !member.teller.is_closed());
    if members.len() < 2 {
        return tell_all(members, || Told::Alone);
    }
    let Ok(one) = one_of(&members, &form) else { return tell_all(members, || Told::Alone) };
    let end = {
        let sent = async { retry::send(&upstream, &one).await.finish().await };
        let all_gone = join_all(members.iter_mut().map(|member| member.teller.closed()));
        tokio::select! {
            end = sent => end,
            _ = all_gone => return,
        }
    };
    for member in &members {
        member.call.so_far.trace.take_over(&one.so_far.trace);
    }
    let parts = end.as_ref().ok().and_then(|answer| split(answer, members.len()));
    match parts {
        Some(parts) => {
            for (member, part) in members.into_iter().zip(parts) {
                // who does not wait any more is not told
                let _ = member.teller.send(Told::End(Ok(part)));
            }
        }
        None if one.manner.act == Act::Reads => {
            tracing::debug!(
                server = &*upstream.name,
                tool = &*form.tool,
                "calls that went together are sent one by one"
            );
            tell_all(members, || Told::Alone);
        }
        None => {
            let end = unsplit(end);
            tell_all(members, || Told::End(end.clone()));
        }
    }
}

/// What each of several acts is told whose one answer is not theirs: what went wrong, or that it cannot be read.
fn unsplit(end: Result<Answer, Failure>) -> Result<Answer, Failure> {
    let answer = end?;
    let has_failed =
        answer.envelope.error().is_some() || answer.envelope.result_raw(ResultKey::IsError) == Some(b"true");
    if has_failed {
        return Ok(answer);
    }
    Err(Failure::Garbage("a list form that does not answer with one result for each call".to_owned()))
}

fn tell_all(members: Vec<Member>, told: impl Fn() -> Told) {
    for member in members {
        // who does not wait any more is not told
        let _ = member.teller.send(told());
    }
}

/// The one call that stands for all.
fn one_of(members: &[Member], form: &ListForm) -> Result<Call, Failure> {
    let requests: Vec<Envelope> = members.iter().map(|member| member.call.request.clone()).collect();
    let first = members.first().map(|member| member.call.clone()).ok_or(Failure::Lost)?;
    Ok(Call {
        request: form.request(&requests)?,
        rename: None,
        is_settled: true,
        own_name: form.tool.as_str().into(),
        manner: Arc::new(Manner { act: first.manner.act, tempo: first.manner.tempo, ..Manner::default() }),
        so_far: SoFar { trace: Trace::wanted(), ..first.so_far },
        ..first
    })
}

impl Kind {
    fn of(call: &Call) -> Self {
        let Call { caller, request, .. } = call;
        let meta = request.meta_members().span;
        Self {
            name: call.own_name.clone(),
            principal: caller.principal.name.clone(),
            session: caller.session,
            era: caller.era,
            abilities: caller.abilities,
            facts: (caller.facts.capabilities.clone(), caller.facts.info.clone()),
            meta: if meta.is_some() { request.slice(meta) } else { Bytes::new() },
            class: call.wishes.class,
        }
    }
}
