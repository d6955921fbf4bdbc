//! The server edge: one [`Upstream`] per configured server, in whatever era and over whatever transport it speaks.
//!
//! In reading order: `peer` (what a server says of itself), `changes` (what it says outside of calls), `era` (which it
//! speaks), `opening` (how a connection to it comes about), `health` and `place` (how it fares), `pending` (calls that
//! share a connection), `link` and `dial` (connections that go both ways), `http` (one POST and its answer),
//! `modern_http`, `legacy_http`, `pool` (who may share what), `starts` (who may start), `heartbeat` (who looks after all
//! this), `as_task` (tools that are called as tasks), `status` (what is told of it).

mod as_task;
pub mod askable;
pub mod changes;
mod contradiction;
pub mod dial;
mod ear;
mod era;
pub mod health;
mod heartbeat;
pub mod http;
pub mod legacy_http;
pub mod link;
mod listening;
pub mod modern_http;
mod opening;
mod oversized;
pub mod peer;
pub mod pending;
pub mod place;
pub mod pool;
pub mod starts;
mod status;
pub mod watch;

pub use status::Status;

use std::{
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use arc_swap::ArcSwapOption;
use config::{Limits, Mode, Server, Transport};
use mcp::{Envelope, Era, Method};
use supervisor::{Journal, backoff};
use tokio::sync::Semaphore;

use self::{
    changes::Changes,
    contradiction::refuses_the_era,
    dial::{Dialer, configured_headers, target},
    era::Modern,
    health::{Health, Pulse},
    http::{HttpLimits, HttpServer},
    legacy_http::LegacyHttp,
    link::Link,
    modern_http::{ModernHttp, own_params},
    peer::Peer,
    place::Place,
    pool::{Key, Owner, Pool},
    starts::Starts,
};
use crate::{
    call::{Abilities, Call, Caller, Exchange},
    events::Patience,
    failure::Failure,
    residents::{Home, Residents},
};

/// A way to send calls to a server.
#[derive(Clone, Debug)]
pub enum Connection {
    /// A connection that calls share.
    Link(Arc<Link>),
    /// A legacy HTTP session.
    Session(Arc<LegacyHttp>),
    /// A modern HTTP server.
    Door(Arc<ModernHttp>),
}

/// One configured server.
pub struct Upstream {
    /// Its name in the configuration.
    pub name: Arc<str>,
    /// Its section of the configuration.
    pub settings: Server,
    /// What it says outside of calls.
    pub changes: Arc<Changes>,
    /// The resources that somebody wants to hear of.
    pub watch: Arc<watch::Watch>,
    limits: Limits,
    dialer: Dialer,
    http: Option<Arc<HttpServer>>,
    modern: ArcSwapOption<Modern>,
    /// The era found out by asking, and when.
    verdict: Mutex<Option<(Era, Instant)>>,
    /// What the server last said of itself, on whatever connection.
    peer: ArcSwapOption<Peer>,
    pool: Pool,
    health: Arc<Health>,
    /// Whether it answers over HTTP when it is asked for a sign of life.
    pulse: Pulse,
    starts: Starts,
    calls: Arc<Semaphore>,
    /// It is no longer part of the configuration: nothing is opened any more.
    retired: AtomicBool,
}

impl std::fmt::Debug for Upstream {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Upstream").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Upstream {
    /// A server as it is configured; nothing is started or connected yet. `starts` are the turns of the whole node. Who
    /// listened to `former`, the one before of this name, listens to this one.
    pub fn new(
        name: &str,
        settings: Server,
        limits: Limits,
        client: &egress::Client,
        residents: &Arc<dyn Residents>,
        starts: &Starts,
        former: Option<&Self>,
    ) -> Result<Arc<Self>, Failure> {
        let home = residents.hosts(name, &settings).then(|| Home { name: name.into(), residents: residents.clone() });
        let patience = Patience {
            idle: Duration::from_millis(limits.call_ms_max),
            total: Duration::from_millis(limits.call_total_ms_max),
        };
        let line_bytes_max = settings.line_bytes_max.unwrap_or(limits.line_bytes_max);
        let http_limits = HttpLimits { result_bytes_max: limits.result_bytes_max, line_bytes_max, patience };
        let http = match settings.transport() {
            Transport::Http if home.is_none() => {
                Some(Arc::new(HttpServer::new(client, target(&settings)?, configured_headers(&settings), http_limits)))
            }
            _ => None,
        };
        let child = supervisor::Limits { line_bytes_max, ..supervisor::Limits::default() };
        let name: Arc<str> = name.into();
        let changes = former.map(|former| former.changes.clone()).unwrap_or_default();
        changes.begin_anew();
        let watch = former.map(|former| former.watch.clone()).unwrap_or_default();
        let health = Health::new(&name, restarts(&settings), journal(&name, &settings), changes.clone());
        let upstream = Arc::new(Self {
            watch,
            dialer: Dialer {
                client: client.clone(),
                limits: http_limits,
                child,
                changes: changes.clone(),
                health: health.clone(),
                home,
            },
            name,
            changes,
            http,
            modern: ArcSwapOption::empty(),
            verdict: Mutex::default(),
            peer: ArcSwapOption::empty(),
            pool: Pool::new(if settings.transport() == Transport::Stdio {
                settings.instances_max
            } else {
                limits.sessions_max
            }),
            health,
            pulse: Pulse::default(),
            starts: starts.clone(),
            calls: Arc::new(Semaphore::new(limits.calls_per_server_max)),
            retired: AtomicBool::new(false),
            settings,
            limits,
        });
        upstream.watch.pass_to(&upstream);
        Ok(upstream)
    }

    /// Sends a call, if the server has room for it.
    pub async fn call(self: &Arc<Self>, call: &Call) -> Exchange {
        let now = Instant::now();
        let Some(place) = Place::take(&self.calls, &self.health, now) else {
            return Exchange::Done(Err(Failure::Overloaded));
        };
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
    async fn call_connected(self: &Arc<Self>, call: &Call) -> Exchange {
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

    async fn call_once(self: &Arc<Self>, call: &Call) -> Exchange {
        match self.connection(&call.caller).await {
            Ok(Connection::Door(door)) => door.call(call).await,
            Ok(Connection::Session(session)) => session.call(call).await,
            Ok(Connection::Link(link)) => link.call(call).await,
            Err(failure) => Exchange::Done(Err(failure)),
        }
    }

    /// A request of the gateway's own, on a connection that nobody else is harmed by.
    pub async fn ask(
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

    /// Whether it lives in this process.
    pub fn is_resident(&self) -> bool {
        self.dialer.home.is_some()
    }

    /// Whether it is the gateway's own server.
    pub fn is_own(&self) -> bool {
        self.is_resident() && self.settings.is_own(&self.name)
    }

    /// What the server says of itself, once any connection to it has been made.
    pub fn peer(&self) -> Option<Arc<Peer>> {
        self.peer.load_full()
    }

    /// Makes sure that the server has introduced itself.
    pub async fn introduce(self: &Arc<Self>, caller: &Caller) -> Result<Arc<Peer>, Failure> {
        if let Some(peer) = self.peer() {
            return Ok(peer);
        }
        self.connection(caller).await?;
        self.peer().ok_or(Failure::Lost)
    }

    /// The connection for this caller, opened if there is none.
    pub async fn connection(self: &Arc<Self>, caller: &Caller) -> Result<Connection, Failure> {
        if let Some(door) = self.fresh_door() {
            return Ok(Connection::Door(door));
        }
        let key = self.key(caller);
        let reach = if key.session.is_some() { caller.reach.clone() } else { Weak::new() };
        let owner = Owner { abilities: key.abilities, reach };
        let open = || {
            let key = key.clone();
            Box::pin(async { self.open(owner).await.inspect(|_| self.hear_again(key)) })
        };
        self.pool.get(key.clone(), open).await
    }

    /// Closes what belongs to one client session.
    pub async fn end_session(&self, session: u64) {
        self.pool.close_session(session).await;
    }

    /// Closes what has not been used for longer than the server's settings allow; who waits for its news uses it.
    pub async fn sweep(self: &Arc<Self>) {
        self.keep_hearing();
        if self.settings.idle_stop_s > 0 && !self.watch.has_wishes() {
            self.pool.close_idle(Duration::from_secs(self.settings.idle_stop_s)).await;
        }
    }

    /// Closes everything. The next call starts the server anew.
    pub async fn stop(&self) {
        self.health.stopping();
        self.modern.store(None);
        self.pool.close_all().await;
        self.health.stopped();
    }

    /// Closes everything for good: this server has left the configuration.
    pub async fn retire(&self) {
        self.retired.store(true, Ordering::Release);
        self.stop().await;
    }

    /// How many calls are under way.
    pub fn calls_running(&self) -> usize {
        self.limits.calls_per_server_max - self.calls.available_permits()
    }

    /// How many connections, sessions or processes there are now.
    pub fn instances(&self) -> usize {
        self.pool.connections().len() + usize::from(self.fresh_door().is_some())
    }

    /// Whether there is any way to the server now.
    fn is_connected(&self) -> bool {
        self.fresh_door().is_some() || self.pool.is_connected()
    }

    /// Who shares a connection with whom. Only a server declared to keep no state is shared by all, and one that lives
    /// here: it is told who calls.
    fn key(&self, caller: &Caller) -> Key {
        match self.settings.mode {
            _ if self.is_resident() => Key { principal: None, session: None, abilities: Abilities::ALL },
            Mode::Shared => Key { principal: None, session: None, abilities: Abilities::ALL },
            Mode::PerPrincipal => {
                Key { principal: Some(caller.principal.name.clone()), session: None, abilities: caller.abilities }
            }
            Mode::PerSession => Key {
                principal: Some(caller.principal.name.clone()),
                session: caller.session,
                abilities: caller.abilities,
            },
        }
    }
}

/// When a server that ends is started again.
fn restarts(settings: &Server) -> backoff::Options {
    backoff::Options { max_restarts_per_hour: settings.restarts_per_hour_max as usize, ..backoff::Options::default() }
}

/// The journal of a server, in which the values of its environment do not stand.
fn journal(name: &str, settings: &Server) -> Journal {
    Journal::new(name, settings.env.values().map(|value| value.expose().to_owned()))
}
