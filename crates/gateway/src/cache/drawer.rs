//! What belongs to one server: which of its answers were declared void, and what keeping them was worth. It outlives the
//! server's replacement by a change of the configuration, which makes everything void.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use traffic::cache::{Declarations, Followed, Ledger, Moment, Tally};

use super::{About, Others, Void, tuned::Tuned};

/// Tools of one server that are counted one by one. A server with more of them has the rest uncounted.
const TOOLS_COUNTED_MAX: usize = 1_024;

/// The drawer of one server.
#[derive(Debug)]
pub struct Drawer {
    number: u64,
    server: Arc<str>,
    toolkit: Option<Box<str>>,
    declarations: Declarations<Void>,
    /// What all nodes declared void, under the numbers that they count it by.
    common: Mutex<Ledger<Void>>,
    others: Arc<Others>,
    tallies: Mutex<HashMap<Arc<str>, Tally>>,
    tunings: Mutex<Tuned>,
}

impl Drawer {
    /// An empty drawer with a number of its own, for a server that is this toolkit, if it is one.
    pub fn new(number: u64, server: Arc<str>, toolkit: Option<Box<str>>, others: Arc<Others>) -> Self {
        Self {
            number,
            server,
            toolkit,
            declarations: Declarations::default(),
            common: Mutex::default(),
            others,
            tallies: Mutex::default(),
            tunings: Mutex::default(),
        }
    }

    /// Its number, which no other drawer has or had.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The name of the server.
    pub fn server(&self) -> &Arc<str> {
        &self.server
    }

    /// Whether the server is this toolkit.
    pub fn is_of_toolkit(&self, toolkit: &str) -> bool {
        self.toolkit.as_deref() == Some(toolkit)
    }

    /// Now, in the order of declarations.
    pub fn now(&self) -> Moment {
        self.declarations.now()
    }

    /// Declares void what a declaration concerns, here and at all nodes.
    pub fn declare(&self, void: Void) {
        if let Some(others) = &*self.others.load() {
            others.declare(&self.server, Some(&void));
        }
        self.declarations.note(|ledger| ledger.declare(void));
    }

    /// Declares everything void, here and at all nodes.
    pub fn declare_all(&self) {
        if let Some(others) = &*self.others.load() {
            others.declare(&self.server, None);
        }
        self.declarations.note(Ledger::declare_all);
    }

    /// Some node has declared this void, or everything; the number is that of the declaration. What this node has said
    /// itself, it knows already.
    pub fn hear(&self, number: u64, void: Option<Void>, is_own: bool) {
        let followed = self.common().follow(number, void.clone());
        match (followed, void) {
            (Followed::Missed, _) => self.declarations.note(Ledger::declare_all),
            (Followed::Next, Some(void)) if !is_own => self.declarations.note(|ledger| ledger.declare(void)),
            (Followed::Next, None) if !is_own => self.declarations.note(Ledger::declare_all),
            _ => {}
        }
    }

    /// Other nodes may have declared anything void: nothing is known of it any more.
    pub fn forget(&self) {
        *self.common() = Ledger::default();
        self.declarations.note(Ledger::declare_all);
    }

    /// Whether an answer is good that some node has fetched, by the number of the newest declaration at its beginning;
    /// `newest` is that of the newest of all.
    pub fn is_good_elsewhere(&self, since: u64, newest: u64, about: &About) -> bool {
        let common = self.common();
        let is_known = common.now() == Moment(newest) && since <= newest;
        since == newest || is_known && common.is_good(Moment(since), |void| void.concerns(about))
    }

    /// Whether an answer about this, whose fetching began then, is good.
    pub fn is_good(&self, since: Moment, about: &About) -> bool {
        self.declarations.is_good(since, |void| void.concerns(about))
    }

    /// Counts something for a tool, by its label.
    pub fn count(&self, label: Arc<str>, count: impl FnOnce(&mut Tally)) {
        let mut tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        if tallies.len() < TOOLS_COUNTED_MAX || tallies.contains_key(&label) {
            count(tallies.entry(label).or_default());
        }
    }

    /// What was counted, by tool.
    pub fn tallies(&self) -> Vec<(Arc<str>, Tally)> {
        let tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        tallies.iter().map(|(label, tally)| (label.clone(), *tally)).collect()
    }

    /// The times of answers that the node has changed by itself.
    pub(super) fn tunings(&self) -> MutexGuard<'_, Tuned> {
        self.tunings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn common(&self) -> MutexGuard<'_, Ledger<Void>> {
        self.common.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
