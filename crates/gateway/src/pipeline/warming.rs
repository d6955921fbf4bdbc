//! Answers that are fetched before anybody asks: what somebody usually asks next, and what is asked for on a schedule. Owns
//! which calls are made; each is one more read of a tool that is kept, inside one budget, after everything that somebody
//! waits for, and none is made of a server that is held back, has a queue or is half busy. What is learnt is the cache's.

use std::{sync::Arc, time::Instant};

use config::{Scheduled, ToolSettings, Warming};
use traffic::cache::Terms;

use super::{
    cached::{self, Renew},
    limit::uptime_ms,
};
use crate::{
    cache::{Key, Next, Turn},
    call::{Call, Caller},
    catalogue::Member,
    gateway::Gateway,
    principal::Principal,
    seals::now_s,
    upstream::Upstream,
};

/// Whether a call that nobody waits for may be made at this server now, which counts as one.
pub(super) fn may_warm(gateway: &Gateway, upstream: &Upstream, tool: &str) -> bool {
    let load = gateway.traffic.queues.load_of(&upstream.name);
    let is_idle = load.waiting == 0 && load.running.saturating_mul(2) < load.room;
    is_idle && upstream.breakers.are_closed_for(tool) && gateway.traffic.cache.may_warm(gateway.cache.warm_per_minute)
}

/// A call that somebody is expected to make next.
pub(super) struct Expectation {
    gateway: Gateway,
    caller: Caller,
    next: Arc<Next>,
}

/// Somebody asks for an answer of this key: learns of it, and says what they usually ask next, if that is not there.
pub(super) fn note(
    gateway: &Gateway,
    upstream: &Arc<Upstream>,
    call: &Call,
    (key, terms): (Key, Terms),
) -> Option<Expectation> {
    let cache = &gateway.traffic.cache;
    if call.manner.settings.as_deref().is_some_and(|settings| settings.warm.is_some()) {
        cache.timetable.meet(upstream, call);
    }
    if gateway.cache.warm_per_minute == 0 || !gateway.cache.warm.contains(&Warming::Sequence) {
        return None;
    }
    let next = cache.asked(upstream, call, (key, terms), uptime_ms())?;
    let is_there = cache.find(&next.key).is_some_and(|kept| kept.is_fresh(next.terms, Instant::now()));
    let is_to_be_fetched = !is_there && next.recipe.is_of_a_client_like(&call.caller);
    is_to_be_fetched.then(|| Expectation { gateway: gateway.clone(), caller: call.caller.clone(), next })
}

impl Expectation {
    /// Fetches the answer, if it is its turn and there is room for that.
    pub(super) fn fetch(self) {
        let Self { gateway, caller, next } = self;
        let Some(turn) = Turn::take(&gateway.traffic, next.key) else { return };
        tokio::spawn(async move {
            let made = next.recipe.call(&gateway, caller, None).await;
            // taken again under the key that the answer has by now
            drop(turn);
            if let Some((upstream, call)) = made {
                cached::warm(&gateway, &upstream, &call, Renew::WhereOld);
            }
        });
    }
}

/// Makes the calls that are due by the schedules of the configuration.
pub(crate) fn keep_schedules(gateway: &Gateway) {
    if gateway.cache.warm_per_minute == 0 {
        return;
    }
    for member in gateway.members() {
        for (tool, settings) in member.settings.tool.iter().filter(|(_, settings)| settings.warm.is_some()) {
            keep_schedule(gateway, member, tool, settings);
        }
    }
}

fn keep_schedule(gateway: &Gateway, member: &Member, tool: &str, settings: &ToolSettings) {
    let (timetable, server) = (&gateway.traffic.cache.timetable, &member.upstream.name);
    let kinds = timetable.known(server, tool);
    if kinds.is_empty() {
        return;
    }
    for row in settings.warm.iter().flatten() {
        let Some(principal) = principal(gateway, row) else { continue };
        let arguments: Arc<[u8]> = serde_json::to_vec(&row.arguments).unwrap_or_else(|_| b"{}".to_vec()).into();
        if !timetable.begin(server, tool, &arguments, row, Instant::now()) {
            continue;
        }
        // one for which there is no room now is made when it is due again
        for recipe in &kinds {
            let (gateway, recipe, arguments) = (gateway.clone(), recipe.clone(), arguments.clone());
            let caller = recipe.caller(principal);
            tokio::spawn(async move {
                if let Some((upstream, call)) = recipe.call(&gateway, caller, Some(&arguments)).await {
                    cached::warm(&gateway, &upstream, &call, Renew::Always);
                }
            });
        }
    }
}

/// For whom a call is made: what is the same for everybody is fetched as it is for this machine. Nobody, once a token is not
/// good any more.
fn principal<'g>(gateway: &'g Gateway, row: &Scheduled) -> Option<&'g Arc<Principal>> {
    gateway.identities.valid(row.principal.as_deref().unwrap_or(config::LOCAL), now_s())
}
