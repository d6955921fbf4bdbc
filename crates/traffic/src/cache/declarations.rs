//! A ledger as many threads meet at it: behind a lock, with the newest declaration beside it, so that most answers are
//! found good without the lock.

use super::{Ledger, Moment};
use crate::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

/// What was declared void of one server's answers.
#[derive(Debug)]
pub struct Declarations<D> {
    newest: AtomicU64,
    ledger: Mutex<Ledger<D>>,
}

impl<D> Default for Declarations<D> {
    fn default() -> Self {
        Self { newest: AtomicU64::new(0), ledger: Mutex::new(Ledger::default()) }
    }
}

impl<D: PartialEq> Declarations<D> {
    /// Now, in the order of declarations. Noted when the fetching of an answer begins.
    pub fn now(&self) -> Moment {
        Moment(self.newest.load(Ordering::Acquire))
    }

    /// Declares something void.
    pub fn note(&self, declare: impl FnOnce(&mut Ledger<D>)) {
        let mut ledger = self.ledger();
        declare(&mut ledger);
        self.newest.store(ledger.now().0, Ordering::Release);
    }

    /// Whether an answer whose fetching began then is good; `concerns` says whether a declaration concerns it.
    pub fn is_good(&self, since: Moment, concerns: impl Fn(&D) -> bool) -> bool {
        since >= self.now() || self.ledger().is_good(since, concerns)
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger<D>> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
