//! What belongs to one server: which of its answers were declared void, and what keeping them was worth. It outlives the
//! server's replacement by a change of the configuration, which makes everything void.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use traffic::cache::{Ledger, Moment, Tally};

use super::{About, Void};

/// Tools of one server that are counted one by one. A server with more of them has the rest uncounted.
const TOOLS_COUNTED_MAX: usize = 1_024;

/// The drawer of one server.
#[derive(Debug)]
pub struct Drawer {
    number: u64,
    server: Arc<str>,
    /// The newest declaration, so that most answers are found good without a lock.
    newest: AtomicU64,
    ledger: Mutex<Ledger<Void>>,
    tallies: Mutex<HashMap<Arc<str>, Tally>>,
}

impl Drawer {
    /// An empty drawer with a number of its own.
    pub fn new(number: u64, server: Arc<str>) -> Self {
        let newest = AtomicU64::new(0);
        Self { number, server, newest, ledger: Mutex::default(), tallies: Mutex::default() }
    }

    /// Its number, which no other drawer has or had.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The name of the server.
    pub fn server(&self) -> &Arc<str> {
        &self.server
    }

    /// Now, in the order of declarations.
    pub fn now(&self) -> Moment {
        Moment(self.newest.load(Ordering::Acquire))
    }

    /// Declares void what a declaration concerns.
    pub fn declare(&self, void: Void) {
        let mut ledger = self.ledger();
        ledger.declare(void);
        self.newest.store(ledger.now().0, Ordering::Release);
    }

    /// Declares everything void.
    pub fn declare_all(&self) {
        let mut ledger = self.ledger();
        ledger.declare_all();
        self.newest.store(ledger.now().0, Ordering::Release);
    }

    /// Whether an answer about this, whose fetching began then, is good.
    pub fn is_good(&self, since: Moment, about: &About) -> bool {
        since >= self.now() || self.ledger().is_good(since, |void| void.concerns(about))
    }

    /// Counts something for a tool.
    pub fn count(&self, about: &About, count: impl FnOnce(&mut Tally)) {
        let mut tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        let label = about.label();
        if tallies.len() < TOOLS_COUNTED_MAX || tallies.contains_key(&label) {
            count(tallies.entry(label).or_default());
        }
    }

    /// What was counted, by tool.
    pub fn tallies(&self) -> Vec<(Arc<str>, Tally)> {
        let tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        tallies.iter().map(|(label, tally)| (label.clone(), *tally)).collect()
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger<Void>> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
