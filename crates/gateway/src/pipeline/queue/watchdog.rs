//! What should have moved and has not: calls that wait while nothing moves before their server, and calls that run long past
//! what they may. Each is reported once in the log, with what it waits for. It mends nothing.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use config::Limits;
use traffic::queue::{Bound, Hold, Queue, Record, State, Ticket};

use super::{Queues, overview::in_words};

/// How long nothing may have moved before it is reported.
const PATIENCE: Duration = Duration::from_secs(30);
/// Calls of one server that are reported at one time: those behind them wait for the same.
const REPORTED_MAX: usize = 10;

/// The calls that have been reported and are still stuck.
#[derive(Debug, Default)]
pub(super) struct Watchdog(Mutex<HashSet<u64>>);

impl Queues {
    /// Reports calls that have been stuck for a while.
    pub(crate) fn watch(&self, limits: &Limits) {
        let now = Instant::now();
        let mut all_stuck = HashSet::new();
        for lane in self.lanes.load().values() {
            let crowd = lane.lock();
            for (ticket, record) in stuck(&crowd.queue, limits, now) {
                all_stuck.insert(record.id);
                if self.watchdog.has_reported(record.id) {
                    continue;
                }
                let (call, server) = (record.id, &*lane.server);
                let (tool, principal) = (&*record.entry.tool, &*record.entry.share.principal);
                if let Some(waits_for) = waits_for(&crowd.queue, ticket, &lane.node(self).room, now) {
                    tracing::warn!(call, server, tool, principal, waits_for, "a call waits and nothing moves");
                } else {
                    tracing::error!(call, server, tool, principal, "a call runs long past what it may");
                }
            }
        }
        self.watchdog.keep(all_stuck);
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

/// The calls of a queue that should have moved.
fn stuck<'a>(queue: &'a Queue, limits: &Limits, now: Instant) -> Vec<(Ticket, &'a Record)> {
    let mut old = queue.calls().filter(|(_, record)| now > record.offered + PATIENCE).peekable();
    if old.peek().is_none() {
        return Vec::new();
    }
    let moved = last_moved(queue);
    let runs_max = Duration::from_millis(limits.call_total_ms_max);
    let is_stuck = |record: &Record| match record.state {
        State::Waiting => moved.is_none_or(|moved| now > moved + PATIENCE),
        // a server that waits for a person takes as long as the person does
        State::Running { resting: 1.., .. } => false,
        State::Running { since, .. } => now > since + runs_max + PATIENCE,
    };
    old.filter(|(_, record)| is_stuck(record)).take(REPORTED_MAX).collect()
}

/// When a call of a queue last started or ended.
fn last_moved(queue: &Queue) -> Option<Instant> {
    let started = queue.calls().filter_map(|(_, record)| match record.state {
        State::Running { since, .. } => Some(since),
        State::Waiting => None,
    });
    let ended = queue.past().map(|past| past.offered + past.waited + past.ran);
    started.chain(ended).max()
}

/// What a waiting call waits for, and the call that keeps it from that for the longest time; nothing for a call that runs.
fn waits_for(queue: &Queue, ticket: Ticket, room: &Bound, now: Instant) -> Option<String> {
    let (hold, waiting) = (queue.hold(ticket, room)?, queue.get(ticket)?);
    let keeps = |record: &Record| match hold {
        Hold::Object(holder) => record.id == holder,
        Hold::Tool => record.entry.tool == waiting.entry.tool,
        Hold::Principal => record.entry.share.principal == waiting.entry.share.principal,
        Hold::Node | Hold::Server | Hold::Turn => true,
    };
    let running = queue.calls().filter_map(|(_, record)| match record.state {
        State::Running { since, .. } if keeps(record) => Some((since, record)),
        _ => None,
    });
    let what = in_words(hold);
    Some(match running.min_by_key(|(since, _)| *since) {
        Some((since, holder)) => {
            let (id, tool, principal) = (holder.id, &holder.entry.tool, &holder.entry.share.principal);
            let seconds = now.saturating_duration_since(since).as_secs();
            format!("{what}; call {id} of `{principal}` has run `{tool}` for {seconds} s")
        }
        None => what,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use traffic::{
        Class,
        queue::{Entry, Offer, Share, WEIGHTS},
    };

    use super::*;
    use crate::{pipeline::queue::lane::Lane, vitals::Vitals};

    fn entry(tool: &str, now: Instant) -> Entry {
        Entry {
            class: Class::default(),
            share: Share::new("ada".into(), 8, 8),
            tool: tool.into(),
            tool_max: Some(1),
            lock: None,
            cost: 1,
            deadline: now + Duration::from_hours(1),
            until: None,
        }
    }

    /// A queue in which a call runs and another one of the same tool waits, both since `now`.
    fn held(now: Instant, room: &Bound) -> (Queue, [Ticket; 2]) {
        let mut queue = Queue::new(traffic::queue::Limits { running_max: 8, waiting_max: 8, weights: WEIGHTS });
        let mut offer = |id| match queue.offer(entry("save", now), id, room, now) {
            Offer::Starts(ticket) | Offer::Waits(ticket) => ticket,
            refused => panic!("there is room: {refused:?}"),
        };
        let tickets = [offer(1), offer(2)];
        (queue, tickets)
    }

    fn stuck_ids(queue: &Queue, now: Instant) -> Vec<u64> {
        stuck(queue, &Limits::default(), now).iter().map(|(_, record)| record.id).collect()
    }

    #[test]
    fn a_call_is_stuck_when_nothing_has_moved_for_a_while_and_says_what_keeps_it() {
        let (now, room) = (Instant::now(), Bound::of(8));
        let (queue, [_, waiting]) = held(now, &room);
        assert_eq!(stuck_ids(&queue, now + PATIENCE), Vec::<u64>::new());
        let later = now + PATIENCE + Duration::from_secs(15);
        assert_eq!(stuck_ids(&queue, later), [2]);
        let chain = waits_for(&queue, waiting, &room, later);
        assert_eq!(chain.as_deref(), Some("a place of its tool; call 1 of `ada` has run `save` for 45 s"));
    }

    #[test]
    fn a_call_is_not_stuck_while_others_start_and_end() {
        let (now, room) = (Instant::now(), Bound::of(8));
        let (mut queue, _) = held(now, &room);
        let later = now + PATIENCE + Duration::from_secs(15);
        let Offer::Starts(other) = queue.offer(entry("read", later), 3, &room, later) else { panic!("it is free") };
        queue.finish(other, traffic::queue::End::Completed, &room, later);
        assert_eq!(stuck_ids(&queue, later + PATIENCE), Vec::<u64>::new());
        assert_eq!(stuck_ids(&queue, later + PATIENCE + Duration::from_secs(1)), [2]);
    }

    #[test]
    fn a_call_that_runs_long_past_its_limit_is_stuck_unless_somebody_is_asked() {
        let (now, room) = (Instant::now(), Bound::of(8));
        let (mut queue, [running, waiting]) = held(now, &room);
        queue.finish(waiting, traffic::queue::End::Cancelled, &room, now);
        let late = now + Duration::from_millis(Limits::default().call_total_ms_max) + PATIENCE;
        assert_eq!(stuck_ids(&queue, late), Vec::<u64>::new());
        assert_eq!(stuck_ids(&queue, late + Duration::from_secs(1)), [1]);
        assert_eq!(waits_for(&queue, running, &room, late), None);
        queue.rest(running, &room);
        assert_eq!(stuck_ids(&queue, late + Duration::from_secs(1)), Vec::<u64>::new());
    }

    #[tokio::test]
    async fn queues_that_cannot_be_looked_into_are_no_sign_of_life() {
        let queues = Arc::new(Queues::default());
        let lane = Arc::new(Lane::new("lamp".into(), &config::Server::default(), &config::Queue::default()));
        queues.lanes.store(Arc::new([("lamp".into(), lane.clone())].into()));
        let (locked, is_locked) = std::sync::mpsc::sync_channel(1);
        let (end, ends) = std::sync::mpsc::sync_channel::<()>(1);
        let holder = std::thread::spawn(move || {
            let _crowd = lane.lock();
            locked.send(()).unwrap();
            ends.recv().unwrap();
        });
        is_locked.recv().unwrap();
        let vitals = Vitals::default();
        assert_eq!(vitals.stuck(&queues, Duration::from_millis(50)).await, ["the queues"]);
        end.send(()).unwrap();
        holder.join().unwrap();
        assert_eq!(vitals.stuck(&queues, PATIENCE).await, Vec::<String>::new());
    }

    #[test]
    fn many_that_wait_for_the_same_are_reported_by_a_few() {
        let (now, room) = (Instant::now(), Bound::of(8));
        let mut queue = Queue::new(traffic::queue::Limits { running_max: 1, waiting_max: 100, weights: WEIGHTS });
        let share = Share::new("ada".into(), 100, 100);
        for id in 0..50 {
            queue.offer(Entry { share: Arc::clone(&share), tool_max: None, ..entry("save", now) }, id, &room, now);
        }
        assert_eq!(stuck_ids(&queue, now + PATIENCE + Duration::from_secs(1)).len(), REPORTED_MAX);
    }
}
