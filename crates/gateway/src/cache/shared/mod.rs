//! Kept answers that several nodes share, behind each node's own memory, at a Redis or Valkey. What is written there is
//! sealed, so that whoever can write there can make a node forget, but never say anything. Nothing that happens there is an
//! error to a caller.
//!
//! Declarations of what is void are counted there, per server: an answer carries the count at which its fetching began, and
//! is good as long as nothing that concerns it was declared since. Owns what is written and when it is believed; `turn` owns
//! who of several nodes fetches, `record` and `word` how answers and declarations are written, `whereabouts` the names.

mod record;
mod turn;
mod whereabouts;
mod word;

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use config::Server;
use mcp::seal::{Key, KeyRing};
use sha2::{Digest, Sha256};
use valkey::{Address, Command, Event, Link, Reply, State};

pub use self::turn::{Look, Ticket, Wanted};
use self::{record::Record, whereabouts::Whereabouts, word::Word};
use super::{Drawer, Drawers, Kept, Moment, Void};
use crate::{
    call::Call,
    seals::{Seals, now_s, random},
};

/// What a record counts beside the bytes of the answer.
const RECORD_BYTES: usize = 1_024;

/// Counts a declaration and tells it to all nodes, in one step. Where nothing was counted yet, or what was counted is
/// lost, the count begins at the time, which is later than any count before.
const DECLARE: &[u8] = b"local n = redis.call('INCR', KEYS[1])
if n == 1 then n = tonumber(ARGV[2]); redis.call('SET', KEYS[1], ARGV[2]) end
redis.call('PUBLISH', ARGV[1], string.format('%.0f ', n) .. ARGV[3])
return n";

/// The answers that several nodes share.
#[derive(Debug)]
pub struct Shared {
    settings: config::Cache,
    link: Link,
    keys: Keys,
    whereabouts: Whereabouts,
    /// This node among the others, for as long as it runs.
    node: [u8; 8],
    drawers: Arc<Drawers>,
    /// Servers about which the other nodes do not know yet what is void.
    untold: Mutex<BTreeSet<Arc<str>>>,
    was_refused: AtomicBool,
    counts: Counts,
}

/// Where the keys are that seal what is written.
#[derive(Debug)]
enum Keys {
    /// Those of the node.
    OfNode(Arc<Seals>),
    /// Made from a text that all nodes have.
    Given(Arc<KeyRing>),
}

/// What happened so far.
#[derive(Debug, Default)]
struct Counts {
    found: AtomicU64,
    written: AtomicU64,
    unreadable: AtomicU64,
    heard: AtomicU64,
    unanswered: AtomicU64,
}

/// What is told of the answers that several nodes share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharedReport {
    /// How the connection is.
    pub state: State,
    /// Answers of other nodes, or of this one before, that were given.
    pub found: u64,
    /// Answers that were written.
    pub written: u64,
    /// Answers that were there and could not be read: changed, foreign, or sealed with other keys.
    pub unreadable: u64,
    /// Declarations of other nodes.
    pub heard: u64,
    /// Questions without an answer in time.
    pub unanswered: u64,
}

/// The answers under one name, as far as they are there.
struct There {
    /// The newest declaration about the server.
    newest: u64,
    record: Option<Bytes>,
}

impl There {
    /// What is said of a count and a record, either of which need not be there.
    fn of(reply: Reply) -> Option<Self> {
        let Reply::Several(parts) = reply else { return None };
        let [newest, record] = <[Reply; 2]>::try_from(parts).ok()?;
        let newest = match newest {
            Reply::Nothing => 0,
            Reply::Bytes(number) => std::str::from_utf8(&number).ok()?.parse().ok()?,
            _ => return None,
        };
        match record {
            Reply::Nothing => Some(Self { newest, record: None }),
            Reply::Bytes(record) => Some(Self { newest, record: Some(record) }),
            _ => None,
        }
    }
}

impl Shared {
    /// Begins to share, if it is configured and the address is one.
    pub(super) fn open(settings: &config::Cache, seals: &Arc<Seals>, drawers: &Arc<Drawers>) -> Option<Arc<Self>> {
        let address = Address::parse(settings.redis_url.as_ref()?.expose());
        let address = address.inspect_err(|error| tracing::error!(%error, "kept answers are not shared")).ok()?;
        let client = egress::Client::new(egress::Options { rules: egress::Rules::CONFIGURED, ..Default::default() });
        let whereabouts = Whereabouts::new(&settings.redis_prefix);
        let bytes_max = settings.answer_bytes_max.saturating_add(RECORD_BYTES);
        Some(Arc::new_cyclic(|weak: &std::sync::Weak<Self>| {
            let weak = weak.clone();
            let told = move |event| {
                if let Some(shared) = weak.upgrade() {
                    shared.learn(event);
                }
            };
            Self {
                link: Link::open(&client, &address, &whereabouts.channel(), bytes_max, told),
                settings: settings.clone(),
                keys: Keys::of(settings, seals),
                whereabouts,
                node: random(),
                drawers: drawers.clone(),
                untold: Mutex::default(),
                was_refused: AtomicBool::new(false),
                counts: Counts::default(),
            }
        }))
    }

    /// Whether it is what would be opened with these settings.
    pub(super) fn is_as(&self, settings: &config::Cache) -> bool {
        let what = |settings: &config::Cache| {
            let config::Cache { redis_url, redis_prefix, redis_key, answer_bytes_max, .. } = settings.clone();
            (redis_url, redis_prefix, redis_key, answer_bytes_max)
        };
        what(&self.settings) == what(settings)
    }

    /// What there is to tell.
    pub fn report(&self) -> SharedReport {
        let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
        SharedReport {
            state: self.link.state(),
            found: count(&self.counts.found),
            written: count(&self.counts.written),
            unreadable: count(&self.counts.unreadable),
            heard: count(&self.counts.heard),
            unanswered: count(&self.counts.unanswered),
        }
    }

    /// Tells the other nodes what is void; without a declaration, everything of the server.
    pub(super) fn declare(self: &Arc<Self>, server: &Arc<str>, void: Option<&Void>) {
        let word = Word { node: self.node, server: server.clone(), void: void.cloned() };
        let sealed = word.seal(&self.keys.ring(), &self.whereabouts);
        let command = Command::new(&[
            b"EVAL",
            DECLARE,
            b"1",
            self.whereabouts.count(server).as_bytes(),
            self.whereabouts.channel().as_bytes(),
            (now_s() * 1_000).to_string().as_bytes(),
            &sealed,
        ]);
        let (shared, server) = (Arc::downgrade(self), server.clone());
        self.link.send(command, move |reply| {
            if let (Some(shared), false) = (shared.upgrade(), matches!(reply, Some(Reply::Number(_)))) {
                shared.is_untold(server, reply);
            }
        });
    }

    /// Tells again, more coarsely, what could not be told.
    pub(super) fn tell_again(self: &Arc<Self>) {
        if self.link.state() == State::Down {
            return;
        }
        for server in std::mem::take(&mut *self.untold()) {
            self.declare(&server, None);
        }
    }

    fn is_untold(&self, server: Arc<str>, reply: Option<Reply>) {
        self.untold().insert(server);
        if let Some(Reply::Refusal(reason)) = reply
            && !self.was_refused.swap(true, Ordering::Relaxed)
        {
            let reason = String::from_utf8_lossy(&reason).into_owned();
            tracing::warn!(
                reason,
                "other nodes cannot be told what is void: they give older answers until their time is over"
            );
        }
    }

    fn learn(self: &Arc<Self>, event: Event) {
        match event {
            Event::Answers => self.tell_again(),
            Event::Hears => self.drawers.each(Drawer::forget),
            Event::Message(message) => self.hear(&message),
        }
    }

    /// What some node declared void is void here.
    fn hear(&self, message: &[u8]) {
        let heard = word::numbered(message)
            .and_then(|(number, sealed)| Some((number, Word::open(&self.keys.ring(), &self.whereabouts, sealed)?)));
        let Some((number, word)) = heard else {
            self.counts.unreadable.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let is_own = word.node == self.node;
        if !is_own {
            self.counts.heard.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(drawer) = self.drawers.named(&word.server) {
            drawer.hear(number, word.void, is_own);
        }
    }

    /// What is there under a name; nothing where no answer comes in time.
    async fn there(&self, server: &str, name: &str) -> Option<There> {
        let count = self.whereabouts.count(server);
        let reply = self.asked(Command::new(&[b"MGET", count.as_bytes(), name.as_bytes()])).await?;
        let there = There::of(reply);
        if there.is_none() {
            self.counts.unreadable.fetch_add(1, Ordering::Relaxed);
        }
        there
    }

    /// What is said to a command, if that comes in time.
    async fn asked(&self, command: Command) -> Option<Reply> {
        let reply = self.link.ask(command).await;
        if reply.is_none() {
            self.counts.unanswered.fetch_add(1, Ordering::Relaxed);
        }
        reply
    }

    /// The answer that is there, if it can be believed. What cannot is counted, unless it is the `unreadable` one of before.
    fn read(&self, there: &There, wanted: &Wanted<'_>, since: Moment, unreadable: &mut Option<Bytes>) -> Option<Kept> {
        let sealed = there.record.as_ref()?;
        let Some(record) = Record::open(&self.keys.ring(), &wanted.name, sealed) else {
            if unreadable.replace(sealed.clone()).as_ref() != Some(sealed) {
                self.counts.unreadable.fetch_add(1, Ordering::Relaxed);
            }
            return None;
        };
        if !wanted.drawer.is_good_elsewhere(record.since, there.newest, &wanted.about) {
            return None;
        }
        record.into_kept(wanted.about.clone(), since, wanted.drawer.clone())
    }

    fn write(&self, name: &str, since: u64, kept: &Kept, lifetime: Duration) {
        let sealed = Record::of(kept, since).seal(&self.keys.ring(), name, lifetime);
        let lifetime_ms = lifetime.as_millis().max(1).to_string();
        let command = Command::new(&[b"SET", name.as_bytes(), &sealed, b"PX", lifetime_ms.as_bytes()]);
        self.link.send(command, |_| ());
        self.counts.written.fetch_add(1, Ordering::Relaxed);
    }

    /// The name of the answer to a call, the same at all nodes. There is none where the server is a process of this node:
    /// every node has its own, and they need not be alike.
    pub(super) fn name_of(&self, settings: &Server, server: &str, call: &Call, is_shared: bool) -> Option<String> {
        let is_reached = |url: &str| !url.starts_with("unix:");
        let is_common = settings.is_api() || settings.address().is_some_and(is_reached);
        let identity = is_common.then(|| settings.identity(server))?;
        let digest = super::key::digest(&identity, call, is_shared)?;
        Some(self.whereabouts.answer(&self.keys.ring(), &digest))
    }

    fn untold(&self) -> MutexGuard<'_, BTreeSet<Arc<str>>> {
        self.untold.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keys {
    fn of(settings: &config::Cache, seals: &Arc<Seals>) -> Self {
        let Some(text) = &settings.redis_key else { return Self::OfNode(seals.clone()) };
        let digest = Sha256::new().chain_update(b"switchboard cache key v1").chain_update(text.expose()).finalize();
        Self::Given(Arc::new(KeyRing::new(Key::new(0, digest.into()), Vec::new())))
    }

    fn ring(&self) -> Arc<KeyRing> {
        match self {
            Self::OfNode(seals) => seals.ring(),
            Self::Given(ring) => ring.clone(),
        }
    }
}
