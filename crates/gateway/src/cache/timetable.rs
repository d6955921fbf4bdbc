//! What is remembered for calls on a schedule: what the clients are like that ask for such answers, and when each call was made
//! last. What is to be made, and when, stands in the configuration.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use config::Scheduled;

use super::Recipe;
use crate::{call::Call, upstream::Upstream};

/// Kinds of clients whose answers are told apart: both eras, with and without being asked.
const KINDS_MAX: usize = 4;
/// Tools with a schedule that are remembered: more than anybody writes by hand.
const TOOLS_MAX: usize = 1_024;
/// No call is made less often, so what was made longer ago is not configured any more.
const FORGOTTEN_AFTER: Duration = Duration::from_hours(25);

/// What is remembered for calls on a schedule.
#[derive(Debug, Default)]
pub struct Timetable(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    kinds: HashMap<Tool, Vec<Arc<Recipe>>>,
    made: HashMap<(Tool, Row), Instant>,
}

/// A tool of a server.
type Tool = (Arc<str>, Box<str>);
/// The arguments of a call, and for whom it is made.
type Row = (Box<[u8]>, Option<String>);

impl Timetable {
    /// A client has asked for an answer of this tool.
    pub fn meet(&self, upstream: &Upstream, call: &Call) {
        let mut remembered = self.lock();
        let tool = (upstream.name.clone(), (*call.own_name).into());
        if remembered.kinds.len() >= TOOLS_MAX && !remembered.kinds.contains_key(&tool) {
            return;
        }
        let kinds = remembered.kinds.entry(tool).or_default();
        if kinds.len() < KINDS_MAX && !kinds.iter().any(|recipe| recipe.is_of_a_client_like(&call.caller)) {
            kinds.extend(Recipe::of(upstream, call).map(Arc::new));
        }
    }

    /// How a tool is called by each kind of client that has asked for its answers.
    pub fn known(&self, server: &Arc<str>, tool: &str) -> Vec<Arc<Recipe>> {
        self.lock().kinds.get(&(server.clone(), tool.into())).cloned().unwrap_or_default()
    }

    /// Whether it is time for a call; if so, it counts as made.
    pub fn begin(&self, server: &Arc<str>, tool: &str, arguments: &[u8], row: &Scheduled, now: Instant) -> bool {
        let mut remembered = self.lock();
        let called = ((server.clone(), tool.into()), (arguments.into(), row.principal.clone()));
        let age = remembered.made.get(&called).map(|made| now.saturating_duration_since(*made));
        if age.is_some_and(|age| age < Duration::from_secs(row.every_s)) {
            return false;
        }
        remembered.made.retain(|_, made| now.saturating_duration_since(*made) < FORGOTTEN_AFTER);
        remembered.made.insert(called, now);
        true
    }

    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_made_once_in_its_time_for_each_row() {
        let (timetable, start, server) = (Timetable::default(), Instant::now(), Arc::from("world"));
        let row = |principal: Option<&str>| Scheduled {
            arguments: std::collections::BTreeMap::new(),
            every_s: 60,
            principal: principal.map(str::to_owned),
        };
        let begin = |second, arguments: &str, principal| {
            let now = start + Duration::from_secs(second);
            timetable.begin(&server, "get", arguments.as_bytes(), &row(principal), now)
        };
        assert_eq!([begin(0, "{}", None), begin(59, "{}", None), begin(60, "{}", None)], [true, false, true]);
        assert!(begin(60, r#"{"a":1}"#, None) && begin(60, "{}", Some("ada")));
        assert!(!begin(61, r#"{"a":1}"#, None) && !begin(61, "{}", Some("ada")));
        assert!(begin(200_000, "{}", None));
        assert_eq!(timetable.lock().made.len(), 1);
    }
}
