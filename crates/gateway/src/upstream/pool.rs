//! The connections of one server and who may share them. Each is opened once, however many ask for it at the same time.

use std::{
    cmp::Reverse,
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

use mcp::Envelope;
use tokio::sync::oneshot;

use super::Connection;
use crate::{
    call::{Abilities, Reply},
    failure::Failure,
    reach::Reach,
};

/// How long after it was last given a call a connection that gets no more of them is closed at the earliest: whoever was given
/// it has sent by then.
const LEAVE_AFTER: Duration = Duration::from_secs(1);

/// What two callers must have in common to share a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The principal; `None` when all share.
    pub principal: Option<Arc<str>>,
    /// The client's session.
    pub session: Option<u64>,
    /// What was declared in the handshake.
    pub abilities: Abilities,
    /// Which of several processes it is that all share.
    pub number: u32,
}

impl Key {
    /// What all have in common where everybody shares; several processes differ by their number.
    pub const SHARED: Self = Self { principal: None, session: None, abilities: Abilities::ALL, number: 0 };

    /// Whether the two differ by nothing but their number.
    fn is_beside(&self, other: &Self) -> bool {
        (&self.principal, self.session, self.abilities) == (&other.principal, other.session, other.abilities)
    }
}

/// For whom a connection is opened.
#[derive(Clone, Debug)]
pub struct Owner {
    /// What the handshake declares.
    pub abilities: Abilities,
    /// The one client to whom the connection belongs; nobody if it is shared.
    pub reach: Weak<Reach>,
}

impl Owner {
    /// Puts a question that belongs to no call to the client whose connection this is.
    pub fn ask(&self, question: &Envelope) -> Result<oneshot::Receiver<Reply>, &'static str> {
        self.reach.upgrade().ok_or("no call is under way whose client can answer this")?.ask(question)
    }
}

/// A place for one connection.
struct Slot {
    connection: tokio::sync::Mutex<Option<Connection>>,
    /// The connection once more, for those who must not wait, and when it was last asked for.
    seen: Mutex<(Option<Connection>, Instant)>,
}

/// All connections of one server.
pub struct Pool {
    slots: Mutex<HashMap<Key, Arc<Slot>>>,
    /// Those that get no further calls and have not done all that they have.
    left: Mutex<Vec<Arc<Slot>>>,
    max: usize,
}

impl Pool {
    /// An empty pool of at most `max` connections.
    pub fn new(max: usize) -> Self {
        Self { slots: Mutex::default(), left: Mutex::default(), max }
    }

    /// The connection of `key`; `open` makes it if there is none or if it has ended.
    pub async fn get<F>(&self, key: Key, open: impl FnOnce() -> F) -> Result<Connection, Failure>
    where
        F: Future<Output = Result<Connection, Failure>>,
    {
        let slot = self.slot(key)?;
        if let Some(connection) = slot.touch() {
            return Ok(connection);
        }
        let mut guard = slot.connection.lock().await;
        if let Some(connection) = guard.as_ref().filter(|connection| connection.is_usable()) {
            return Ok(connection.clone());
        }
        let connection = open().await?;
        *guard = Some(connection.clone());
        slot.see(Some(connection.clone()));
        Ok(connection)
    }

    /// The connection with the fewest calls of those beside `key`, if any stands. One that did not answer when it was last asked
    /// comes last.
    pub fn least_busy(&self, key: &Key) -> Option<Connection> {
        let slots = self.lock();
        let beside = slots.iter().filter(|(other, _)| other.is_beside(key));
        let standing = beside.filter_map(|(other, slot)| Some((slot.standing()?, other.number, slot)));
        let (.., slot) =
            standing.min_by_key(|(connection, number, _)| (connection.is_silent(), connection.calls(), *number))?;
        // as long as the slots are locked, it is not taken out
        slot.touch()
    }

    /// The numbers of those beside `key` that stand, with the calls of each.
    pub fn calls_of_each(&self, key: &Key) -> Vec<(u32, usize)> {
        let slots = self.lock();
        let beside = slots.iter().filter(|(other, _)| other.is_beside(key));
        beside.filter_map(|(other, slot)| Some((other.number, slot.standing()?.calls()))).collect()
    }

    /// Has `count` of those beside `key` get no further calls: those first that have none, and the very first last. Gives how many
    /// those are; what they do they finish.
    pub fn take_out(&self, key: &Key, count: usize) -> usize {
        let mut slots = self.lock();
        let beside = slots.iter().filter(|(other, _)| other.is_beside(key));
        let standing = beside.filter_map(|(other, slot)| Some((slot.standing()?.calls() > 0, other.clone())));
        let mut standing: Vec<(bool, Key)> = standing.collect();
        standing.sort_unstable_by_key(|(is_busy, key)| (key.number == 0, *is_busy, Reverse(key.number)));
        standing.truncate(count);
        let taken: Vec<_> = standing.iter().filter_map(|(_, key)| slots.remove(key)).collect();
        let count = taken.len();
        self.lock_left().extend(taken);
        count
    }

    /// Closes those that get no further calls and have done what they had.
    pub fn close_left(&self) {
        for slot in self.lock_left().extract_if(.., |slot| slot.is_idle(LEAVE_AFTER)) {
            tokio::spawn(async move { slot.close().await });
        }
    }

    /// How many get no further calls and are there yet.
    pub fn left(&self) -> usize {
        self.lock_left().len()
    }

    /// Whether nobody has asked for any of them lately, and none does anything.
    pub fn is_idle(&self, limit: Duration) -> bool {
        self.lock().values().all(|slot| slot.is_idle(limit))
    }

    /// Puts a connection in its place, if there is none that can be used.
    pub async fn put(&self, key: Key, connection: Connection) -> Result<(), Failure> {
        self.get(key, || async { Ok(connection) }).await.map(drop)
    }

    /// Waits until none of those that are being opened now is any more.
    pub async fn settled(&self) {
        let slots: Vec<Arc<Slot>> = self.lock().values().cloned().collect();
        futures_util::future::join_all(slots.iter().map(|slot| slot.connection.lock())).await;
    }

    /// The connections that stand now, with who may share each.
    pub fn standing(&self) -> Vec<(Key, Connection)> {
        self.lock().iter().filter_map(|(key, slot)| Some((key.clone(), slot.standing()?))).collect()
    }

    /// The connections that stand now.
    pub fn connections(&self) -> Vec<Connection> {
        self.lock().values().filter_map(|slot| slot.standing()).collect()
    }

    /// Whether any connection stands now.
    pub fn is_connected(&self) -> bool {
        self.lock().values().any(|slot| slot.standing().is_some())
    }

    /// Closes the connections of one client session.
    pub async fn close_session(&self, session: u64) {
        self.close_where(|key, _| key.session == Some(session)).await;
    }

    /// Closes what nobody asked for lately and what has ended.
    pub async fn close_idle(&self, limit: Duration) {
        self.close_where(|_, slot| slot.is_idle(limit)).await;
    }

    /// Closes everything.
    pub async fn close_all(&self) {
        self.close_where(|_, _| true).await;
        let left = std::mem::take(&mut *self.lock_left());
        futures_util::future::join_all(left.iter().map(|slot| slot.close())).await;
    }

    async fn close_where(&self, doomed: impl Fn(&Key, &Slot) -> bool) {
        let slots: Vec<Arc<Slot>> =
            self.lock().extract_if(|key, slot| doomed(key, slot)).map(|(_, slot)| slot).collect();
        futures_util::future::join_all(slots.iter().map(|slot| slot.close())).await;
    }

    fn slot(&self, key: Key) -> Result<Arc<Slot>, Failure> {
        let mut slots = self.lock();
        if let Some(slot) = slots.get(&key) {
            return Ok(slot.clone());
        }
        if slots.len() >= self.max {
            slots.retain(|_, slot| !slot.has_ended());
        }
        if slots.len() >= self.max {
            evict(&mut slots);
        }
        if slots.len() >= self.max {
            return Err(Failure::NoRoom(format!("all {} of its instances are in use (`instances_max`)", self.max)));
        }
        let slot =
            Arc::new(Slot { connection: tokio::sync::Mutex::default(), seen: Mutex::new((None, Instant::now())) });
        slots.insert(key, slot.clone());
        Ok(slot)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Arc<Slot>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_left(&self) -> MutexGuard<'_, Vec<Arc<Slot>>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes room by ending the connection that nobody has used for the longest time, if it has rested for a while.
fn evict(slots: &mut HashMap<Key, Arc<Slot>>) {
    const REST: Duration = Duration::from_secs(5);
    let rested = slots.iter().filter(|(_, slot)| slot.is_idle(REST));
    let Some(key) = rested.min_by_key(|(_, slot)| slot.last_used()).map(|(key, _)| key.clone()) else { return };
    if let Some(slot) = slots.remove(&key) {
        tokio::spawn(async move { slot.close().await });
    }
}

impl Slot {
    fn last_used(&self) -> Instant {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).1
    }

    fn touch(&self) -> Option<Connection> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.1 = Instant::now();
        seen.0.clone().filter(Connection::is_usable)
    }

    /// The connection, if it can be used; asking so does not count as use.
    fn standing(&self) -> Option<Connection> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.0.clone().filter(Connection::is_usable)
    }

    fn see(&self, connection: Option<Connection>) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).0 = connection;
    }

    async fn close(&self) {
        if let Some(connection) = self.connection.lock().await.take() {
            connection.close().await;
        }
    }

    fn is_idle(&self, limit: Duration) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.1.elapsed() > limit && seen.0.as_ref().is_none_or(Connection::is_quiet)
    }

    fn has_ended(&self) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.0.as_ref().is_some_and(|connection| !connection.is_usable())
    }
}

impl Connection {
    /// Whether calls can still be sent on it. A door is nobody's own: it is kept beside the pool, with its date.
    fn is_usable(&self) -> bool {
        match self {
            Self::Link(link) => !link.is_closed(),
            Self::Session(session) => !session.is_gone(),
            Self::Door(_) => false,
        }
    }

    /// Whether no call is under way on it.
    fn is_quiet(&self) -> bool {
        match self {
            Self::Link(link) => link.is_quiet(),
            Self::Session(_) | Self::Door(_) => true,
        }
    }

    /// The calls under way on it, where it counts them.
    fn calls(&self) -> usize {
        match self {
            Self::Link(link) => link.calls(),
            Self::Session(_) | Self::Door(_) => 0,
        }
    }

    /// Whether it left the last question unanswered whether it is well, where each is asked.
    fn is_silent(&self) -> bool {
        match self {
            Self::Link(link) => link.pulse.misses() > 0,
            Self::Session(_) | Self::Door(_) => false,
        }
    }

    async fn close(&self) {
        match self {
            Self::Link(link) => link.stop().await,
            Self::Session(session) => session.close().await,
            Self::Door(_) => {}
        }
    }
}
