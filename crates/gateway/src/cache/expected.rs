//! What somebody usually asks next, learnt from the order in which answers that are kept were asked for.

use std::sync::{Arc, Mutex, PoisonError};

use traffic::cache::{Sequences, Terms};

use super::{Cache, Key, Recipe};
use crate::{call::Call, upstream::Upstream};

/// The orders that were learnt, by principal.
#[derive(Debug, Default)]
pub(super) struct Expected(Mutex<Sequences<Arc<str>, Key, Option<Arc<Next>>>>);

/// A call that is expected.
#[derive(Debug)]
pub struct Next {
    /// The key of its answer.
    pub key: Key,
    /// How long that is good.
    pub terms: Terms,
    /// How the call is made.
    pub recipe: Recipe,
}

impl Cache {
    /// A call asks for the answer of this key, which is kept on these terms. Gives back what its principal usually asks next.
    pub fn asked(
        &self,
        upstream: &Upstream,
        call: &Call,
        (key, terms): (Key, Terms),
        now_ms: u64,
    ) -> Option<Arc<Next>> {
        let how = || Recipe::of(upstream, call).map(|recipe| Arc::new(Next { key, terms, recipe }));
        let mut sequences = self.expected.0.lock().unwrap_or_else(PoisonError::into_inner);
        sequences.asked(&call.caller.principal.name, &key, now_ms, how).flatten()
    }
}
