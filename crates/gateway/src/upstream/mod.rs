//! The server edge: one [`Upstream`] per configured server, in whatever era and over whatever transport it speaks.
//!
//! In reading order: `peer` (what a server says of itself), `changes` (what it says outside of calls), `era` (which it
//! speaks), `opening` (how a connection to it comes about), `health` and `place` (how it fares), `pending` (calls that
//! share a connection), `link` and `dial` (connections that go both ways), `http` (one POST and its answer),
//! `modern_http`, `legacy_http`, `pool` (who may share what), `connecting` (how connections come and go), `calling` (how a
//! call is sent on one), `processes` (how many share the calls), `starts` (who may start), `heartbeat` with `sign` (who looks
//! after all this), `instances` (who of several serves a call), `as_task` (tools that are called as tasks), `status` (what is
//! told of it), `bequest`, `following`, `lineage` and `relay` (processes that go on at the next node).

mod as_task;
pub mod askable;
pub mod bequest;
mod calling;
pub mod changes;
mod connecting;
mod contradiction;
pub mod dial;
mod ear;
mod era;
pub mod following;
pub mod health;
mod heartbeat;
pub mod http;
pub mod instances;
pub mod legacy_http;
mod lineage;
pub mod link;
mod listening;
pub mod modern_http;
mod opening;
mod oversized;
pub mod peer;
pub mod pending;
pub mod place;
pub mod pool;
pub mod processes;
pub mod relay;
mod sign;
pub mod starts;
mod status;
pub mod watch;

pub use status::Status;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use arc_swap::ArcSwapOption;
use config::{Limits, Server, Transport};
use mcp::Era;
use supervisor::{Journal, backoff};
use traffic::balance;

use self::{
    changes::Changes,
    dial::{Dialer, configured_headers, target},
    era::Modern,
    following::Following,
    health::{Health, Pulse},
    http::{HttpLimits, HttpServer},
    instances::Instances,
    legacy_http::LegacyHttp,
    link::Link,
    modern_http::ModernHttp,
    peer::Peer,
    pool::Pool,
    processes::Processes,
    sign::Sign,
    starts::Starts,
};
use crate::{
    events::Patience,
    failure::Failure,
    pipeline::{
        breaker::Breakers,
        combined::Gathering,
        duplicates::Reads,
        faults::Faults,
        hedge::Hedges,
        limit::ToolMeters,
        queue::{Line, Queues},
    },
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
    /// How many processes there are, where there may be several.
    pub processes: Arc<Processes>,
    health: Arc<Health>,
    /// Whether it answers over HTTP when it is asked for a sign of life.
    pulse: Pulse,
    /// What it said when its calls were silent.
    sign: Sign,
    starts: Starts,
    /// Whether calls are let through to it.
    pub breakers: Breakers,
    /// The reads under way at it.
    pub reads: Reads,
    /// How long its calls take of which a copy may be sent.
    pub hedges: Hedges,
    /// The calls that are to go to it together.
    pub gathering: Gathering,
    /// How far the rates of its tools are used up.
    pub meters: Arc<ToolMeters>,
    /// The queue before it.
    pub line: Arc<Line>,
    /// The faults that are made on purpose.
    pub faults: Arc<Faults>,
    calls: Arc<AtomicUsize>,
    /// Those that answer at its other addresses, if it has more than one.
    instances: Option<Arc<Instances>>,
    /// It is no longer part of the configuration: nothing is opened any more.
    retired: AtomicBool,
    /// Its processes have gone to the next node: none but those of sessions is started here.
    is_left: AtomicBool,
    /// The node before, if processes of this server are to come from there.
    following: Option<Following>,
}

/// What every server of a node is made with.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The bounds of everything.
    pub limits: &'a Limits,
    /// The way to the network.
    pub client: &'a egress::Client,
    /// What lives in this process.
    pub residents: &'a Arc<dyn Residents>,
    /// The turns of the whole node to start something.
    pub starts: &'a Starts,
    /// The queues before the servers.
    pub queues: &'a Arc<Queues>,
    /// The faults that are made on purpose.
    pub faults: &'a Arc<Faults>,
    /// Where the node stands.
    pub place: &'a balance::Place,
    /// What comes from the node before.
    pub following: &'a Following,
}

impl std::fmt::Debug for Upstream {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Upstream").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Upstream {
    /// A server as it is configured; nothing is started or connected yet. Who listened to `former`, the one before of this
    /// name, listens to this one.
    pub fn new(
        name: &str,
        settings: Server,
        around: &Surroundings<'_>,
        former: Option<&Self>,
    ) -> Result<Arc<Self>, Failure> {
        let changes = former.map(|former| former.changes.clone()).unwrap_or_default();
        changes.begin_anew();
        let watch = former.map(|former| former.watch.clone()).unwrap_or_default();
        let meters = former.map(|former| former.meters.clone()).unwrap_or_default();
        let addresses: Vec<_> = settings.addresses().collect();
        let other = |address| {
            Self::at_one(name, settings.at(address), around, (changes.clone(), Arc::default(), Arc::default()), None)
        };
        let others = addresses.iter().skip(1).map(other).collect::<Result<Vec<_>, _>>()?;
        let instances = (!others.is_empty()).then(|| Arc::new(Instances::new(&settings, others, around.place.clone())));
        let first = addresses.first().map(|address| settings.at(address));
        let upstream = Self::at_one(name, first.unwrap_or(settings), around, (changes, watch, meters), instances)?;
        upstream.watch.pass_to(&upstream);
        Ok(upstream)
    }

    /// A server at one address.
    fn at_one(
        name: &str,
        settings: Server,
        around: &Surroundings<'_>,
        (changes, watch, meters): (Arc<Changes>, Arc<watch::Watch>, Arc<ToolMeters>),
        instances: Option<Arc<Instances>>,
    ) -> Result<Arc<Self>, Failure> {
        let Surroundings { limits, client, residents, starts, queues, faults, following, .. } = *around;
        let home = residents.hosts(name, &settings).then(|| Home { name: name.into(), residents: residents.clone() });
        let patience = patience(limits);
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
        let following = following.of_server(&name);
        let health = Health::new(&name, restarts(&settings), journal(&name, &settings), changes.clone());
        Ok(Arc::new(Self {
            watch,
            dialer: Dialer {
                client: client.clone(),
                limits: http_limits,
                child,
                changes: changes.clone(),
                health: health.clone(),
                home,
            },
            line: queues.line(&name, &settings),
            faults: faults.clone(),
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
            processes: Arc::default(),
            breakers: Breakers::new(health.clone()),
            reads: Reads::default(),
            hedges: Hedges::default(),
            gathering: Gathering::default(),
            health,
            pulse: Pulse::default(),
            sign: Sign::default(),
            starts: starts.clone(),
            meters,
            calls: Arc::default(),
            instances,
            retired: AtomicBool::new(false),
            is_left: AtomicBool::new(false),
            following,
            settings,
            limits: limits.clone(),
        }))
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
        self.peer.load_full().or_else(|| self.others().iter().find_map(|other| other.peer.load_full()))
    }

    /// Those that answer at its other addresses.
    fn others(&self) -> &[Arc<Self>] {
        self.instances.as_ref().map_or(&[], |instances| instances.others())
    }

    /// Whether its processes have gone to the next node, which looks after them.
    pub(crate) fn is_left(&self) -> bool {
        self.is_left.load(Ordering::Acquire)
    }

    /// Lets calls through again after somebody looked after the server.
    pub fn reset_breaker(&self) {
        self.health.forgive();
        self.breakers.reset();
    }

    /// How long a call may be silent, and how long it may take.
    pub fn patience(&self) -> Patience {
        patience(&self.limits)
    }

    /// How long it may take to start or connect it, and to greet it.
    pub fn opening_max(&self) -> Duration {
        Duration::from_millis(self.limits.connect_ms_max + self.limits.handshake_ms_max)
    }

    /// How many calls are under way.
    pub fn calls_running(&self) -> usize {
        let here = self.calls.load(Ordering::Relaxed);
        here + self.others().iter().map(|other| other.calls_running()).sum::<usize>()
    }

    /// How many connections, sessions or processes there are now.
    pub fn instances(&self) -> usize {
        let here = self.pool.connections().len() + usize::from(self.fresh_door().is_some());
        here + self.others().iter().map(|other| other.instances()).sum::<usize>()
    }

    /// Whether there is any way to the server now.
    pub fn is_connected(&self) -> bool {
        let here = self.fresh_door().is_some() || self.pool.is_connected();
        here || self.others().iter().any(|other| other.is_connected())
    }
}

fn patience(limits: &Limits) -> Patience {
    Patience { idle: Duration::from_millis(limits.call_ms_max), total: Duration::from_millis(limits.call_total_ms_max) }
}

/// When a server that ends is started again.
fn restarts(settings: &Server) -> backoff::Options {
    backoff::Options { max_restarts_per_hour: settings.restarts_per_hour_max as usize, ..backoff::Options::default() }
}

/// The journal of a server, in which the values of its environment do not stand.
fn journal(name: &str, settings: &Server) -> Journal {
    Journal::new(name, settings.env.values().map(|value| value.expose().to_owned()))
}
