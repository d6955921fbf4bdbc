//! The answers that are kept, of all servers, in memory bounded by bytes. What is asked for often stays, what was asked for
//! once makes room (S3-FIFO, by `quick_cache`). How long an answer is good and what makes it void are rules of `traffic`;
//! which calls are looked up here is the affair of the pipeline.
//!
//! In reading order: `key` (which calls get the same answer), `about` (what an answer is about), `void` (what is declared
//! void), `contexts` (what several servers depend on), `kept` (an answer), `declared` (what a tool says of it), `keeping` (what a
//! tool has to do with it), `drawer` and `drawers` (what belongs to one server, and to all), `turn` (who fetches anew), `recipe`
//! (how a call is made again), `expected` and `timetable` (which calls are made before anybody asks), `shared` (what several
//! nodes keep together), `tuned` (times that follow what was counted), `report` (what is told of it all).

mod about;
mod contexts;
mod declared;
mod drawer;
mod drawers;
mod expected;
mod keeping;
mod kept;
mod key;
mod recipe;
mod report;
mod shared;
#[cfg(test)]
mod tests;
mod timetable;
mod tuned;
mod turn;
mod void;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use arc_swap::{ArcSwap, ArcSwapOption};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, sync, sync::DefaultLifecycle};
use traffic::cache::Moment;

pub use valkey::State;

pub use self::{
    about::{About, Arguments, Subject},
    contexts::Contexts,
    declared::Declared,
    drawer::Drawer,
    drawers::Drawers,
    expected::Next,
    keeping::{Acting, Keeping, Voids},
    kept::{Kept, Origin, is_whole},
    key::Key,
    recipe::Recipe,
    report::{Holding, Report, ToolReport, TopKey},
    shared::{Look, Shared, SharedReport, Ticket, Wanted},
    timetable::Timetable,
    turn::Turn,
    void::Void,
};
use self::{expected::Expected, kept::Weight, turn::Behind};
use crate::{call::Call, seals::Seals, upstream::Upstream};

/// What other nodes keep, where they share it.
pub type Others = ArcSwapOption<Shared>;

/// Parts of the memory that are locked one by one. Few, because one answer has to fit into one part.
const SHARDS: usize = 4;
/// Answers that are expected to fit; more may.
const ANSWERS_EXPECTED: usize = 16 * 1024;

/// The answers that are kept.
pub struct Cache {
    answers: sync::Cache<Key, Arc<Kept>, Weight>,
    drawers: Arc<Drawers>,
    others: Arc<Others>,
    contexts: ArcSwap<Contexts>,
    /// The number of the next drawer: one that was used is never used again.
    next: AtomicU64,
    behind: Behind,
    expected: Expected,
    /// What is fetched on a schedule.
    pub timetable: Timetable,
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Cache").field("answers", &self.answers.len()).finish_non_exhaustive()
    }
}

impl Cache {
    /// An empty cache that holds so many bytes.
    pub fn new(memory_bytes: u64) -> Self {
        let options = OptionsBuilder::new()
            .shards(SHARDS)
            .estimated_items_capacity(ANSWERS_EXPECTED)
            .weight_capacity(memory_bytes)
            .build()
            .expect("all that it needs is given");
        let answers =
            sync::Cache::with_options(options, Weight, DefaultHashBuilder::default(), DefaultLifecycle::default());
        Self {
            answers,
            drawers: Arc::default(),
            others: Arc::default(),
            contexts: ArcSwap::default(),
            next: AtomicU64::new(0),
            behind: Behind::default(),
            expected: Expected::default(),
            timetable: Timetable::default(),
        }
    }

    /// Holds so many bytes from now on; what does not fit any more is dropped.
    pub fn resize(&self, memory_bytes: u64) {
        if self.answers.capacity() != memory_bytes {
            self.answers.set_capacity(memory_bytes);
        }
    }

    /// Shares answers with other nodes as the configuration says, from now on.
    pub fn share(&self, settings: &config::Cache, seals: &Arc<Seals>) {
        let is_as_before = match &*self.others.load() {
            Some(shared) => shared.is_as(settings),
            None => settings.redis_url.is_none(),
        };
        if !is_as_before {
            self.others.store(Shared::open(settings, seals, &self.drawers));
        }
    }

    /// What other nodes keep, and the name there of the answer to this call, if it has one.
    pub fn elsewhere(&self, upstream: &Upstream, call: &Call, is_shared: bool) -> Option<(Arc<Shared>, String)> {
        let shared = self.others.load_full()?;
        let name = shared.name_of(&upstream.settings, &upstream.name, call, is_shared)?;
        Some((shared, name))
    }

    /// The configuration has changed: these are the contexts from now on.
    pub fn know(&self, contexts: Contexts) {
        self.contexts.store(Arc::new(contexts));
    }

    /// The contexts on which answers depend.
    pub fn contexts(&self) -> Arc<Contexts> {
        self.contexts.load_full()
    }

    /// What a change of this context makes void, by the drawers that it concerns.
    pub fn voids_of(&self, context: &str) -> Vec<(Arc<Drawer>, Void)> {
        let contexts = self.contexts.load();
        contexts.voids(context).filter_map(|(server, void)| Some((self.drawer_of(server)?, void))).collect()
    }

    /// A context has changed: drops the answers that depend on it, and says how many there were.
    pub fn change(&self, context: &str) -> usize {
        for (drawer, void) in self.voids_of(context) {
            drawer.declare(void);
        }
        self.drop_void()
    }

    /// Tells other nodes what they could not be told before.
    pub fn sweep(&self) {
        if let Some(shared) = &*self.others.load() {
            shared.tell_again();
        }
    }

    /// The drawer of a server.
    pub fn drawer<'u>(&self, upstream: &'u Upstream) -> &'u Arc<Drawer> {
        upstream.changes.drawer(|| {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let toolkit = upstream.settings.toolkit.as_deref().map(Into::into);
            let drawer = Arc::new(Drawer::new(number, upstream.name.clone(), toolkit, self.others.clone()));
            self.drawers.put(drawer.clone());
            drawer
        })
    }

    /// The drawer of the server of this name, if anything of it was ever kept.
    pub fn drawer_of(&self, server: &str) -> Option<Arc<Drawer>> {
        self.drawers.named(server)
    }

    /// The drawers of all servers that are this toolkit.
    pub fn drawers_of_toolkit(&self, toolkit: &str) -> Vec<Arc<Drawer>> {
        self.drawers.of_toolkit(toolkit)
    }

    /// The answer under this key, unless it has been declared void.
    pub fn find(&self, key: &Key) -> Option<Arc<Kept>> {
        let kept = self.answers.get(key)?;
        if kept.is_good() {
            return Some(kept);
        }
        self.answers.remove_if(key, |there| Arc::ptr_eq(there, &kept));
        None
    }

    /// Keeps an answer, unless it has been declared void since its fetching began.
    pub fn keep(&self, key: Key, kept: Arc<Kept>) {
        if !kept.is_good() {
            return;
        }
        self.answers.insert(key, kept);
    }

    /// Drops the answers of one server, or of all, and says how many there were.
    pub fn clear(&self, server: Option<&str>) -> usize {
        self.drawers.each(|drawer| {
            if server.is_none_or(|server| **drawer.server() == *server) {
                drawer.declare_all();
            }
        });
        self.drop_void()
    }

    fn drop_void(&self) -> usize {
        let before = self.answers.len();
        self.answers.retain(|_, kept| kept.is_good());
        before.saturating_sub(self.answers.len())
    }
}
