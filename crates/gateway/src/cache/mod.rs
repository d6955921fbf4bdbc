//! The answers that are kept, of all servers, in memory bounded by bytes. What is asked for often stays, what was asked for
//! once makes room (S3-FIFO, by `quick_cache`). How long an answer is good and what makes it void are rules of `traffic`;
//! which calls are looked up here is the affair of the pipeline.
//!
//! In reading order: `key` (which calls get the same answer), `about` (what an answer is about), `void` (what is declared
//! void), `kept` (an answer), `keeping` (what a tool has to do with it), `drawer` (what belongs to one server), `turn` (who
//! fetches anew), `report` (what is told of it all).

mod about;
mod drawer;
mod keeping;
mod kept;
mod key;
mod report;
#[cfg(test)]
mod tests;
mod turn;
mod void;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use quick_cache::{DefaultHashBuilder, OptionsBuilder, sync, sync::DefaultLifecycle};

pub use self::{
    about::{About, Arguments},
    drawer::Drawer,
    keeping::{Acting, Keeping, Voids},
    kept::{Kept, Origin, is_whole},
    key::Key,
    report::{Holding, Report, ToolReport, TopKey},
    turn::Turn,
    void::Void,
};
use self::{kept::Weight, turn::Behind};
use crate::upstream::Upstream;

/// Parts of the memory that are locked one by one. Few, because one answer has to fit into one part.
const SHARDS: usize = 4;
/// Answers that are expected to fit; more may.
const ANSWERS_EXPECTED: usize = 16 * 1024;

/// The answers that are kept.
pub struct Cache {
    answers: sync::Cache<Key, Arc<Kept>, Weight>,
    /// By the names of servers.
    drawers: Mutex<BTreeMap<Arc<str>, Arc<Drawer>>>,
    /// The number of the next drawer: one that was used is never used again.
    next: AtomicU64,
    behind: Behind,
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
        Self { answers, drawers: Mutex::default(), next: AtomicU64::new(0), behind: Behind::default() }
    }

    /// Holds so many bytes from now on; what does not fit any more is dropped.
    pub fn resize(&self, memory_bytes: u64) {
        if self.answers.capacity() != memory_bytes {
            self.answers.set_capacity(memory_bytes);
        }
    }

    /// The drawer of a server.
    pub fn drawer<'u>(&self, upstream: &'u Upstream) -> &'u Arc<Drawer> {
        upstream.changes.drawer(|| {
            let drawer = Arc::new(Drawer::new(self.next.fetch_add(1, Ordering::Relaxed), upstream.name.clone()));
            self.drawers().insert(upstream.name.clone(), drawer.clone());
            drawer
        })
    }

    /// The drawer of the server of this name, if anything of it was ever kept.
    pub fn drawer_of(&self, server: &str) -> Option<Arc<Drawer>> {
        self.drawers().get(server).cloned()
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
        let before = self.answers.len();
        for (name, drawer) in &*self.drawers() {
            if server.is_none_or(|server| **name == *server) {
                drawer.declare_all();
            }
        }
        self.answers.retain(|_, kept| kept.is_good());
        before.saturating_sub(self.answers.len())
    }

    fn drawers(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Arc<Drawer>>> {
        self.drawers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
