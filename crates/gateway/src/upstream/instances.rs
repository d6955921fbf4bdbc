//! A server that answers at several addresses: an upstream for each of them, and who of them serves a call. The upstream that
//! the catalogue knows is the first; the others are known to it alone.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use config::{Balance, Mode, Server};
use mcp::Era;
use traffic::balance::{Balancer, EjectionRules, Instance, Nobody, Place, Strategy, Wanted};

use super::{Upstream, status::Status};
use crate::{
    answered_by::{AnsweredBy, Step},
    call::{Answer, Call, Exchange},
    failure::Failure,
    seals::random,
};

/// An instance that fails so often in a row is left alone, first for so long, at most for so long, and comes back over
/// this time.
const EJECTION: EjectionRules = EjectionRules {
    failures: 5,
    out: Duration::from_secs(30),
    out_max: Duration::from_mins(5),
    return_over: Duration::from_secs(30),
};

/// The instances of one server.
#[derive(Debug)]
pub struct Instances {
    /// All but the first.
    others: Vec<Arc<Upstream>>,
    addresses: Vec<config::Instance>,
    balance: Balance,
    balancer: Mutex<Balancer>,
    home: Place,
    hasher: RandomState,
}

/// A call that is under way at one of the instances. Dropped without an end it was given up.
#[derive(Debug)]
pub struct Turn {
    instances: Arc<Instances>,
    at: usize,
    began: Instant,
    /// Whether the caller said how long it may take: that it took longer says nothing of the instance.
    is_hurried: bool,
    has_ended: bool,
}

/// One instance at one moment.
#[derive(Clone, Debug)]
pub struct InstanceStatus {
    /// What the configuration says of it.
    pub address: config::Instance,
    /// Calls under way.
    pub outstanding: u32,
    /// How long it is left alone from now on, if it is.
    pub out_for: Option<Duration>,
    /// How it is.
    pub status: Status,
}

impl Instances {
    /// The instances of a server that has more than one; `others` are the upstreams of all but the first.
    pub fn new(settings: &Server, others: Vec<Arc<Upstream>>, home: Place) -> Self {
        let addresses: Vec<_> = settings.addresses().collect();
        let instances = addresses.iter().map(|address| Instance {
            weight: address.weight,
            group: address.group,
            calls_max: address.calls_max,
            place: Place { region: address.region.clone(), zone: address.zone.clone() },
        });
        let balancer =
            Balancer::new(strategy(settings.balance), EJECTION, settings.only_regions.clone(), instances.collect());
        Self {
            others,
            addresses,
            balance: settings.balance,
            balancer: Mutex::new(balancer),
            home,
            hasher: RandomState::new(),
        }
    }

    /// All but the first.
    pub fn others(&self) -> &[Arc<Upstream>] {
        &self.others
    }

    /// Whose turn it is to serve a call; those to be `avoided` only if nobody else is left.
    pub fn turn(self: &Arc<Self>, call: &Call, first: &Upstream, avoided: &[usize]) -> Result<Turn, Failure> {
        let place = call.wishes.place.as_deref().unwrap_or(&self.home);
        let wanted = Wanted {
            place: Some(place),
            key: self.what_belongs_together(call, first),
            random: u64::from_ne_bytes(random()),
            is_again: call.so_far.is_again,
            avoided,
        };
        let now = Instant::now();
        let at = self.lock().begin(&wanted, now).map_err(nowhere)?;
        Ok(Turn { instances: self.clone(), at, began: now, is_hurried: call.until.is_some(), has_ended: false })
    }

    /// Whether one of them is not left alone, and answered the last call that it ended.
    fn one_is_well(&self) -> bool {
        self.lock().one_is_well(Instant::now())
    }

    /// Whether there is another one than this that is not left alone.
    fn one_stands_beside(&self, at: usize) -> bool {
        self.lock().one_stands_beside(at, Instant::now())
    }

    /// How each of them is.
    pub fn statuses(&self, first: &Upstream) -> Vec<InstanceStatus> {
        let (now, balancer) = (Instant::now(), self.lock());
        let upstreams = std::iter::once(first).chain(self.others.iter().map(|other| &**other));
        let told = upstreams.zip(&self.addresses).enumerate().map(|(at, (upstream, address))| InstanceStatus {
            address: address.clone(),
            outstanding: balancer.outstanding(at),
            out_for: balancer.out_for(at, now),
            status: upstream.own_status(),
        });
        told.collect()
    }

    /// What a call has in common with others that have to go to the same instance. A legacy server remembers its session,
    /// so the calls of a session stay together there whatever the strategy.
    fn what_belongs_together(&self, call: &Call, first: &Upstream) -> Option<u64> {
        let caller = &call.caller;
        let remembers = first.settings.mode == Mode::PerSession && first.known_era() == Some(Era::Legacy);
        match self.balance {
            Balance::Principal => Some(self.hasher.hash_one(&*caller.principal.name)),
            Balance::Session => Some(self.hasher.hash_one((&*caller.principal.name, caller.session))),
            _ if remembers => Some(self.hasher.hash_one((&*caller.principal.name, caller.session?))),
            _ => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Balancer> {
        self.balancer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Upstream {
    /// Sends a call to the instance whose turn it is, and to the next one if that could not be reached.
    pub(super) async fn call_one_of(self: &Arc<Self>, instances: &Arc<Instances>, call: &Call) -> Exchange {
        let now = Instant::now();
        let all = std::iter::once(self).chain(self.others()).enumerate();
        let mut avoided: Vec<usize> = all.filter(|(_, one)| one.is_left_alone(now)).map(|(at, _)| at).collect();
        avoided.extend(call.so_far.is_at);
        let mut attempts_left = 1 + self.others().len();
        let mut is_first = true;
        loop {
            let mut turn = match instances.turn(call, self, &avoided) {
                Ok(turn) => turn,
                Err(nowhere) => return Exchange::Done(Err(nowhere)),
            };
            avoided.push(turn.at());
            attempts_left -= 1;
            if let Some(whereabouts) = &call.so_far.whereabouts {
                whereabouts.note(turn.at());
            }
            let mut exchange = turn.upstream(self).call_here(call).await;
            let instance = AnsweredBy { server: &self.name, step: Step::Instance(turn.at() + 1) };
            match &mut exchange {
                Exchange::Running(events) => events.at_end(move |end, _| turn.ended(end)),
                Exchange::Done(end) => turn.note(end),
            }
            // one that is left alone has failed since it was looked for who is
            let was_never_sent =
                matches!(exchange, Exchange::Done(Err(Failure::Unavailable(_) | Failure::LeftAlone { .. })));
            if attempts_left == 0 || !was_never_sent {
                return if is_first { exchange } else { instance.mark_end(exchange) };
            }
            is_first = false;
        }
    }

    /// Whether it has several instances, and one that answers: then what fails is another instance, and not the server.
    pub fn has_instance_that_is_well(&self) -> bool {
        self.instances.as_ref().is_some_and(|instances| instances.one_is_well())
    }

    /// Whether it answers at several addresses.
    pub fn has_instances(&self) -> bool {
        self.instances.is_some()
    }

    /// Whether a copy of a call that is at this instance can go to another one. A server with one address takes both.
    pub fn has_instance_beside(&self, call: &Call, at: Option<usize>) -> bool {
        let Some(instances) = &self.instances else { return true };
        at.is_some_and(|at| instances.one_stands_beside(at)) && instances.what_belongs_together(call, self).is_none()
    }

    /// Whether it failed so lately that it is not started or connected for a while.
    fn is_left_alone(&self, now: Instant) -> bool {
        self.health.due().is_some_and(|due| due > now)
    }

    /// All of its instances, those that are left alone after a failed start last.
    pub(super) fn likely_first(self: &Arc<Self>) -> Vec<&Arc<Self>> {
        let now = Instant::now();
        let mut all: Vec<&Arc<Self>> = std::iter::once(self).chain(self.others()).collect();
        all.sort_by_key(|one| one.is_left_alone(now));
        all
    }
}

impl Turn {
    /// The place of the instance among all.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The instance; `first` is the upstream that the catalogue knows.
    pub fn upstream<'u>(&'u self, first: &'u Arc<Upstream>) -> &'u Arc<Upstream> {
        match self.at.checked_sub(1) {
            Some(other) => self.instances.others.get(other).unwrap_or(first),
            None => first,
        }
    }

    /// The call has ended.
    pub fn ended(mut self, end: Result<Answer, Failure>) -> Result<Answer, Failure> {
        self.note(&end);
        end
    }

    /// Counts the end of the call.
    pub fn note(&mut self, end: &Result<Answer, Failure>) {
        self.has_ended = true;
        let answered = match end {
            Ok(_) => Some(self.began.elapsed()),
            Err(Failure::Timeout | Failure::Unanswered) if self.is_hurried => {
                return self.instances.lock().cancelled(self.at);
            }
            Err(failure) if failure.is_of_the_server() && !matches!(failure, Failure::Overloaded) => None,
            Err(_) => return self.instances.lock().cancelled(self.at),
        };
        self.instances.lock().ended(self.at, answered, Instant::now());
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.has_ended {
            self.instances.lock().cancelled(self.at);
        }
    }
}

fn strategy(balance: Balance) -> Strategy {
    match balance {
        Balance::LeastOutstanding | Balance::Session | Balance::Principal => Strategy::LeastOutstanding,
        Balance::RoundRobin => Strategy::RoundRobin,
        Balance::Weighted => Strategy::Weighted,
        Balance::Fastest => Strategy::Fastest,
    }
}

fn nowhere(nobody: Nobody) -> Failure {
    Failure::Unavailable(nobody.to_string())
}
