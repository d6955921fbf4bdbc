//! What calls that run keep from others at the same server: the objects they work on, and the places of tools that have
//! a limit of their own.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use super::Entry;

/// Tools up to which those are kept in mind of which no call runs: the next one finds its row.
const IDLE_TOOLS_MAX: usize = 64;

/// One object that calls work on one after the other. Two objects may share a key; then they wait for each other, which
/// is slower and not wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LockKey(u64);

impl LockKey {
    /// The object that the argument `name` names with `value`.
    pub fn of(name: &str, value: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        (name, value).hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// What the calls that run keep from others.
#[derive(Debug, Default)]
pub(super) struct Holds {
    /// Which call has which object.
    objects: HashMap<LockKey, u64>,
    /// How many calls of a tool run.
    tools: BTreeMap<Arc<str>, u32>,
}

impl Holds {
    /// Whether a call could start beside those that run.
    pub(super) fn allow(&self, entry: &Entry) -> bool {
        self.holder(entry).is_none() && !self.tool_is_full(entry)
    }

    /// The call that has the object that this one wants.
    pub(super) fn holder(&self, entry: &Entry) -> Option<u64> {
        self.objects.get(&entry.lock?).copied()
    }

    /// Whether as many calls of the tool run as may.
    pub(super) fn tool_is_full(&self, entry: &Entry) -> bool {
        entry.tool_max.is_some_and(|max| self.tools.get(&entry.tool).is_some_and(|running| *running >= max))
    }

    /// A call starts.
    pub(super) fn take(&mut self, entry: &Entry, id: u64) {
        if let Some(key) = entry.lock {
            self.objects.insert(key, id);
        }
        if entry.tool_max.is_none() {
            return;
        }
        match self.tools.get_mut(&entry.tool) {
            Some(running) => *running += 1,
            None => drop(self.tools.insert(entry.tool.clone(), 1)),
        }
    }

    /// A call ends.
    pub(super) fn give(&mut self, entry: &Entry) {
        if let Some(key) = entry.lock {
            self.objects.remove(&key);
        }
        if entry.tool_max.is_none() {
            return;
        }
        let Some(running) = self.tools.get_mut(&entry.tool) else { return };
        *running -= 1;
        if *running == 0 && self.tools.len() > IDLE_TOOLS_MAX {
            self.tools.remove(&entry.tool);
        }
    }
}
