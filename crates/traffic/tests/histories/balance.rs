//! Histories of the instances of one server beside a model that keeps everything that happened and counts anew each time.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use proptest::{collection::vec, prelude::*};
use traffic::balance::{Balancer, EjectionRules, Instance, Nobody, Place, Strategy as Choice, Wanted};

use crate::draw::{Draw, history};

const RULES: EjectionRules = EjectionRules {
    failures: 2,
    out: Duration::from_secs(10),
    out_max: Duration::from_secs(40),
    return_over: Duration::from_secs(20),
};

/// Something that happens some milliseconds after the last thing.
#[derive(Clone, Debug)]
enum Happens {
    Call { near: Option<usize>, key: Option<u64>, random: u64, avoided: Option<usize> },
    Answered { which: usize, ms: u64 },
    Failed { which: usize },
    GivenUp { which: usize },
}

fn happens(draw: &mut Draw) -> (u64, Happens) {
    let longest = [500, 60_000][draw.weighted(&[8, 2])];
    let after = draw.below(longest) as u64;
    let what = match draw.weighted(&[8, 4, 4, 1]) {
        0 => Happens::Call {
            near: draw.below(5).checked_sub(1),
            key: (draw.below(10) > 6).then(|| draw.below(6) as u64),
            avoided: (draw.below(5) == 4).then(|| draw.below(5)),
            random: draw.rest(),
        },
        1 => Happens::Answered { which: draw.below(1_000), ms: draw.below(500) as u64 },
        2 => Happens::Failed { which: draw.below(1_000) },
        _ => Happens::GivenUp { which: draw.below(1_000) },
    };
    (after, what)
}

/// Four places in two regions.
fn place(number: usize) -> Place {
    let names = [("eu", "a"), ("eu", "b"), ("us", "a"), ("us", "c")];
    let (region, zone) = names[number];
    Place { region: region.to_owned(), zone: zone.to_owned() }
}

fn instances() -> impl Strategy<Value = Vec<Instance>> {
    let instance = (1..5_u32, 0..2_u32, 1..4_u32, 0..4_usize).prop_map(|(weight, group, calls_max, at)| Instance {
        weight,
        group,
        calls_max,
        place: place(at),
    });
    vec(instance, 0..5)
}

fn choice() -> impl Strategy<Value = Choice> {
    prop::sample::select(vec![Choice::LeastOutstanding, Choice::RoundRobin, Choice::Weighted, Choice::Fastest])
}

/// An instance, with all that ever happened to it.
struct Known {
    instance: Instance,
    under_way: u32,
    failures: u32,
    /// When it was left alone, and for how long.
    left_alone: Vec<(Instant, Duration)>,
}

impl Known {
    fn is_out(&self, now: Instant) -> bool {
        self.left_alone.iter().any(|(from, time)| now < *from + *time)
    }

    /// It failed, and others are there in its place.
    fn fails(&mut self, may_leave: bool, now: Instant) {
        if self.is_out(now) {
            return;
        }
        self.failures += 1;
        if self.failures < RULES.failures || !may_leave {
            return;
        }
        self.failures = 0;
        // so often in a row, without having been well for long between
        let mut in_a_row = 0;
        let mut next = now;
        for (from, time) in self.left_alone.iter().rev() {
            if next >= *from + *time + RULES.out_max {
                break;
            }
            in_a_row += 1;
            next = *from;
        }
        self.left_alone.push((now, (RULES.out * 2_u32.pow(in_a_row)).min(RULES.out_max)));
    }

    /// What is better for a call comes first.
    fn rank(&self, wanted: &Wanted<'_>, at: usize, now: Instant) -> (bool, bool, bool, u32, u8) {
        let distance = wanted.place.map_or(0, |place| match &self.instance.place {
            same if same == place => 0,
            near if near.region == place.region => 1,
            _ => 2,
        });
        let is_full = wanted.key.is_none() && self.under_way >= self.instance.calls_max;
        (wanted.avoided.contains(&at), self.is_out(now), is_full, self.instance.group, distance)
    }
}

/// A server, its model, and the calls under way.
struct Server {
    balancer: Balancer,
    choice: Choice,
    regions: Vec<String>,
    known: Vec<Known>,
    under_way: Vec<usize>,
    /// Where the calls of a key go while these are the best.
    homes: HashMap<(u64, Vec<usize>), usize>,
}

impl Server {
    fn new(choice: Choice, instances: &[Instance], only_eu: bool) -> Self {
        let regions: Vec<String> = only_eu.then(|| "eu".to_owned()).into_iter().collect();
        let known = |instance: &Instance| Known {
            instance: instance.clone(),
            under_way: 0,
            failures: 0,
            left_alone: Vec::new(),
        };
        Self {
            balancer: Balancer::new(choice, RULES, regions.clone(), instances.to_vec()),
            choice,
            regions,
            known: instances.iter().map(known).collect(),
            under_way: Vec::new(),
            homes: HashMap::new(),
        }
    }

    fn call(&mut self, wanted: &Wanted<'_>, now: Instant) {
        let is_allowed = |known: &Known| self.regions.is_empty() || self.regions.contains(&known.instance.place.region);
        let allowed: Vec<usize> = (0..self.known.len()).filter(|at| is_allowed(&self.known[*at])).collect();
        let begun = self.balancer.begin(wanted, now);
        let Some(best) = allowed.iter().map(|at| self.known[*at].rank(wanted, *at, now)).min() else {
            assert_eq!(begun, Err(if self.known.is_empty() { Nobody::Empty } else { Nobody::Residency }));
            return;
        };
        let chosen = begun.expect("somebody is allowed");
        let bests: Vec<usize> =
            allowed.into_iter().filter(|at| self.known[*at].rank(wanted, *at, now) == best).collect();
        assert!(bests.contains(&chosen), "{chosen} of {bests:?}");
        match wanted.key {
            Some(key) => self.goes_home(key, &bests, chosen),
            None if self.choice == Choice::LeastOutstanding => self.is_least_busy(&bests, chosen, now),
            None => {}
        }
        self.known[chosen].under_way += 1;
        self.under_way.push(chosen);
    }

    /// The calls of one key go to one, and move to another only when that one is not among the best any more.
    fn goes_home(&mut self, key: u64, bests: &[usize], chosen: usize) {
        for ((other, among), home) in &self.homes {
            let has_lost_others_only = *other == key && bests.iter().all(|at| among.contains(at));
            assert!(
                !has_lost_others_only || !bests.contains(home) || chosen == *home,
                "{key} moved from {home} to {chosen}"
            );
        }
        self.homes.insert((key, bests.to_vec()), chosen);
    }

    /// Among those that never were left alone, none has fewer calls for its weight.
    fn is_least_busy(&self, bests: &[usize], chosen: usize, now: Instant) {
        let known = |at: usize| &self.known[at];
        if bests
            .iter()
            .any(|at| known(*at).left_alone.iter().any(|(from, time)| now < *from + *time + RULES.return_over))
        {
            return;
        }
        for at in bests {
            let [mine, its] = [chosen, *at].map(known);
            assert!(mine.under_way * its.instance.weight <= its.under_way * mine.instance.weight, "{chosen} for {at}");
        }
    }

    fn ended(&mut self, which: usize, answered: Option<Duration>, now: Instant) {
        let Some(at) = self.take(which) else { return };
        let others_out = (0..self.known.len()).filter(|other| *other != at && self.known[*other].is_out(now)).count();
        let may_leave = others_out + 1 < self.known.len();
        self.balancer.ended(at, answered, now);
        match answered {
            Some(_) => self.known[at].failures = 0,
            None => self.known[at].fails(may_leave, now),
        }
    }

    fn take(&mut self, which: usize) -> Option<usize> {
        let at = (!self.under_way.is_empty()).then(|| self.under_way.swap_remove(which % self.under_way.len()))?;
        self.known[at].under_way -= 1;
        Some(at)
    }

    fn check(&self, now: Instant) {
        for (at, known) in self.known.iter().enumerate() {
            assert_eq!(self.balancer.outstanding(at), known.under_way);
            assert_eq!(self.balancer.out_for(at, now).is_some(), known.is_out(now), "{at}");
        }
        assert!(self.known.is_empty() || self.known.iter().any(|known| !known.is_out(now)), "nobody is left");
    }
}

proptest! {
    #[test]
    fn the_chosen_one_is_always_one_of_the_best(
        choice in choice(),
        instances in instances(),
        only_eu: bool,
        history in history(1..120, happens),
    ) {
        let mut now = Instant::now();
        let mut server = Server::new(choice, &instances, only_eu);
        for (after, what) in history {
            now += Duration::from_millis(after);
            match what {
                Happens::Call { near, key, random, avoided } => {
                    let (near, avoided) = (near.map(place), Vec::from_iter(avoided));
                    server.call(&Wanted { place: near.as_ref(), key, random, avoided: &avoided, is_again: false }, now);
                }
                Happens::Answered { which, ms } => server.ended(which, Some(Duration::from_millis(ms)), now),
                Happens::Failed { which } => server.ended(which, None, now),
                Happens::GivenUp { which } => {
                    if let Some(at) = server.take(which) {
                        server.balancer.cancelled(at);
                    }
                }
            }
            server.check(now);
        }
    }
}
