//! The attempts of a run: whether its server is left alone, its turn in the queue, and whether it is sent once more.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use traffic::{
    Act,
    breaker::{self, Breaker, Change, State},
    queue::{End, Entry, Limits, LockKey, Next, Offer, Queue, Ticket, TooShort, WEIGHTS},
    retry::{Attempt, Budget, Loss},
};

use super::{
    Event, PATIENCE, World,
    ask::{Ask, Key, Outcome, Question, Run, Tool},
    server::Fate,
};
use crate::random::Random;

/// What stands before one server.
pub(super) struct Lane {
    pub(super) queue: Queue,
    pub(super) breaker: Breaker,
    pub(super) rules: breaker::Rules,
    pub(super) budget: Budget,
    /// Whether a call waits here for a place that other lanes can give back.
    pub(super) starves: Cell<bool>,
}

impl Lane {
    pub(super) fn of(random: &mut Random, now: Instant) -> Self {
        let limits = Limits { running_max: random.small(1, 5), waiting_max: random.small(2, 13), weights: WEIGHTS };
        let rules = breaker::Rules {
            failures: random.small(2, 6),
            window: Duration::from_secs(5),
            window_calls: random.small(4, 12),
            window_percent: random.small(30, 90),
            open: Duration::from_secs(1),
            open_max: Duration::from_secs(8),
            successes: random.small(1, 4),
        };
        Self {
            queue: Queue::new(limits),
            breaker: Breaker::new(now),
            rules,
            budget: Budget::default(),
            starves: Cell::new(false),
        }
    }
}

impl World {
    /// A fetch begins a run of its own.
    pub(super) fn begin(&mut self, fetch: usize, key: Option<Key>, question: Option<Question>) {
        let ask = self.fetches[fetch].ask;
        let run = self.runs.len();
        self.fetches[fetch].run = Some(run);
        self.runs.push(Run {
            ask,
            fetch,
            key,
            question,
            number: 1,
            began: self.now,
            until: self.fetches[fetch].until,
            pass: None,
            ticket: None,
            instance: None,
            serial: 0,
            is_over: false,
        });
        self.attempt(run);
    }

    /// Sends it once, unless its server is left alone.
    pub(super) fn attempt(&mut self, run: usize) {
        self.runs[run].serial += 1;
        let Ask { server, tool, .. } = self.runs[run].ask;
        let lane = &mut self.lanes[server];
        match lane.breaker.pass(tool.act() == Act::Reads, &lane.rules, self.now) {
            Ok(pass) => self.runs[run].pass = Some(pass),
            Err(_) => return self.run_ends(run, Outcome::LeftAlone),
        }
        self.offer(run);
    }

    fn offer(&mut self, run: usize) {
        let entry = self.entry(run);
        let server = self.runs[run].ask.server;
        let (id, deadline, now) = (run as u64, entry.deadline, self.now);
        let offer = self.lanes[server].queue.offer(entry, id * 8 + u64::from(self.runs[run].number), &self.room, now);
        match offer {
            Offer::Starts(ticket) => self.starts(run, ticket),
            Offer::Waits(ticket) => {
                self.runs[run].ticket = Some(ticket);
                let serial = self.runs[run].serial;
                self.after(deadline.saturating_duration_since(now), Event::TooLate { run, serial });
                self.serve(server);
            }
            Offer::Late(late) => {
                let left = deadline.saturating_duration_since(now);
                self.witness.comes_too_late(self.since_start(), left, late.wait + late.takes);
                self.attempt_is_over(run, Outcome::Expired);
            }
            Offer::Refused(refusal) => {
                self.witness.refused(self.since_start(), refusal.retry_after);
                self.attempt_is_over(run, Outcome::Full);
            }
        }
    }

    fn entry(&self, run: usize) -> Entry {
        let Run { ask, until, .. } = &self.runs[run];
        let patience = self.now + PATIENCE;
        Entry {
            class: ask.class,
            share: self.principals[ask.principal].share.clone(),
            tool: ask.tool.name().into(),
            tool_max: ask.tool.max(),
            lock: (ask.tool == Tool::Locked).then(|| LockKey::of("object", &[ask.object])),
            cost: 1,
            deadline: until.map_or(patience, |until| until.min(patience)),
            until: *until,
        }
    }

    /// It is its turn.
    fn starts(&mut self, run: usize, ticket: Ticket) {
        self.runs[run].serial += 1;
        self.runs[run].ticket = Some(ticket);
        let Some(record) = self.lanes[self.runs[run].ask.server].queue.get(ticket) else { return };
        let Run { ask, fetch, .. } = self.runs[run];
        let running_max = self.lanes[ask.server].queue.limits().running_max;
        let at = self.now.saturating_duration_since(self.start);
        self.witness.starts(self.now, at, (ask, fetch), record, running_max);
        self.send(run, Vec::new());
    }

    /// Starts what may start before a server, and asks once more where one has just said that it starves.
    fn serve(&mut self, server: usize) {
        loop {
            while let Some(next) = self.lanes[server].queue.next(&self.room, self.now) {
                match next {
                    Next::Starts(ticket) => self.starts(run_of(ticket), ticket),
                    Next::TooShort(TooShort { ticket, takes, retry_after }) => {
                        let run = run_of(ticket);
                        let left = self.runs[run].until.map(|until| until.saturating_duration_since(self.now));
                        self.witness.comes_too_late(self.since_start(), left.unwrap_or(Duration::MAX), takes);
                        self.witness.refused(self.since_start(), retry_after);
                        self.runs[run].ticket = None;
                        self.attempt_is_over(run, Outcome::Expired);
                    }
                    Next::Expired(ticket) => {
                        let run = run_of(ticket);
                        self.runs[run].ticket = None;
                        self.attempt_is_over(run, Outcome::Expired);
                    }
                }
            }
            let lane = &self.lanes[server];
            let starves = lane.queue.waiting() > 0 && lane.queue.is_starved();
            if lane.starves.replace(starves) == starves || !starves {
                return;
            }
        }
    }

    /// A place is free: for a call of this lane, or of another one that waits for it.
    fn place_is_free(&mut self, server: usize) {
        if self.lanes.iter().any(|lane| lane.starves.get()) {
            let first = self.turn;
            self.turn += 1;
            for offset in 0..self.lanes.len() {
                self.serve((first + offset) % self.lanes.len());
            }
        } else {
            self.serve(server);
        }
    }

    /// It has waited for longer than it may.
    pub(super) fn too_late(&mut self, run: usize) {
        self.leave(run, End::Timeout);
        self.attempt_is_over(run, Outcome::Expired);
    }

    /// Gives its place back, whether it ran or waited.
    fn leave(&mut self, run: usize, end: End) {
        let server = self.runs[run].ask.server;
        let Some(ticket) = self.runs[run].ticket.take() else { return };
        self.lanes[server].queue.finish(ticket, end, &self.room, self.now);
        self.witness.leaves(ticket.id);
        self.place_is_free(server);
    }

    /// What has come of an attempt that was sent.
    pub(super) fn attempt_ends(&mut self, run: usize, fate: Fate) {
        self.runs[run].serial += 1;
        self.instance_ends(run, fate);
        let end = if matches!(fate, Fate::Answers(_)) { End::Completed } else { End::Failed };
        let outcome = fate.outcome();
        self.leave(run, end);
        self.attempt_is_over(run, outcome);
    }

    /// The breaker hears of it, and perhaps there is another attempt.
    pub(super) fn attempt_is_over(&mut self, run: usize, outcome: Outcome) {
        self.runs[run].serial += 1;
        self.give_back(run, told_by(outcome, self.runs[run].until.is_some()));
        let Run { ask, number, began, until, serial, .. } = self.runs[run];
        if ask.tool.act() != Act::Reads {
            self.acts[ask.server] += 1;
        }
        let Some(loss) = loss(outcome) else { return self.run_ends(run, outcome) };
        let patience = until.unwrap_or(began + PATIENCE);
        let left = patience.saturating_duration_since(self.now);
        let attempt = Attempt { number, act: ask.tool.act(), loss, left };
        let random = self.random.draw();
        match self.retries.next(&attempt, &mut self.lanes[ask.server].budget, random) {
            None => self.run_ends(run, outcome),
            Some(wait) => {
                self.witness.repeats(self.since_start(), ask.server);
                self.runs[run].number += 1;
                self.after(wait, Event::Again { run, serial });
            }
        }
    }

    fn give_back(&mut self, run: usize, end: breaker::End) {
        let Some(pass) = self.runs[run].pass.take() else { return };
        let server = self.runs[run].ask.server;
        if self.runs[run].number == 1 {
            self.lanes[server].budget.earn(&self.retries);
            self.witness.sends_first(server);
        }
        self.breaker_hears(server, pass, end);
    }

    /// How something ended; what changes is tried out when it is time.
    pub(super) fn breaker_hears(&mut self, server: usize, pass: breaker::Pass, end: breaker::End) {
        let lane = &mut self.lanes[server];
        let change = lane.breaker.ended(pass, end, &lane.rules, self.now);
        if let Some(Change::Opened(_)) = change {
            self.witness.opens();
        }
        self.plan_try_out(server);
    }

    pub(super) fn plan_try_out(&mut self, server: usize) {
        let breaker = &self.lanes[server].breaker;
        let turn = breaker.turn();
        match breaker.state() {
            State::Closed => {}
            State::Open { until } => {
                self.after(until.saturating_duration_since(self.now), Event::TryOut { server, turn });
            }
            State::HalfOpen => self.after(Duration::from_secs(1), Event::TryOut { server, turn }),
        }
    }

    /// Nobody wants it any more.
    pub(super) fn drop_run(&mut self, run: usize) {
        self.runs[run].serial += 1;
        self.runs[run].is_over = true;
        self.instance_is_dropped(run);
        self.leave(run, End::Cancelled);
        self.give_back(run, breaker::End::Untold);
        if self.runs[run].ask.tool.act() != Act::Reads {
            self.acts[self.runs[run].ask.server] += 1;
        }
    }
}

/// The run that has this ticket.
fn run_of(ticket: Ticket) -> usize {
    usize::try_from(ticket.id / 8).unwrap_or(usize::MAX)
}

/// What an end says of the server.
fn told_by(outcome: Outcome, is_hurried: bool) -> breaker::End {
    match outcome {
        Outcome::Answered(_) => breaker::End::Well,
        Outcome::Lost => breaker::End::Lost,
        Outcome::Unanswered if is_hurried => breaker::End::Untold,
        Outcome::Unavailable | Outcome::Unanswered | Outcome::Broken => breaker::End::Failed,
        _ => breaker::End::Untold,
    }
}

/// What an end says of whether the call arrived; nothing, where another attempt would end in the same way.
fn loss(outcome: Outcome) -> Option<Loss> {
    match outcome {
        Outcome::Unavailable => Some(Loss::NeverSent),
        Outcome::TurnedAway(after) => Some(Loss::TurnedAway(after)),
        Outcome::Broken | Outcome::Lost => Some(Loss::Lost),
        _ => None,
    }
}
