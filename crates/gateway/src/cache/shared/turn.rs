//! Who of several nodes fetches an answer that none has: the first that takes the turn. The others wait for a while, and then
//! fetch it for themselves.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bytes::Bytes;
use tokio::time::{Instant, sleep};
use valkey::{Command, Reply};

use super::{Shared, whereabouts::Whereabouts};
use crate::{
    cache::{About, Drawer, Kept},
    seals::random,
};

/// A turn ends by itself after this time, if its node is gone.
const TURN_MS_MAX: u64 = 10_000;
/// How long the others wait for whoever has the turn.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// How often they look, at first and after a while.
const LOOK_FIRST: Duration = Duration::from_millis(10);
const LOOK_LAST: Duration = Duration::from_millis(100);

/// Takes a turn, unless it is somebody else's. Whoever was not told that it is theirs may ask again.
const TAKE: &[u8] = b"local token = redis.call('GET', KEYS[1]) \
    if token and token ~= ARGV[1] then return 0 end \
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) return 1";

/// Gives a turn back, unless it has become somebody else's.
const RELEASE: &[u8] = b"if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

/// What was found at the place that nodes share.
pub enum Look {
    /// An answer that can be given.
    Found(Arc<Kept>),
    /// None, and this is how one that is fetched is shared.
    Fetch(Ticket),
    /// No answer came in time.
    Nothing,
}

/// With it, an answer that is fetched now is shared.
#[derive(Debug)]
pub struct Ticket {
    /// The count of declarations before the fetching began.
    since: u64,
    claim: Claim,
}

/// A claim to the turn of one answer. Dropped, it gives the turn back, also where it was never known to be ours: what gave it
/// to us may have said so too late.
#[derive(Debug)]
struct Claim {
    shared: Arc<Shared>,
    /// The name of the answer.
    name: String,
    /// What proves that the turn is ours.
    token: String,
    may_be_ours: bool,
}

/// What there is of an answer.
struct Seen {
    /// The newest declaration about its server.
    newest: u64,
    /// The answer, if it is one that will do.
    kept: Option<Arc<Kept>>,
}

/// What is looked for, and who is satisfied with what.
pub struct Wanted<'w> {
    /// The name of the answer.
    pub name: String,
    /// What it is about.
    pub about: About,
    /// The drawer that it belongs to.
    pub drawer: &'w Arc<Drawer>,
    /// Whether an answer will do.
    pub will_do: &'w (dyn Fn(&Kept) -> bool + Sync),
    /// Whether this node has got one meanwhile.
    pub own: &'w (dyn Fn() -> Option<Arc<Kept>> + Sync),
    /// How long whoever asks would wait for another node; not at all, if it does not want to fetch.
    pub patience: Option<Duration>,
}

impl Shared {
    /// Looks for an answer, and waits for one that another node is fetching.
    pub async fn look(self: &Arc<Self>, wanted: Wanted<'_>) -> Look {
        let mut unreadable = None;
        let Some(seen) = self.see(&wanted, &mut unreadable).await else { return Look::Nothing };
        if let Some(kept) = seen.kept {
            return Look::Found(kept);
        }
        let Some(patience) = wanted.patience else { return Look::Nothing };
        let until = Instant::now() + patience.min(WAIT_MAX);
        let (mut pause, mut claim) = (LOOK_FIRST, Claim::to(self, &wanted.name));
        loop {
            // the turn is asked for before the answer: who had it wrote the answer before giving it back
            let (is_granted, seen) = tokio::join!(claim.is_granted(), self.see(&wanted, &mut unreadable));
            let Some(seen) = seen else { return Look::Nothing };
            if let Some(kept) = seen.kept {
                return Look::Found(kept);
            }
            if is_granted || Instant::now() >= until {
                return Look::Fetch(Ticket { since: seen.newest, claim });
            }
            sleep(pause).await;
            pause = (pause * 2).min(LOOK_LAST);
            if let Some(kept) = (wanted.own)() {
                return Look::Found(kept);
            }
        }
    }

    /// What there is of an answer now. What could not be read is counted once, however often it is looked at.
    async fn see(&self, wanted: &Wanted<'_>, unreadable: &mut Option<Bytes>) -> Option<Seen> {
        let since = wanted.drawer.now();
        let there = self.there(wanted.drawer.server(), &wanted.name).await?;
        let found = self.read(&there, wanted, since, unreadable);
        let kept = found.filter(|kept| (wanted.will_do)(kept)).map(Arc::new);
        if kept.is_some() {
            self.counts.found.fetch_add(1, Ordering::Relaxed);
        }
        Some(Seen { newest: there.newest, kept })
    }
}

impl Ticket {
    /// Shares the answer that was fetched.
    pub fn share(&self, kept: &Kept, lifetime: Duration) {
        self.claim.shared.write(&self.claim.name, self.since, kept, lifetime);
    }
}

impl Claim {
    fn to(shared: &Arc<Shared>, name: &str) -> Self {
        let token = format!("{:032x}", u128::from_be_bytes(random()));
        Self { shared: shared.clone(), name: name.to_owned(), token, may_be_ours: false }
    }

    /// Takes the turn if nobody else has it, and says whether it is known to be ours.
    async fn is_granted(&mut self) -> bool {
        let (turn, limit) = (Whereabouts::turn(&self.name), TURN_MS_MAX.to_string());
        let words: [&[u8]; 6] = [b"EVAL", TAKE, b"1", turn.as_bytes(), self.token.as_bytes(), limit.as_bytes()];
        self.may_be_ours = true;
        let reply = self.shared.asked(Command::new(&words)).await;
        self.may_be_ours = reply != Some(Reply::Number(0));
        reply == Some(Reply::Number(1))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.may_be_ours {
            return;
        }
        let turn = Whereabouts::turn(&self.name);
        let words: [&[u8]; 5] = [b"EVAL", RELEASE, b"1", turn.as_bytes(), self.token.as_bytes()];
        self.shared.link.send(Command::new(&words), |_| ());
    }
}
