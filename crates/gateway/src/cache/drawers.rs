//! The drawers of all servers, by their names.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::Drawer;

/// The drawers of all servers. A name keeps its drawer for as long as the node runs.
#[derive(Debug, Default)]
pub struct Drawers(Mutex<BTreeMap<Arc<str>, Arc<Drawer>>>);

impl Drawers {
    /// Puts a drawer in, in the place of one of the same name.
    pub fn put(&self, drawer: Arc<Drawer>) {
        self.lock().insert(drawer.server().clone(), drawer);
    }

    /// The drawer of the server of this name.
    pub fn named(&self, server: &str) -> Option<Arc<Drawer>> {
        self.lock().get(server).cloned()
    }

    /// Those of all servers that are this toolkit.
    pub fn of_toolkit(&self, toolkit: &str) -> Vec<Arc<Drawer>> {
        self.lock().values().filter(|drawer| drawer.is_of_toolkit(toolkit)).cloned().collect()
    }

    /// Does something with each.
    pub fn each(&self, mut act: impl FnMut(&Drawer)) {
        for drawer in self.lock().values() {
            act(drawer);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Arc<Drawer>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
