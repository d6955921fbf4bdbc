//! What principals get of a server's time when one of them makes calls that take longer.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use traffic::{
    Class,
    queue::{Bound, COST_MAX, End, Entry, Limits, Next, Offer, Queue, Share, Ticket, WEIGHTS},
};

/// A queue with one place before a server, and what each principal has had of its time.
struct Busy {
    queue: Queue,
    room: Bound,
    now: Instant,
    next: u64,
    running: Option<Ticket>,
    had: HashMap<Arc<str>, Duration>,
}

impl Busy {
    fn new() -> Self {
        let queue = Queue::new(Limits { running_max: 1, waiting_max: 1_000, weights: WEIGHTS });
        Self { queue, room: Bound::of(256), now: Instant::now(), next: 0, running: None, had: HashMap::new() }
    }

    fn offer(&mut self, share: &Arc<Share>, tool: &str) -> Offer {
        self.next += 1;
        let entry = Entry {
            class: Class::Medium,
            share: share.clone(),
            tool: tool.into(),
            tool_max: None,
            lock: None,
            cost: self.queue.cost_of(tool),
            deadline: self.now + Duration::from_hours(1),
            until: None,
        };
        self.queue.offer(entry, self.next, &self.room, self.now)
    }

    /// Plays so many calls; each principal calls its tool again and again, with three calls waiting at any time.
    fn play(&mut self, calls: u32, principals: &[(Arc<Share>, &'static str, Duration)]) {
        for (share, tool, _) in principals.iter().cycle().take(if self.running.is_none() { 6 } else { 0 }) {
            if let Offer::Starts(ticket) = self.offer(share, tool) {
                self.running = Some(ticket);
            }
        }
        for _ in 0..calls {
            let ticket = self.running.expect("there is always one");
            let caller = self.queue.get(ticket).expect("it runs").entry.share.principal.clone();
            let (share, tool, takes) = principals.iter().find(|(share, ..)| share.principal == caller).expect("known");
            self.now += *takes;
            *self.had.entry(caller).or_default() += *takes;
            self.queue.finish(ticket, End::Completed, &self.room, self.now);
            let Some(Next::Starts(next)) = self.queue.next(&self.room, self.now) else { panic!("others wait") };
            self.running = Some(next);
            self.offer(share, tool);
        }
    }
}

fn share(name: &str) -> Arc<Share> {
    Share::new(name.into(), 32, 200)
}

#[test]
fn who_makes_slow_calls_gets_no_more_of_the_time_than_others() {
    let (slow, quick) = (share("slow"), share("quick"));
    let callers =
        [(slow.clone(), "search", Duration::from_secs(1)), (quick.clone(), "get", Duration::from_millis(100))];
    let mut busy = Busy::new();
    busy.play(200, &callers);
    busy.had.clear();
    busy.play(2_000, &callers);
    let share = busy.had[&slow.principal].div_duration_f64(busy.had.values().sum());
    assert!((0.35..=0.65).contains(&share), "{share}");
}

#[test]
fn a_call_costs_as_many_times_more_as_it_takes_longer_up_to_a_bound() {
    let (one, other) = (share("one"), share("other"));
    let mut busy = Busy::new();
    let callers = [(one, "get", Duration::from_millis(1)), (other, "build", Duration::from_mins(10))];
    busy.play(200, &callers);
    assert_eq!((busy.queue.cost_of("get"), busy.queue.cost_of("unknown")), (1, 4));
    assert!(busy.queue.cost_of("build") > 4 && busy.queue.cost_of("build") <= COST_MAX);
}
