//! The server edge: one [`Upstream`] per configured server, in whatever era and over whatever transport it speaks.
//!
//! In reading order: `peer` (what a server says of itself), `changes` (what it says outside of calls), `health` and
//! `place` (how it fares), `pending` (calls that share a connection), `link` and `dial` (connections that go both ways),
//! `http` (one POST and its answer), `modern_http`, `legacy_http`, `pool` (who may share what), `starts` (who may start),
//! `heartbeat` (who looks after all this), `status` (what is told of it).

pub mod askable;
pub mod changes;
mod contradiction;
pub mod dial;
pub mod health;
mod heartbeat;
pub mod http;
pub mod legacy_http;
pub mod link;
pub mod modern_http;
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
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use arc_swap::ArcSwapOption;
use config::{Limits, Mode, Server, Transport};
use mcp::{Envelope, Era, ErrorKey, Kind, Method, array};
use supervisor::{Journal, backoff};
use tokio::sync::Semaphore;

use self::{
    changes::Changes,
    contradiction::refuses_the_era,
    dial::{Dialer, configured_headers, target},
    health::{Health, Pulse, Start},
    http::{HttpLimits, HttpServer},
    legacy_http::{LegacyHttp, Refusal},
    link::{Link, Verdict},
    modern_http::{ModernHttp, own_params},
    peer::Peer,
    place::Place,
    pool::{Key, Pool},
    starts::Starts,
};
use crate::{
    call::{Abilities, Call, Caller, Exchange},
    events::Patience,
    failure::Failure,
    residents::{Home, Residents},
};

/// A server that is about to be started again is waited for this long; a call that would wait longer is told so at once.
const RESTART_WAIT_MAX: Duration = Duration::from_millis(2_500);

/// A verdict on an era that is younger than this is not doubted, whatever the server answers.
const VERDICT_AGE_MIN: Duration = Duration::from_secs(1);

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

/// The door of a modern HTTP server, with what it said and when.
#[derive(Debug)]
struct Modern {
    door: Arc<ModernHttp>,
    peer: Peer,
    since: Instant,
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
    pub watch: watch::Watch,
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
    /// A server as it is configured; nothing is started or connected yet. `starts` are the turns of the whole node.
    pub fn new(
        name: &str,
        settings: Server,
        limits: Limits,
        client: &egress::Client,
        residents: &Arc<dyn Residents>,
        starts: &Starts,
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
        let (name, changes): (Arc<str>, Arc<Changes>) = (name.into(), Arc::default());
        let health = Health::new(&name, restarts(&settings), journal(&name, &settings), changes.clone());
        Ok(Arc::new(Self {
            watch: watch::Watch::default(),
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
        }))
    }

    /// Sends a call, if the server has room for it.
    pub async fn call(self: &Arc<Self>, call: &Call) -> Exchange {
        let now = Instant::now();
        let Some(place) = Place::take(&self.calls, &self.health, now) else {
            return Exchange::Done(Err(Failure::Overloaded));
        };
        let mut exchange = match self.door_at(now) {
            Some(door) => self.call_modern(&door, call).await,
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

    /// Asks a server whether it speaks this era by now, unless that was settled a moment ago or by the configuration.
    async fn is_now(&self, era: Era) -> bool {
        let Some(server) = self.http.as_ref().filter(|_| self.settings.era == config::Era::Auto) else { return false };
        if self.verdict_age().is_some_and(|age| age < VERDICT_AGE_MIN) {
            return false;
        }
        let limit = Duration::from_millis(self.limits.handshake_ms_max);
        let found = match self.ask_era(server, limit).await {
            Ok(Some(_)) => Era::Modern,
            Ok(None) => Era::Legacy,
            Err(_) => return false,
        };
        if found == Era::Legacy {
            self.modern.store(None);
            self.remember(Era::Legacy);
        }
        if found == Era::Modern && era == Era::Modern {
            self.pool.close_all().await;
        }
        tracing::info!(server = &*self.name, ?found, "it answered as if it spoke another era and was asked anew");
        found == era
    }

    /// How long ago the era was found out.
    fn verdict_age(&self) -> Option<Duration> {
        let modern = self.modern.load().as_ref().map(|modern| modern.since);
        let legacy = || self.verdict.lock().unwrap_or_else(PoisonError::into_inner).map(|(_, since)| since);
        modern.or_else(legacy).map(|since| since.elapsed())
    }

    /// Asks over HTTP: the way in if the server is modern, nothing if it answers as legacy ones do. Credentials, outages
    /// and silence decide nothing.
    async fn ask_era(&self, server: &Arc<HttpServer>, limit: Duration) -> Result<Option<Arc<ModernHttp>>, Failure> {
        let door = Arc::new(ModernHttp::new(server, self.changes.clone()));
        match discover(&door, limit).await {
            Ok(answer) => {
                let peer = Some(&answer).filter(|answer| answer.kind() == Kind::Result).and_then(Peer::from_discover);
                let Some(peer) = peer else { return Ok(None) };
                *self.verdict.lock().unwrap_or_else(PoisonError::into_inner) = None;
                self.peer.store(Some(Arc::new(peer.clone())));
                self.modern.store(Some(Arc::new(Modern { door: door.clone(), peer, since: Instant::now() })));
                Ok(Some(door))
            }
            Err(Failure::Garbage(_) | Failure::Rejected(_)) => Ok(None),
            Err(failure) => Err(failure),
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
        let abilities = key.abilities;
        self.pool.get(key, || Box::pin(self.open(abilities))).await
    }

    /// Closes what belongs to one client session.
    pub async fn end_session(&self, session: u64) {
        self.pool.close_session(session).await;
    }

    /// Closes what has not been used for longer than the server's settings allow.
    pub async fn sweep(&self) {
        if self.settings.idle_stop_s > 0 {
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

    fn fresh_door(&self) -> Option<Arc<ModernHttp>> {
        self.door_at(Instant::now())
    }

    /// The door of a modern server, unless its verdict is too old at this moment.
    fn door_at(&self, now: Instant) -> Option<Arc<ModernHttp>> {
        let horizon = Duration::from_secs(self.limits.probe_hours * 3_600);
        let modern = self.modern.load();
        let is_fresh = |modern: &&Arc<Modern>| now.saturating_duration_since(modern.since) < horizon;
        modern.as_ref().filter(is_fresh).map(|modern| modern.door.clone())
    }

    /// Who shares a connection with whom. Only a server declared to keep no state is shared by all, and one that lives
    /// here: it is told who calls.
    fn key(&self, caller: &Caller) -> Key {
        match self.settings.mode {
            _ if self.is_resident() => Key { principal: None, session: None, abilities: Abilities::ALL },
            Mode::Shared => Key { principal: None, session: None, abilities: Abilities::ALL },
            Mode::PerPrincipal => {
                Key { principal: Some(caller.principal.clone()), session: None, abilities: caller.abilities }
            }
            Mode::PerSession => {
                Key { principal: Some(caller.principal.clone()), session: caller.session, abilities: caller.abilities }
            }
        }
    }

    async fn open(self: &Arc<Self>, abilities: Abilities) -> Result<Connection, Failure> {
        if self.wait_until_due().await? == Start::Again {
            self.forget_era();
        }
        let attempt = Attempt(Some(&self.health));
        let opened = match self.settings.transport() {
            Transport::Stdio => {
                let turn = Duration::from_secs(self.settings.start_timeout_s);
                self.starts.in_turn(turn, self.open_now(abilities)).await.flatten()
            }
            _ => self.open_now(abilities).await,
        };
        attempt.ended(opened.as_ref().err());
        opened
    }

    /// A server that could not be started lately is left alone for a while. Who comes shortly before the end of it waits;
    /// who would wait for long is told why not.
    async fn wait_until_due(&self) -> Result<Start, Failure> {
        if self.retired.load(Ordering::Acquire) {
            return Err(Failure::Unavailable("it has been taken out of the configuration".to_owned()));
        }
        let pause = match self.health.start() {
            Ok(start) => return Ok(start),
            Err(pause) => pause,
        };
        if pause.left > RESTART_WAIT_MAX {
            return Err(Failure::Unavailable(pause.why));
        }
        tokio::time::sleep(pause.left).await;
        self.health.start().map_err(|pause| Failure::Unavailable(pause.why))
    }

    async fn open_now(self: &Arc<Self>, abilities: Abilities) -> Result<Connection, Failure> {
        let limit = match self.settings.transport() {
            Transport::Stdio => Duration::from_secs(self.settings.start_timeout_s),
            _ => Duration::from_millis(self.limits.handshake_ms_max),
        };
        let connection = match &self.http {
            Some(server) => self.open_http(server, abilities, limit).await?,
            None => Connection::Link(self.open_link(abilities, limit).await?),
        };
        let peer = match &connection {
            Connection::Link(link) => link.peer().cloned(),
            Connection::Session(session) => Some(session.peer.clone()),
            Connection::Door(_) => self.modern.load().as_ref().map(|modern| modern.peer.clone()),
        };
        if let Some(peer) = peer {
            tracing::info!(server = &*self.name, era = ?peer.era, version = peer.version, "connected");
            self.peer.store(Some(Arc::new(peer)));
        }
        Ok(connection)
    }

    /// Detection over HTTP: decided by the body of the answer to `server/discover`. Credentials, outages and silence decide nothing.
    async fn open_http(
        self: &Arc<Self>,
        server: &Arc<HttpServer>,
        abilities: Abilities,
        limit: Duration,
    ) -> Result<Connection, Failure> {
        if self.known_era() != Some(Era::Legacy) {
            if let Some(door) = self.ask_era(server, limit).await? {
                return Ok(Connection::Door(door));
            }
            if self.settings.era == config::Era::Modern {
                return Err(Failure::Unavailable("it does not speak a modern revision".to_owned()));
            }
        }
        match LegacyHttp::open(server.clone(), abilities, self.changes.clone(), limit).await {
            Ok(session) => {
                self.remember(Era::Legacy);
                Ok(Connection::Session(session))
            }
            Err(Refusal::Failed(failure)) => Err(failure),
            Err(Refusal::NotHere) if self.settings.transport == Transport::Auto => {
                let settings = Server { transport: Transport::Sse, ..self.settings.clone() };
                let link = self.dialer.dial(&settings).await?;
                link.initialize(abilities, limit).await?;
                Ok(Connection::Link(link))
            }
            Err(Refusal::NotHere) => Err(Failure::Unavailable("there is no MCP endpoint at this address".to_owned())),
        }
    }

    /// Detection on a link. A server that falls silent or dies on the probe is legacy; it gets a fresh connection.
    async fn open_link(self: &Arc<Self>, abilities: Abilities, limit: Duration) -> Result<Arc<Link>, Failure> {
        let link = self.dialer.dial(&self.settings).await?;
        let opened = match self.known_era() {
            Some(Era::Modern) => link.discover(limit).await.map(|()| link.clone()),
            Some(Era::Legacy) => link.initialize(abilities, limit).await.map(|()| link.clone()),
            None => self.detect(link.clone(), abilities, limit).await,
        };
        if opened.is_err() {
            let tail = link.stderr_tail().unwrap_or_default();
            link.stop_aside();
            return opened.map_err(|failure| with_log(&failure, &tail));
        }
        opened
    }

    async fn detect(
        self: &Arc<Self>,
        link: Arc<Link>,
        abilities: Abilities,
        limit: Duration,
    ) -> Result<Arc<Link>, Failure> {
        let link = match link.probe(limit).await {
            Verdict::Known => {
                self.remember(Era::Modern);
                return Ok(link);
            }
            Verdict::Legacy => link,
            Verdict::Spoiled => {
                link.stop_aside();
                self.dialer.dial(&self.settings).await?
            }
        };
        match link.initialize(abilities, limit).await {
            Ok(()) => {
                self.remember(Era::Legacy);
                Ok(link)
            }
            Err(failure) => {
                let tail = link.stderr_tail().unwrap_or_default();
                link.stop_aside();
                Err(with_log(&failure, &tail))
            }
        }
    }

    /// The era by configuration, or by a verdict that is not too old.
    fn known_era(&self) -> Option<Era> {
        match self.settings.era {
            config::Era::Legacy => return Some(Era::Legacy),
            config::Era::Modern => return Some(Era::Modern),
            config::Era::Auto => {}
        }
        let horizon = Duration::from_secs(self.limits.probe_hours * 3_600);
        let verdict = *self.verdict.lock().unwrap_or_else(PoisonError::into_inner);
        verdict.filter(|(_, since)| since.elapsed() < horizon).map(|(era, _)| era)
    }

    /// What was found out by asking no longer counts.
    fn forget_era(&self) {
        *self.verdict.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.modern.store(None);
    }

    fn remember(&self, era: Era) {
        *self.verdict.lock().unwrap_or_else(PoisonError::into_inner) = Some((era, Instant::now()));
    }
}

/// A start under way. Dropped before its end, nobody wants it any more.
struct Attempt<'a>(Option<&'a Health>);

impl Attempt<'_> {
    fn ended(mut self, failure: Option<&Failure>) {
        match (self.0.take(), failure) {
            (Some(health), Some(failure)) => health.start_failed(&failure.reason()),
            (Some(health), None) => health.running(),
            (None, _) => {}
        }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if let Some(health) = self.0 {
            health.abandoned();
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

/// Asks a server whether it is modern; one that refuses our version and then names it is asked once more.
async fn discover(door: &ModernHttp, limit: Duration) -> Result<Envelope, Failure> {
    let answer = door.ask(Method::Discover, None, &own_params(""), limit).await?;
    let names_ours = || {
        let data = answer.error_members().get(ErrorKey::Data).value.of(answer.bytes())?;
        let supported = array::member(data, "supported")?.of(data)?;
        let ours = mcp::Version::LATEST.as_str();
        Some(
            array::items(supported).ok()?.iter().any(|span| span.of(supported).and_then(mcp::plain_text) == Some(ours)),
        )
    };
    let again = answer.error_code() == Some(i64::from(mcp::code::UNSUPPORTED_VERSION)) && names_ours() == Some(true);
    if again { door.ask(Method::Discover, None, &own_params(""), limit).await } else { Ok(answer) }
}

/// A failure of a child with the last words it wrote to stderr.
fn with_log(failure: &Failure, tail: &str) -> Failure {
    let reason = failure.reason();
    Failure::Unavailable(match tail.trim().lines().last() {
        Some(line) => format!("{reason} (its last words: {})", line.chars().take(300).collect::<String>()),
        None => reason,
    })
}
