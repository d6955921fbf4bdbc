//! The connections of one server and who may share them. Each is opened once, however many ask for it at the same time.

use std::{
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

/// Which of several processes is to serve a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    /// The one with the fewest calls.
    pub number: u32,
    /// One that is to be started beside it, because all are busy.
    pub to_start: Option<u32>,
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
    max: usize,
}

impl Pool {
    /// An empty pool of at most `max` connections.
    pub fn new(max: usize) -> Self {
        Self { slots: Mutex::default(), max }
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

    /// Which of `processes_max` processes of a key is to serve a call.
    pub fn spread(&self, key: &Key, processes_max: u32) -> Spread {
        let slots = self.lock();
        let (mut standing, mut free, mut opens) = (Vec::new(), None, false);
        for number in 0..processes_max {
            let slot = slots.get(&Key { number, ..key.clone() });
            match slot.map(|slot| (slot.standing(), slot.has_ended())) {
                Some((Some(connection), _)) => standing.push((connection.calls(), number)),
                Some((None, false)) => opens = true,
                Some((None, true)) | None => free = free.or(Some(number)),
            }
        }
        match standing.into_iter().min() {
            Some((0, number)) => Spread { number, to_start: None },
            Some((_, number)) => Spread { number, to_start: free.filter(|_| !opens) },
            None => Spread { number: 0, to_start: None },
        }
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
    }

    async fn close_where(&self, doomed: impl Fn(&Key, &Slot) -> bool) {
        let slots: Vec<Arc<Slot>> =
            self.lock().extract_if(|key, slot| doomed(key, slot)).map(|(_, slot)| slot).collect();
        let closings = slots.iter().map(|slot| async {
            if let Some(connection) = slot.connection.lock().await.take() {
                connection.close().await;
            }
        });
        futures_util::future::join_all(closings).await;
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
}

/// Makes room by ending the connection that nobody has used for the longest time, if it has rested for a while.
fn evict(slots: &mut HashMap<Key, Arc<Slot>>) {
    const REST: Duration = Duration::from_secs(5);
    let rested = slots.iter().filter(|(_, slot)| slot.is_idle(REST));
    let Some(key) = rested.min_by_key(|(_, slot)| slot.last_used()).map(|(key, _)| key.clone()) else { return };
    if let Some(slot) = slots.remove(&key) {
        tokio::spawn(async move {
            if let Some(connection) = slot.connection.lock().await.take() {
                connection.close().await;
            }
        });
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

    async fn close(&self) {
        match self {
            Self::Link(link) => link.stop().await,
            Self::Session(session) => session.close().await,
            Self::Door(_) => {}
        }
    }
}
