//! What should have moved and has not: calls that wait or run long past what they may. Each is reported once in the log,
//! with what it waits for. It mends nothing, for nothing of this should ever be.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use config::Limits;
use traffic::queue::{Record, State};

use super::{Queues, overview::in_words};

/// How long after it should have moved a call is reported.
const PATIENCE: Duration = Duration::from_secs(30);

/// The calls that have been reported and are still stuck.
#[derive(Debug, Default)]
pub(super) struct Watchdog(Mutex<HashSet<u64>>);

impl Queues {
    /// Reports calls that have been stuck for a while.
    pub(crate) fn watch(&self, limits: &Limits) {
        let now = Instant::now();
        let mut stuck = HashSet::new();
        for lane in self.lanes.load().values() {
            let crowd = lane.lock();
            for (ticket, record) in crowd.queue.calls().filter(|(_, record)| is_stuck(record, limits, now)) {
                stuck.insert(record.id);
                if self.watchdog.has_reported(record.id) {
                    continue;
                }
                let (call, server) = (record.id, &*lane.server);
                let (tool, principal) = (&*record.entry.tool, &*record.entry.share.principal);
                let waits_for = crowd.queue.hold(ticket, &lane.node(self).room).map(in_words);
                tracing::error!(call, server, tool, principal, waits_for, "a call has not moved past its deadline");
            }
        }
        self.watchdog.keep(stuck);
    }
}

impl Watchdog {
    fn has_reported(&self, id: u64) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&id)
    }

    fn keep(&self, stuck: HashSet<u64>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = stuck;
    }
}

/// Whether a call is past its time. A server that waits for a person takes as long as the person does.
fn is_stuck(record: &Record, limits: &Limits, now: Instant) -> bool {
    let late = match record.state {
        State::Waiting => record.entry.deadline,
        State::Running { resting: 1.., .. } => return false,
        State::Running { since, .. } => since + Duration::from_millis(limits.call_total_ms_max),
    };
    now > late + PATIENCE
}
