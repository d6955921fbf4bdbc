//! Who of several nodes fetches an answer that none has: the first that takes the turn. The others wait for a while, and then
//! fetch it for themselves.

use std::{sync::Arc, time::Duration};

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

/// With it, an answer that is fetched now is shared. Dropped, it gives the turn back.
#[derive(Debug)]
pub struct Ticket {
    shared: Arc<Shared>,
    name: String,
    /// The count of declarations before the fetching began.
    since: u64,
    /// What proves that this node has the turn, if it has.
    token: Option<String>,
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
        let until = Instant::now() + wanted.patience.unwrap_or_default().min(WAIT_MAX);
        let mut pause = LOOK_FIRST;
        loop {
            let since = wanted.drawer.now();
            let Some(there) = self.there(wanted.drawer.server(), &wanted.name).await else { return Look::Nothing };
            let found = self.read(&there, &wanted.name, &wanted.about, wanted.drawer, since);
            if let Some(kept) = found.filter(|kept| (wanted.will_do)(kept)) {
                self.counts.found.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                return Look::Found(Arc::new(kept));
            }
            if wanted.patience.is_none() {
                return Look::Nothing;
            }
            let token = self.take_turn(&wanted.name).await;
            if token.is_some() || Instant::now() >= until {
                return Look::Fetch(Ticket { shared: self.clone(), name: wanted.name, since: there.newest, token });
            }
            sleep(pause).await;
            pause = (pause * 2).min(LOOK_LAST);
            if let Some(kept) = (wanted.own)() {
                return Look::Found(kept);
            }
        }
    }

    /// Takes the turn, if nobody has it, and says what proves it.
    async fn take_turn(&self, name: &str) -> Option<String> {
        let token = format!("{:032x}", u128::from_be_bytes(random()));
        let limit = TURN_MS_MAX.to_string();
        let turn = Whereabouts::turn(name);
        let words: [&[u8]; 6] = [b"SET", turn.as_bytes(), token.as_bytes(), b"NX", b"PX", limit.as_bytes()];
        let reply = self.link.ask(Command::new(&words)).await;
        matches!(reply, Some(Reply::Status(_))).then_some(token)
    }
}

impl Ticket {
    /// Shares the answer that was fetched.
    pub fn share(&self, kept: &Kept, lifetime: Duration) {
        self.shared.write(&self.name, self.since, kept, lifetime);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let Some(token) = &self.token else { return };
        let turn = Whereabouts::turn(&self.name);
        let words: [&[u8]; 5] = [b"EVAL", RELEASE, b"1", turn.as_bytes(), token.as_bytes()];
        self.shared.link.send(Command::new(&words), |_| ());
    }
}
