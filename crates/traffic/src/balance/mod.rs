//! Which of the instances of one server serves a call: the near ones first, by a strategy among equals, and none that
//! has just failed again and again. What an instance is, and how it is reached, is not known here.

mod ejection;
mod place;
mod strategy;

pub use ejection::{Ejection, Rules as EjectionRules};
pub use place::{Nearness, Place};
pub use strategy::Strategy;

use std::time::{Duration, Instant};

use strategy::Candidate;

/// What the latest answer weighs in the moving average: one part in so many.
const LATENCY_WEIGHT: u32 = 8;

/// What is said of an instance in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Its share beside the others.
    pub weight: u32,
    /// Its group: one of a higher number serves only while no lower one can.
    pub group: u32,
    /// Calls that it may have at one time before others are preferred.
    pub calls_max: u32,
    /// Where it stands.
    pub place: Place,
}

/// What is known of a caller that decides which instance is right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted<'c> {
    /// Where the caller is.
    pub place: Option<&'c Place>,
    /// What calls that have to go to the same instance have in common, if this is one of them.
    pub key: Option<u64>,
    /// A number drawn for this call.
    pub random: u64,
    /// The instances that serve it only if nobody else is left, such as those that have failed this very call.
    pub avoided: &'c [usize],
    /// Whether the call was lost once: then it goes to an instance that has not failed lately, if there is one.
    pub is_again: bool,
}

/// Why there is no instance for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Nobody {
    /// The rule about regions leaves none.
    #[error("no instance stands in a region where this may be done")]
    Residency,
    /// There are none.
    #[error("the server has no instances")]
    Empty,
}

/// The instances of one server, and how each is doing.
#[derive(Clone, Debug)]
pub struct Balancer {
    strategy: Strategy,
    only_regions: Vec<String>,
    members: Vec<Member>,
    turns: u64,
}

#[derive(Clone, Debug)]
struct Member {
    instance: Instance,
    outstanding: u32,
    latency: Duration,
    ejection: Ejection,
    /// How far it is behind its share of turns.
    credit: i64,
}

impl Balancer {
    /// The instances of a server, none of which has been asked yet. `only_regions` is empty where it does not matter.
    pub fn new(strategy: Strategy, rules: EjectionRules, only_regions: Vec<String>, instances: Vec<Instance>) -> Self {
        let member = |instance| Member {
            instance,
            outstanding: 0,
            latency: Duration::ZERO,
            ejection: Ejection::new(rules),
            credit: 0,
        };
        Self { strategy, only_regions, members: instances.into_iter().map(member).collect(), turns: 0 }
    }

    /// The instance for a call that begins now; it counts as under way until [`Self::ended`].
    pub fn begin(&mut self, wanted: &Wanted<'_>, now: Instant) -> Result<usize, Nobody> {
        if self.members.is_empty() {
            return Err(Nobody::Empty);
        }
        let allowed: Vec<usize> = (0..self.members.len()).filter(|at| self.is_allowed(*at)).collect();
        if allowed.is_empty() {
            return Err(Nobody::Residency);
        }
        let candidates = self.best(&allowed, wanted, now);
        let chosen = self.strategy.choose(&candidates, wanted, self.turns);
        self.turns = self.turns.wrapping_add(1);
        self.settle_credit(&candidates, chosen);
        self.members[chosen].outstanding += 1;
        Ok(chosen)
    }

    /// A call has ended; `answered` is how long its answer took, or `None` if the instance failed it.
    pub fn ended(&mut self, at: usize, answered: Option<Duration>, now: Instant) {
        let others_ejected =
            self.members.iter().enumerate().filter(|(i, m)| *i != at && m.ejection.is_out(now)).count();
        let may_leave = others_ejected + 1 < self.members.len();
        let Some(member) = self.members.get_mut(at) else { return };
        member.outstanding = member.outstanding.saturating_sub(1);
        match answered {
            Some(took) => {
                let old = if member.latency.is_zero() { took } else { member.latency };
                member.latency = (old * (LATENCY_WEIGHT - 1) + took) / LATENCY_WEIGHT;
                member.ejection.succeeded();
            }
            None => member.ejection.failed(may_leave, now),
        }
    }

    /// A call was given up; that says nothing of the instance.
    pub fn cancelled(&mut self, at: usize) {
        if let Some(member) = self.members.get_mut(at) {
            member.outstanding = member.outstanding.saturating_sub(1);
        }
    }

    /// Whether one that may be asked is not left alone, and answered the last call that it ended.
    pub fn one_is_well(&self, now: Instant) -> bool {
        let is_well = |ejection: &Ejection| !ejection.is_out(now) && ejection.has_answered();
        (0..self.members.len()).any(|at| self.is_allowed(at) && is_well(&self.members[at].ejection))
    }

    /// Whether another one than this may be asked and is not left alone.
    pub fn one_stands_beside(&self, at: usize, now: Instant) -> bool {
        let stands = |other: usize| self.is_allowed(other) && !self.members[other].ejection.is_out(now);
        (0..self.members.len()).any(|other| other != at && stands(other))
    }

    /// Calls under way at an instance.
    pub fn outstanding(&self, at: usize) -> u32 {
        self.members.get(at).map_or(0, |member| member.outstanding)
    }

    /// How long an instance is left alone from now on, if it is.
    pub fn out_for(&self, at: usize, now: Instant) -> Option<Duration> {
        self.members.get(at)?.ejection.out_for(now)
    }

    fn is_allowed(&self, at: usize) -> bool {
        self.only_regions.is_empty() || self.only_regions.contains(&self.members[at].instance.place.region)
    }

    /// The candidates of the nearest and first group that has any: in use before left alone, with room before without
    /// (for calls that have a choice). All
    /// are taken as good where all are left alone, for then nothing is gained by leaving them.
    fn best(&self, allowed: &[usize], wanted: &Wanted<'_>, now: Instant) -> Vec<Candidate> {
        let rank = |at: &usize| {
            let Member { instance, outstanding, ejection, .. } = &self.members[*at];
            let nearness = wanted.place.map_or(Nearness::Zone, |place| instance.place.nearness(place));
            let is_out = ejection.is_out(now);
            (
                wanted.avoided.contains(at),
                is_out,
                wanted.is_again && ejection.has_failed(),
                wanted.key.is_none() && *outstanding >= instance.calls_max,
                instance.group,
                nearness,
            )
        };
        let Some(first) = allowed.iter().map(rank).min() else { return Vec::new() };
        let best = allowed.iter().filter(|at| rank(at) == first);
        best.map(|at| {
            let Member { instance, outstanding, latency, ejection, credit } = &self.members[*at];
            Candidate {
                at: *at,
                weight: ejection.share_of(instance.weight, now),
                outstanding: *outstanding,
                latency: *latency,
                credit: *credit,
            }
        })
        .collect()
    }

    /// Gives every candidate its part of the turn, and takes the whole turn from the one that got it.
    fn settle_credit(&mut self, candidates: &[Candidate], chosen: usize) {
        let total: i64 = candidates.iter().map(|candidate| i64::from(candidate.weight)).sum();
        for candidate in candidates {
            self.members[candidate.at].credit += i64::from(candidate.weight);
        }
        self.members[chosen].credit -= total;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: EjectionRules = EjectionRules {
        failures: 3,
        out: Duration::from_secs(30),
        out_max: Duration::from_mins(5),
        return_over: Duration::from_secs(30),
    };

    fn instance(weight: u32, group: u32, region: &str, zone: &str) -> Instance {
        let place = Place { region: region.to_owned(), zone: zone.to_owned() };
        Instance { weight, group, calls_max: 4, place }
    }

    fn balancer(strategy: Strategy, instances: Vec<Instance>) -> Balancer {
        Balancer::new(strategy, RULES, Vec::new(), instances)
    }

    fn served(balancer: &mut Balancer, calls: u64, now: Instant) -> Vec<u64> {
        let mut counts = vec![0; balancer.members.len()];
        for turn in 0..calls {
            let wanted = Wanted { random: turn.wrapping_mul(0x9E37_79B9_7F4A_7C15), ..Wanted::default() };
            let at = balancer.begin(&wanted, now).unwrap();
            balancer.ended(at, Some(Duration::from_millis(1)), now);
            counts[at] += 1;
        }
        counts
    }

    #[test]
    fn each_in_turn_gives_all_the_same() {
        let mut three = balancer(Strategy::RoundRobin, vec![instance(1, 0, "", ""); 3]);
        assert_eq!(served(&mut three, 300, Instant::now()), [100, 100, 100]);
    }

    #[test]
    fn weights_are_kept_to_exactly() {
        let instances = [5, 1, 2].map(|weight| instance(weight, 0, "", "")).to_vec();
        assert_eq!(served(&mut balancer(Strategy::Weighted, instances), 800, Instant::now()), [500, 100, 200]);
    }

    #[test]
    fn the_least_busy_one_is_next() {
        let (mut two, now) = (balancer(Strategy::LeastOutstanding, vec![instance(1, 0, "", ""); 2]), Instant::now());
        let first = two.begin(&Wanted::default(), now).unwrap();
        let second = two.begin(&Wanted::default(), now).unwrap();
        assert_ne!(first, second);
        two.ended(first, Some(Duration::from_millis(1)), now);
        assert_eq!(two.begin(&Wanted::default(), now), Ok(first));
    }

    #[test]
    fn what_belongs_together_goes_to_one_and_few_move_when_one_leaves() {
        let now = Instant::now();
        let mut four = balancer(Strategy::RoundRobin, vec![instance(1, 0, "", ""); 4]);
        let place = |balancer: &mut Balancer, key| {
            let at = balancer.begin(&Wanted { key: Some(key), ..Wanted::default() }, now).unwrap();
            balancer.cancelled(at);
            at
        };
        let before: Vec<usize> = (0..1_000).map(|key| place(&mut four, key)).collect();
        assert_eq!(before, (0..1_000).map(|key| place(&mut four, key)).collect::<Vec<_>>());
        for _ in 0..RULES.failures {
            four.ended(2, None, now);
        }
        for (key, was) in before.iter().enumerate() {
            let is = place(&mut four, key as u64);
            assert!(is != 2 && (*was == 2 || is == *was), "{key}: {was} → {is}");
        }
    }

    #[test]
    fn the_near_one_serves_until_it_is_full_and_the_far_one_then() {
        let now = Instant::now();
        let mut two = balancer(Strategy::LeastOutstanding, vec![instance(1, 0, "us", "a"), instance(1, 0, "eu", "b")]);
        let here = Place { region: "eu".to_owned(), zone: "c".to_owned() };
        let wanted = Wanted { place: Some(&here), ..Wanted::default() };
        let took: Vec<usize> = (0..5).map(|_| two.begin(&wanted, now).unwrap()).collect();
        assert_eq!(took, [1, 1, 1, 1, 0]);
    }

    #[test]
    fn a_rule_about_regions_is_never_broken() {
        let now = Instant::now();
        let only = |regions: &[&str]| {
            let regions = regions.iter().map(|region| (*region).to_owned()).collect();
            Balancer::new(
                Strategy::RoundRobin,
                RULES,
                regions,
                vec![instance(1, 0, "us", ""), instance(1, 0, "eu", "")],
            )
        };
        let mut eu = only(&["eu"]);
        for _ in 0..50 {
            assert_eq!(eu.begin(&Wanted::default(), now), Ok(1), "full or not");
        }
        for _ in 0..50 {
            eu.ended(1, None, now);
        }
        assert_eq!(eu.begin(&Wanted::default(), now), Ok(1), "failing or not");
        assert_eq!(only(&["ap"]).begin(&Wanted::default(), now), Err(Nobody::Residency));
    }

    #[test]
    fn a_second_group_serves_only_while_the_first_cannot() {
        let now = Instant::now();
        let mut two = balancer(Strategy::RoundRobin, vec![instance(1, 1, "", ""), instance(1, 0, "", "")]);
        assert_eq!(served(&mut two, 20, now), [0, 20]);
        for _ in 0..RULES.failures {
            two.ended(1, None, now);
        }
        assert_eq!(served(&mut two, 20, now), [20, 0]);
    }

    #[test]
    fn who_comes_back_comes_back_gradually() {
        let now = Instant::now();
        let mut two = balancer(Strategy::Weighted, vec![instance(10, 0, "", ""); 2]);
        for _ in 0..RULES.failures {
            two.ended(0, None, now);
        }
        assert_eq!(served(&mut two, 100, now), [0, 100]);
        let back = now + RULES.out;
        let early = served(&mut two, 110, back)[0];
        assert!((1..=15).contains(&early), "{early} of 110 right after its return");
        let late = served(&mut two, 100, back + RULES.return_over)[0];
        assert!((45..=55).contains(&late), "{late} of 100 when it is back");
    }

    #[test]
    fn who_failed_a_call_is_asked_again_only_when_nobody_else_is_left() {
        let now = Instant::now();
        let mut three = balancer(Strategy::RoundRobin, vec![instance(1, 0, "", ""); 3]);
        let ask = |balancer: &mut Balancer, tried: &[usize]| {
            balancer.begin(&Wanted { avoided: tried, key: Some(7), ..Wanted::default() }, now).unwrap()
        };
        let first = ask(&mut three, &[]);
        let second = ask(&mut three, &[first]);
        let third = ask(&mut three, &[first, second]);
        assert_eq!(first + second + third, 3, "each once");
        assert_eq!(ask(&mut three, &[0, 1, 2]), first);
    }

    #[test]
    fn the_last_one_is_never_left_alone() {
        let now = Instant::now();
        let mut two = balancer(Strategy::RoundRobin, vec![instance(1, 0, "", ""); 2]);
        for at in [0, 1] {
            for _ in 0..10 {
                two.ended(at, None, now);
            }
        }
        assert!(two.out_for(0, now).is_some() && two.out_for(1, now).is_none());
    }

    #[test]
    fn the_faster_of_two_is_chosen_and_the_slower_still_seen() {
        let now = Instant::now();
        let mut two = balancer(Strategy::Fastest, vec![instance(1, 0, "", ""); 2]);
        for (at, ms) in [(0, 50), (1, 1)] {
            for _ in 0..50 {
                two.ended(at, Some(Duration::from_millis(ms)), now);
            }
        }
        let counts = served(&mut two, 200, now);
        // one draw in four is the slower one twice: whether it is still slow is not known otherwise
        assert!(counts[1] > 130 && counts[0] > 30, "{counts:?}");
    }
}
