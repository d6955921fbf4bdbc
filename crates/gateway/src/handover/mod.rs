//! What two processes of one node say to each other after a restart, for as long as the one before has calls: it tells of
//! sessions that hold more than is sealed in their ids, and the one after passes on what clients say of calls that it has
//! not got. The processes of servers go their own way (`upstream::bequest`).

mod words;

use std::{
    collections::HashMap,
    io,
    os::unix::net::UnixStream as Socket,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use mcp::{Envelope, ScanLimits};
use tokio::sync::{Notify, mpsc};

pub use self::words::SessionWords;
use self::words::Word;
use crate::{
    current::Current,
    edge::{legacy, passage::Departure},
    gateway::Gateway,
    leaving::Stage,
    pipeline::wishes::Wishes,
    session::{Session, SessionId, Sessions},
    upstream::relay::{Incoming, Outbox, Relay},
};

/// Words that are acted on at one time: a server that is slow to subscribe does not hold up the others for long.
const ACTED_ON_AT_ONCE: usize = 32;
/// The longest word, which is a message of a client with its quotes escaped, or a session with all its resources.
const WORD_BYTES_MAX: usize = 64 << 20;

/// Connections that may wait to go to the next process: those of a burst, while one after the other goes.
const DEPARTURES: usize = 1_024;

/// The ways from this process to those before and after it; there is nobody at first.
#[derive(Debug, Default)]
pub struct Kin {
    before: OnceLock<Outbox>,
    /// Whether there is one, also while the two have not met yet.
    follows: AtomicBool,
    /// Tells that they have met, or will not.
    met: Notify,
    after: OnceLock<Outbox>,
    departures: OnceLock<mpsc::Sender<Departure>>,
}

impl Kin {
    /// Passes on what a client has said of a call that is not here: the process before may have it.
    pub(crate) async fn pass_on(&self, session: &Session, message: &Envelope) {
        let Some(session) = session.sealed else { return };
        let Some(before) = self.before().await else { return };
        let message = String::from_utf8_lossy(message.bytes()).into_owned();
        before.send(Word::Said { session, message }.written()).await;
    }

    /// This process follows another, which is there until it is known to be gone.
    pub fn follow(&self) {
        self.follows.store(true, Ordering::Release);
    }

    /// This process follows nobody any more.
    pub fn follow_nobody(&self) {
        self.follows.store(false, Ordering::Release);
        self.met.notify_waiters();
    }

    /// The way to the process before this one, if there is one. What comes before the two have met waits for that.
    async fn before(&self) -> Option<&Outbox> {
        loop {
            let met = self.met.notified();
            let before = self.before.get();
            if before.is_some() || !self.is_following() {
                return before;
            }
            met.await;
        }
    }

    /// Whether the process before this one is still there.
    pub(crate) fn is_following(&self) -> bool {
        self.follows.load(Ordering::Acquire)
    }

    /// Lets connections on which nothing is under way go to the process after this one, which takes them: those that come out
    /// here. Whatever comes in once this is dropped is closed.
    pub fn let_connections_go(&self) -> mpsc::Receiver<Departure> {
        let (sender, departures) = mpsc::channel(DEPARTURES);
        // a process has only one after it
        let _ = self.departures.set(sender);
        departures
    }

    /// Where connections go on which nothing is under way, if the process after this one takes them.
    pub(crate) fn departures(&self) -> Option<&mpsc::Sender<Departure>> {
        self.departures.get().filter(|departures| !departures.is_closed())
    }

    /// Tells the process after this one what a session holds, if there is one already.
    pub(crate) async fn tell_after(&self, session: &Session) {
        if let Some(after) = self.after.get()
            && let Some(words) = whole(session).await
        {
            after.send(Word::Session(words).written()).await;
        }
    }
}

/// Goes on with what the process before tells, at the other end of `socket`. While that is there, the node does not end by itself:
/// the way to its calls leads through here.
pub fn hear_before(current: &Current, socket: Socket) -> io::Result<()> {
    let (before, incoming) = Relay::over(socket)?.open();
    // a process has only one before it
    let _ = current.now().kin.before.set(before);
    current.now().kin.met.notify_waiters();
    let current = current.clone();
    tokio::spawn(async move {
        let stages = current.now().stages.clone();
        let underway = stages.begin();
        tokio::select! {
            () = act_on_all(current.clone(), incoming) => {}
            () = stages.reached(Stage::Stopping) => {}
        }
        current.now().kin.follow_nobody();
        drop(underway);
    });
    Ok(())
}

/// Tells the process after this one, at the other end of `socket`, of the sessions here; from then on it is heard. Returns when all
/// is told, which must not be cut off by the end of this process.
pub async fn tell_after(current: &Current, socket: Socket) -> io::Result<()> {
    let mut relay = Relay::over(socket)?;
    let gateway = current.now();
    for session in gateway.sessions.all() {
        if let Some(words) = whole(&session).await.filter(SessionWords::is_more_than_sealed) {
            relay.say(&Word::Session(words).written()).await?;
        }
    }
    let (after, incoming) = relay.open();
    // a process has only one after it
    let _ = gateway.kin.after.set(after);
    tokio::spawn(act_on_all(current.clone(), incoming));
    Ok(())
}

/// A session with all that its client has subscribed to.
async fn whole(session: &Session) -> Option<SessionWords> {
    let subscriptions = session.watching().lock().await.keys().cloned().collect();
    SessionWords::of(session, subscriptions)
}

/// The sessions that can go to the next process with processes of their own, by their numbers here. What they have subscribed to
/// is told later, since somebody may just be subscribing.
pub fn going_over(sessions: &Sessions) -> HashMap<u64, SessionWords> {
    let words = |session: Arc<Session>| Some((session.number, SessionWords::of(&session, Vec::new())?));
    sessions.all().into_iter().filter_map(words).collect()
}

/// Acts on what comes in until the other process is gone.
async fn act_on_all(current: Current, incoming: Incoming) {
    let words = stream::unfold(incoming, |mut incoming| async move {
        incoming.next(WORD_BYTES_MAX).await.map(|bytes| (bytes, incoming))
    });
    words.for_each_concurrent(ACTED_ON_AT_ONCE, |bytes| act_on(current.now(), bytes)).await;
}

async fn act_on(gateway: Gateway, bytes: Bytes) {
    match Word::read(&bytes) {
        Some(Word::Session(words)) => go_on(&gateway, &words).await,
        Some(Word::Said { session, message }) => hear(&gateway, session, message, bytes).await,
        // of another version
        None => {}
    }
}

/// Goes on with a session, and subscribes to all that its client subscribed to.
async fn go_on(gateway: &Gateway, words: &SessionWords) {
    let Some(session) = gateway.adopt(words) else { return };
    for uri in &words.subscriptions {
        if let Err(failure) = legacy::watch_again(gateway, &session, uri).await {
            tracing::warn!(uri, %failure, "a resource that a session had subscribed to is not heard of any more");
        }
    }
}

/// Takes what the client of a session has said to the process after this one; if the session is not here, it may be of the
/// process before.
async fn hear(gateway: &Gateway, session: SessionId, message: String, word: Bytes) {
    let Some(session) = gateway.sessions.sealed(session) else {
        if let Some(before) = gateway.kin.before().await {
            before.send(word).await;
        }
        return;
    };
    let limits = ScanLimits { depth_max: gateway.limits.json_depth_max as u32 };
    if let Ok(message) = Envelope::parse(&message.into(), limits) {
        legacy::handle(gateway, &session, message, Wishes::default()).await;
    }
}

impl Gateway {
    /// The session of the process before that these words describe, as one of this process; nothing where its principal is
    /// gone, or the session has ended.
    pub fn adopt(&self, words: &SessionWords) -> Option<Arc<Session>> {
        let principal = self.identities.named(&words.principal)?;
        self.sessions.adopt(words, principal).ok()
    }
}
