//! Sessions of legacy clients. What the client said of itself is sealed into the session id; kept in memory is only
//! what happens in it: its open streams, its calls, what it subscribed to. How its client is reached is `reach`.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use bytes::Bytes;
use mcp::{ClientFacts, Era, Version, session::SessionSeal};
use serde::{Deserialize, Serialize};
use tokio::{sync::oneshot, task::JoinSet};

use crate::{
    call::{Abilities, Caller},
    catalogue::Endpoint,
    handover::SessionWords,
    principal::Principal,
    reach::Reach,
    seals::{Seals, now_s, random},
    streams::Streams,
    upstream::watch::Watching,
};

/// What is sealed in the id of a session. It is written in hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct SessionId([u8; 16]);

impl From<SessionId> for String {
    fn from(SessionId(bytes): SessionId) -> Self {
        format!("{:032x}", u128::from_be_bytes(bytes))
    }
}

impl TryFrom<String> for SessionId {
    type Error = std::num::ParseIntError;

    fn try_from(digits: String) -> Result<Self, Self::Error> {
        u128::from_str_radix(&digits, 16).map(|number| Self(number.to_be_bytes()))
    }
}

impl SessionId {
    /// One that nobody has.
    pub(crate) fn random() -> Self {
        Self(random())
    }
}

/// One session of one client.
#[derive(Debug)]
pub struct Session {
    /// Its number in this process.
    pub number: u64,
    /// What is sealed in its id; nothing where a connection is the session.
    pub sealed: Option<SessionId>,
    /// The endpoint it was opened at.
    pub endpoint: Endpoint,
    /// The revision agreed on.
    pub version: Version,
    principal: ArcSwap<Principal>,
    abilities: Abilities,
    facts: ArcSwap<ClientFacts>,
    reach: Arc<Reach>,
    /// Its event streams, which outlive their connections.
    pub streams: Arc<Streams>,
    /// Calls under way, by the raw token of their id. With two of the same id, the later one can be cancelled.
    running: Mutex<HashMap<Vec<u8>, oneshot::Sender<()>>>,
    watching: tokio::sync::Mutex<HashMap<String, Watching>>,
    /// What runs beside it and ends with it.
    companions: Mutex<JoinSet<()>>,
    used: Mutex<Instant>,
}

impl Session {
    /// Who calls in this session.
    pub fn caller(&self) -> Caller {
        Caller {
            principal: self.principal.load_full(),
            session: Some(self.number),
            era: Era::Legacy,
            facts: self.facts.load_full(),
            abilities: self.abilities,
            reach: Arc::downgrade(&self.reach),
        }
    }

    /// Takes on what the configuration now says of its principal.
    pub fn take_on(&self, principal: &Arc<Principal>) {
        if !Arc::ptr_eq(&self.principal.load(), principal) {
            self.principal.store(principal.clone());
        }
    }

    /// Remembers the level of `logging/setLevel`, a raw JSON string.
    pub fn set_log_level(&self, level: Bytes) {
        let facts = ClientFacts { log_level: level, ..ClientFacts::clone(&self.facts.load()) };
        self.facts.store(Arc::new(facts));
    }

    /// How its client is reached.
    pub fn reach(&self) -> &Reach {
        &self.reach
    }

    /// Notes a call that can be cancelled by its id; dropped without a word, the sender says nothing.
    pub fn begin(&self, id: &[u8]) -> oneshot::Receiver<()> {
        let (cancel, cancelled) = oneshot::channel();
        lock(&self.running).insert(id.to_vec(), cancel);
        cancelled
    }

    /// The call has ended.
    pub fn finish(&self, id: &[u8]) {
        lock(&self.running).remove(id);
    }

    /// The client gives a call up; false if there is no such call.
    pub fn cancel(&self, id: &[u8]) -> bool {
        let Some(cancel) = lock(&self.running).remove(id) else { return false };
        let _ = cancel.send(());
        true
    }

    /// The client has left: it gives up all calls.
    pub fn cancel_all(&self) {
        for (_, cancel) in lock(&self.running).drain() {
            let _ = cancel.send(());
        }
    }

    /// The resources that the client subscribed to, by shown URI.
    pub fn watching(&self) -> &tokio::sync::Mutex<HashMap<String, Watching>> {
        &self.watching
    }

    /// Runs something beside the session that ends with it at the latest, unless `max` run already.
    pub fn accompany(&self, max: usize, companion: impl Future<Output = ()> + Send + 'static) {
        let mut companions = lock(&self.companions);
        while companions.try_join_next().is_some() {}
        if companions.len() < max {
            companions.spawn(companion);
        }
    }

    fn touch(&self) {
        *lock(&self.used) = Instant::now();
    }

    fn idle(&self) -> Duration {
        if self.reach.listens() || !lock(&self.running).is_empty() {
            Duration::ZERO
        } else {
            lock(&self.used).elapsed()
        }
    }
}

/// Why a session id is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// Never ours, changed, expired, ended, or of another endpoint.
    Gone,
    /// There are too many sessions.
    Full,
}

/// How many sessions there may be, and how long one lives.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    max: usize,
    /// Without use.
    idle: Duration,
    /// In any case, from when it was opened.
    lifetime_s: u64,
}

impl Bounds {
    /// Those of the configuration.
    pub fn of(limits: &config::Limits) -> Self {
        Self {
            max: limits.sessions_max,
            idle: Duration::from_millis(limits.session_idle_ms_max),
            lifetime_s: limits.session_ms_max / 1_000,
        }
    }
}

/// All sessions of this node.
#[derive(Debug)]
pub struct Sessions {
    live: Mutex<HashMap<SessionId, Arc<Session>>>,
    ended: Mutex<HashSet<SessionId>>,
    /// Bytes that the streams of all sessions keep.
    kept: Arc<AtomicUsize>,
    next: AtomicU64,
    bounds: ArcSwap<Bounds>,
}

impl Sessions {
    /// Room for sessions within these bounds.
    pub fn new(bounds: Bounds) -> Self {
        Self {
            live: Mutex::default(),
            ended: Mutex::default(),
            kept: Arc::default(),
            next: AtomicU64::new(1),
            bounds: ArcSwap::from_pointee(bounds),
        }
    }

    /// Other bounds from now on. How long a session lives at most is said when it is opened.
    pub fn configure(&self, bounds: Bounds) {
        self.bounds.store(Arc::new(bounds));
    }

    /// Opens a session and gives its id.
    pub fn open(
        &self,
        seals: &Seals,
        principal: &Arc<Principal>,
        endpoint: &Endpoint,
        version: Version,
        facts: ClientFacts,
    ) -> Result<(String, Arc<Session>), Unknown> {
        self.open_as(SessionId::random(), seals, principal, endpoint, (version, facts))
    }

    /// Opens a session that is known by this id.
    pub(crate) fn open_as(
        &self,
        id: SessionId,
        seals: &Seals,
        principal: &Arc<Principal>,
        endpoint: &Endpoint,
        (version, facts): (Version, ClientFacts),
    ) -> Result<(String, Arc<Session>), Unknown> {
        let seal = SessionSeal {
            id: id.0,
            version: version.as_str().to_owned(),
            issued_at_unix_s: now_s(),
            scope: scope(endpoint),
            client_info: facts.info.clone(),
            capabilities: facts.capabilities.clone(),
        };
        let sealed = seal
            .session_id(&seals.ring(), &principal.name, now_s() + self.bounds.load().lifetime_s, random())
            .map_err(|_| Unknown::Full)?;
        let session = self.admit(Some(id), principal, endpoint, version, facts)?;
        Ok((sealed, session))
    }

    /// A session without an id on the wire: its connection is the session.
    pub fn open_bound(
        &self,
        principal: &Arc<Principal>,
        endpoint: &Endpoint,
        version: Version,
        facts: ClientFacts,
    ) -> Result<Arc<Session>, Unknown> {
        self.admit(None, principal, endpoint, version, facts)
    }

    /// The session of an id, made anew from what is sealed in it if this process does not know it.
    pub fn find(
        &self,
        seals: &Seals,
        principal: &Arc<Principal>,
        endpoint: &Endpoint,
        id: &str,
    ) -> Result<Arc<Session>, Unknown> {
        self.revive(self.unseal(seals, principal, endpoint, id)?, principal, endpoint)
    }

    /// What is sealed in the id of a session that has not ended.
    fn unseal(
        &self,
        seals: &Seals,
        principal: &Arc<Principal>,
        endpoint: &Endpoint,
        id: &str,
    ) -> Result<SessionSeal, Unknown> {
        let seal: SessionSeal = seals.open(id, &principal.name).map_err(|_| Unknown::Gone)?;
        let is_known = seal.scope == scope(endpoint) && !lock(&self.ended).contains(&SessionId(seal.id));
        if is_known { Ok(seal) } else { Err(Unknown::Gone) }
    }

    /// When the session of an id began, in seconds since 1970.
    pub fn began_s(&self, seals: &Seals, principal: &Principal, id: &str) -> Option<u64> {
        seals.open::<SessionSeal>(id, &principal.name).ok().map(|seal| seal.issued_at_unix_s)
    }

    fn revive(
        &self,
        seal: SessionSeal,
        principal: &Arc<Principal>,
        endpoint: &Endpoint,
    ) -> Result<Arc<Session>, Unknown> {
        let id = SessionId(seal.id);
        if let Some(session) = self.sealed(id) {
            session.touch();
            session.take_on(principal);
            return Ok(session);
        }
        let version = Version::parse(&seal.version).ok_or(Unknown::Gone)?;
        let facts = ClientFacts { capabilities: seal.capabilities, info: seal.client_info, log_level: Bytes::new() };
        self.admit(Some(id), principal, endpoint, version, facts)
    }

    /// The session in whose id this is sealed, if it lives here.
    pub fn sealed(&self, id: SessionId) -> Option<Arc<Session>> {
        lock(&self.live).get(&id).cloned()
    }

    /// Goes on with a session of the process before this one, unless it does so already or the session has ended.
    pub fn adopt(&self, words: &SessionWords, principal: &Arc<Principal>) -> Result<Arc<Session>, Unknown> {
        if lock(&self.ended).contains(&words.id) {
            return Err(Unknown::Gone);
        }
        let (facts, version) = (words.facts(), words.version().ok_or(Unknown::Gone)?);
        let log_level = facts.log_level.clone();
        let session = self.admit(Some(words.id), principal, &words.endpoint(), version, facts)?;
        if !log_level.is_empty() {
            session.set_log_level(log_level);
        }
        Ok(session)
    }

    /// Ends a session by its id.
    pub fn end(
        &self,
        seals: &Seals,
        principal: &Arc<Principal>,
        endpoint: &Endpoint,
        id: &str,
    ) -> Result<Arc<Session>, Unknown> {
        let seal = self.unseal(seals, principal, endpoint, id)?;
        let id = SessionId(seal.id);
        let session = self.revive(seal, principal, endpoint)?;
        self.forget(id);
        Ok(session)
    }

    /// Ends a bound session.
    pub fn end_bound(&self, session: &Session) {
        lock(&self.live).retain(|_, live| live.number != session.number);
    }

    /// Ends what has not been used for too long and gives it back to be cleaned up.
    pub fn sweep(&self) -> Vec<Arc<Session>> {
        for session in self.all() {
            session.streams.sweep();
        }
        let idle_max = self.bounds.load().idle;
        let idle: Vec<SessionId> =
            lock(&self.live).iter().filter(|(_, session)| session.idle() > idle_max).map(|(id, _)| *id).collect();
        idle.into_iter().filter_map(|id| self.forget(id)).collect()
    }

    /// All sessions there are.
    pub fn all(&self) -> Vec<Arc<Session>> {
        lock(&self.live).values().cloned().collect()
    }

    fn forget(&self, id: SessionId) -> Option<Arc<Session>> {
        const ENDED_MAX: usize = 100_000;
        let mut ended = lock(&self.ended);
        if ended.len() >= ENDED_MAX {
            ended.clear();
        }
        ended.insert(id);
        lock(&self.live).remove(&id)
    }

    /// Lets a session in; one with a sealed id that lives already is the same.
    fn admit(
        &self,
        sealed: Option<SessionId>,
        principal: &Arc<Principal>,
        endpoint: &Endpoint,
        version: Version,
        facts: ClientFacts,
    ) -> Result<Arc<Session>, Unknown> {
        let id = sealed.unwrap_or_else(|| SessionId(random()));
        let mut live = lock(&self.live);
        if let Some(session) = live.get(&id) {
            return Ok(session.clone());
        }
        if live.len() >= self.bounds.load().max {
            return Err(Unknown::Full);
        }
        let abilities = Abilities::read(&facts.capabilities);
        let session = Arc::new(Session {
            number: self.next.fetch_add(1, Ordering::Relaxed),
            sealed,
            endpoint: endpoint.clone(),
            version,
            principal: ArcSwap::new(principal.clone()),
            abilities,
            reach: Arc::new(Reach::new(abilities)),
            facts: ArcSwap::from_pointee(facts),
            streams: Streams::new(self.kept.clone()),
            running: Mutex::default(),
            watching: tokio::sync::Mutex::default(),
            companions: Mutex::default(),
            used: Mutex::new(Instant::now()),
        });
        live.insert(id, session.clone());
        Ok(session)
    }
}

fn scope(endpoint: &Endpoint) -> String {
    match endpoint {
        Endpoint::All => "all".to_owned(),
        Endpoint::Server(name) => format!("server {name}"),
        Endpoint::Bundle(name) => format!("bundle {name}"),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
