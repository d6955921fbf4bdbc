//! The servers: instances with moods, what each does with a call, and who of them is asked.

use std::time::{Duration, Instant};

use traffic::{
    Act,
    balance::{Balancer, EjectionRules, Instance, Place, Strategy, Wanted},
    breaker::{self, Pass, State},
};

use super::{
    Event, PATIENCE, World,
    ask::{Answer, Ask, Outcome},
};
use crate::random::Random;

const RULES: EjectionRules = EjectionRules {
    failures: 3,
    out: Duration::from_secs(2),
    out_max: Duration::from_secs(8),
    return_over: Duration::from_secs(2),
};

/// How an instance behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    Well,
    Slow,
    /// Nobody can connect.
    Down,
    /// The connection breaks before anything is done, or after that.
    LosesBefore,
    LosesAfter,
    /// It takes calls and says nothing; some of them are done.
    Hangs,
    /// It turns calls away, with or without a word of when to come again.
    TurnsAway,
    /// Something before it answers that it is not there.
    Breaks,
}

const TROUBLES: [Mood; 9] = [
    Mood::Well,
    Mood::Well,
    Mood::Slow,
    Mood::Down,
    Mood::LosesBefore,
    Mood::LosesAfter,
    Mood::Hangs,
    Mood::TurnsAway,
    Mood::Breaks,
];

/// What comes of a call that was sent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fate {
    Answers(Answer),
    Unreachable,
    Lost,
    TurnedAway(Option<Duration>),
    Broken,
    Silent,
}

impl Fate {
    pub(super) fn outcome(self) -> Outcome {
        match self {
            Self::Answers(answer) => Outcome::Answered(answer),
            Self::Silent => Outcome::Unanswered,
            Self::Unreachable => Outcome::Unavailable,
            Self::Lost => Outcome::Lost,
            Self::TurnedAway(after) => Outcome::TurnedAway(after),
            Self::Broken => Outcome::Broken,
        }
    }
}

/// What a server does when it has done what it was asked to do.
#[derive(Clone, Copy, Debug)]
pub(super) enum Then {
    Answers(Duration),
    Loses,
    IsSilent,
}

/// A server with its instances, which share what it knows.
pub(super) struct Server {
    pub(super) instances: Vec<Mood>,
    balancer: Balancer,
    /// How many changes it has seen.
    version: u64,
}

impl Server {
    pub(super) fn of(random: &mut Random) -> Self {
        let instance = |random: &mut Random| Instance {
            weight: random.small(1, 4),
            group: random.small(0, 2),
            calls_max: random.small(1, 5),
            place: Place::default(),
        };
        let instances: Vec<Instance> = (0..random.small(1, 4)).map(|_| instance(random)).collect();
        let strategies = [Strategy::LeastOutstanding, Strategy::RoundRobin, Strategy::Weighted, Strategy::Fastest];
        Self {
            instances: vec![Mood::Well; instances.len()],
            balancer: Balancer::new(random.one_of(&strategies), RULES, Vec::new(), instances),
            version: 0,
        }
    }

    /// Calls under way at all instances.
    pub(super) fn under_way(&self) -> u32 {
        (0..self.instances.len()).map(|at| self.balancer.outstanding(at)).sum()
    }
}

impl World {
    /// An instance behaves otherwise, for a while; in the end it is well.
    pub(super) fn change_mood(&mut self, server: usize, instance: usize) {
        let is_trouble = self.is_trouble();
        self.servers[server].instances[instance] = if is_trouble { self.random.one_of(&TROUBLES) } else { Mood::Well };
        if is_trouble {
            let time = Duration::from_millis(self.random.within(50, 8_000));
            self.after(time, Event::Mood { server, instance });
        }
    }

    /// A call is sent to the instance whose turn it is; one that cannot be reached has done nothing, so the next is tried.
    pub(super) fn send(&mut self, run: usize, mut avoided: Vec<usize>) {
        let Ask { server, .. } = self.runs[run].ask;
        let (now, random) = (self.now, self.random.draw());
        loop {
            let wanted = Wanted { random, avoided: &avoided, ..Wanted::default() };
            let Server { balancer, instances, .. } = &mut self.servers[server];
            let Ok(at) = balancer.begin(&wanted, now) else { return };
            avoided.push(at);
            if instances[at] == Mood::Down && avoided.len() < instances.len() {
                balancer.ended(at, None, now);
                continue;
            }
            self.runs[run].instance = Some((at, now));
            return self.is_received(run, at);
        }
    }

    /// An instance has a call: what it does with it, and when something comes of that.
    fn is_received(&mut self, run: usize, instance: usize) {
        let (serial, ask, fetch) = (self.runs[run].serial, self.runs[run].ask, self.runs[run].fetch);
        let until = self.runs[run].until.map_or(PATIENCE, |until| until.saturating_duration_since(self.now));
        self.after(until.min(PATIENCE), Event::End { run, serial, fate: Fate::Silent });
        let mood = self.servers[ask.server].instances[instance];
        let longest = if mood == Mood::Slow { 3_000 } else { 150 };
        let half = Duration::from_millis(self.random.within(1, longest));
        let fate = match mood {
            Mood::Well | Mood::Slow => {
                return self.after(half, Event::Execute { run, serial, ask, fetch, then: Then::Answers(half) });
            }
            Mood::LosesAfter => return self.after(half, Event::Execute { run, serial, ask, fetch, then: Then::Loses }),
            Mood::Hangs if self.random.percent(50) => {
                return self.after(half, Event::Execute { run, serial, ask, fetch, then: Then::IsSilent });
            }
            Mood::Hangs => return,
            Mood::Down => Fate::Unreachable,
            Mood::LosesBefore => Fate::Lost,
            Mood::TurnsAway if self.random.percent(50) => Fate::TurnedAway(None),
            Mood::TurnsAway => Fate::TurnedAway(Some(Duration::from_millis(self.random.within(1, 500)))),
            Mood::Breaks => Fate::Broken,
        };
        self.after(half, Event::End { run, serial, fate });
    }

    /// A server does what it was asked to do, whether or not anybody still waits for it.
    pub(super) fn execute(&mut self, (run, serial): (usize, u32), ask: Ask, fetch: usize, then: Then) {
        let at = &mut self.servers[ask.server];
        at.version += u64::from(ask.tool.act() != Act::Reads);
        let Ask { principal, server, tool, object, .. } = ask;
        let answer = Answer { version: at.version, principal, server, tool, object };
        self.witness.executed(self.since_start(), fetch, ask, answer.version);
        match then {
            Then::Answers(after) => self.after(after, Event::End { run, serial, fate: Fate::Answers(answer) }),
            Then::Loses => self.after(Duration::ZERO, Event::End { run, serial, fate: Fate::Lost }),
            Then::IsSilent => {}
        }
    }

    /// The instance of a run has ended it.
    pub(super) fn instance_ends(&mut self, run: usize, fate: Fate) {
        let Some((at, began)) = self.runs[run].instance.take() else { return };
        self.instance_hears(self.runs[run].ask.server, at, fate, began);
    }

    /// What an end says of an instance: all of these are its own.
    fn instance_hears(&mut self, server: usize, at: usize, fate: Fate, began: Instant) {
        let took = self.now.saturating_duration_since(began);
        let answered = matches!(fate, Fate::Answers(_)).then_some(took);
        self.servers[server].balancer.ended(at, answered, self.now);
    }

    /// A run is given up while its instance works.
    pub(super) fn instance_is_dropped(&mut self, run: usize) {
        if let Some((at, _)) = self.runs[run].instance.take() {
            self.servers[self.runs[run].ask.server].balancer.cancelled(at);
        }
    }

    /// The node tries a server out that is left alone, if it is time for that.
    pub(super) fn try_out(&mut self, server: usize, turn: u64) {
        let lane = &mut self.lanes[server];
        if lane.breaker.turn() != turn || lane.breaker.state() == State::Closed {
            return;
        }
        let Ok(pass) = lane.breaker.pass(true, &lane.rules, self.now) else { return self.plan_try_out(server) };
        let (now, random) = (self.now, self.random.draw());
        let Server { balancer, instances, .. } = &mut self.servers[server];
        let Ok(at) = balancer.begin(&Wanted { random, ..Wanted::default() }, now) else { return };
        let (fate, after) = match instances[at] {
            Mood::Well => (None, Duration::from_millis(5)),
            Mood::Down => (Some(Fate::Unreachable), Duration::ZERO),
            Mood::Slow | Mood::Hangs => (Some(Fate::Silent), PATIENCE),
            _ => (Some(Fate::Lost), Duration::from_millis(5)),
        };
        self.after(after, Event::TriedOut { server, instance: at, pass, fate, began: now });
    }

    /// What came of that; nothing, where it was answered.
    pub(super) fn tried_out(&mut self, server: usize, at: usize, pass: Pass, fate: Option<Fate>, began: Instant) {
        let took = self.now.saturating_duration_since(began);
        self.servers[server].balancer.ended(at, fate.is_none().then_some(took), self.now);
        let end = match fate {
            None => breaker::End::Well,
            Some(Fate::Lost) => breaker::End::Lost,
            Some(_) => breaker::End::Failed,
        };
        self.breaker_hears(server, pass, end);
    }
}
