//! How a call or a question of the gateway's own is sent to a server, in the era that the server proves to speak.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use mcp::{Envelope, Era, Method};

use super::{
    Connection, Upstream,
    contradiction::refuses_the_era,
    modern_http::{ModernHttp, own_params},
    place::Place,
};
use crate::{
    call::{Call, Caller, Exchange},
    failure::Failure,
};

impl Upstream {
    /// Sends a call whose turn it is.
    pub async fn call(self: &Arc<Self>, call: &Call) -> Exchange {
        match &self.instances {
            None => self.call_here(call).await,
            Some(instances) => Box::pin(self.call_one_of(instances, call)).await,
        }
    }

    /// Sends a call to this very instance, if it has room for it.
    pub(super) async fn call_here(self: &Arc<Self>, call: &Call) -> Exchange {
        let now = Instant::now();
        let place = Place::take(&self.calls, &self.health, now);
        let mut exchange = match self.door_at(now) {
            Some(door) => self.call_modern(&door, call).await,
            None if call.only_as_task => self.call_as_task(call),
            None => self.call_connected(call).await,
        };
        match &mut exchange {
            Exchange::Running(events) => events.keep(place),
            Exchange::Done(end) => place.ended(end),
        }
        exchange
    }

    /// Sends a call to a server that is held for modern, and in its own era to one that proves to be legacy by now.
    async fn call_modern(self: &Arc<Self>, door: &Arc<ModernHttp>, call: &Call) -> Exchange {
        let exchange = door.call(call).await;
        if refuses_the_era(Era::Modern, &exchange) && self.is_now(Era::Legacy).await {
            return self.call_connected(call).await;
        }
        exchange
    }

    /// Sends a call on the caller's connection. One that the server has forgotten is opened once more: it did nothing.
    pub(super) async fn call_connected(self: &Arc<Self>, call: &Call) -> Exchange {
        let first = self.call_once(call).await;
        if matches!(first, Exchange::Done(Err(Failure::SessionGone))) {
            return self.call_once(call).await;
        }
        let is_legacy = self.http.is_some() && self.known_era() == Some(Era::Legacy);
        if is_legacy && refuses_the_era(Era::Legacy, &first) && self.is_now(Era::Modern).await {
            return self.call_once(call).await;
        }
        first
    }

    pub(super) async fn call_once(self: &Arc<Self>, call: &Call) -> Exchange {
        match self.connection_for_call(&call.caller).await {
            Ok(Connection::Door(door)) => door.call(call).await,
            Ok(Connection::Session(session)) => session.call(call).await,
            Ok(Connection::Link(link)) => link.call(call).await,
            Err(failure) => Exchange::Done(Err(failure)),
        }
    }

    /// A request of the gateway's own, on a connection that nobody else is harmed by. Of several instances the first one
    /// that can be reached is asked.
    pub async fn ask(
        self: &Arc<Self>,
        caller: &Caller,
        method: Method,
        params: &str,
        limit: Duration,
    ) -> Result<Envelope, Failure> {
        if self.others().is_empty() {
            return self.ask_here(caller, method, params, limit).await;
        }
        let mut asked = Err(Failure::Lost);
        for one in self.likely_first() {
            asked = one.ask_here(caller, method, params, limit).await;
            if !matches!(asked, Err(Failure::Unavailable(_))) {
                break;
            }
        }
        asked
    }

    async fn ask_here(
        self: &Arc<Self>,
        caller: &Caller,
        method: Method,
        params: &str,
        limit: Duration,
    ) -> Result<Envelope, Failure> {
        for attempt in 0..2 {
            let asked = match self.connection(caller).await? {
                Connection::Door(door) => door.ask(method, None, &own_params(params), limit).await,
                Connection::Session(session) => session.ask(method, format!("{{{params}}}").as_bytes(), limit).await,
                Connection::Link(link) => {
                    let modern = link.peer().is_some_and(|peer| peer.era == Era::Modern);
                    let params = if modern { own_params(params) } else { format!("{{{params}}}").into() };
                    link.ask(method, &params, limit).await
                }
            };
            match asked {
                Err(Failure::SessionGone) if attempt == 0 => {}
                asked => return asked,
            }
        }
        Err(Failure::SessionGone)
    }
}
