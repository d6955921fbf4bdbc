//! How one of several equal instances is chosen.

use std::{cmp::Reverse, time::Duration};

use super::Wanted;

/// How one of several equal instances is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// The one with the fewest calls under way for its weight.
    #[default]
    LeastOutstanding,
    /// Each in turn.
    RoundRobin,
    /// Each in turn, the heavier ones more often.
    Weighted,
    /// The faster of two that are drawn; both draws may fall on one, so that a slow one is seen to have become fast.
    Fastest,
}

/// An instance that could serve the call.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) at: usize,
    pub(super) weight: u32,
    pub(super) outstanding: u32,
    pub(super) latency: Duration,
    pub(super) credit: i64,
}

impl Strategy {
    /// The chosen one of `candidates`, of which there is at least one. A call with a key has no choice.
    pub(super) fn choose(self, candidates: &[Candidate], wanted: &Wanted<'_>, turn: u64) -> usize {
        let count = candidates.len() as u64;
        if let Some(key) = wanted.key {
            let owner = candidates.iter().max_by_key(|candidate| affinity(key, candidate.at));
            return owner.map_or(0, |owner| owner.at);
        }
        let chosen = match self {
            Self::LeastOutstanding => {
                // among the equally busy each has its turn, or the first would have all the quiet times
                let in_turn = |index: usize| (index as u64 + count - turn % count) % count;
                (0..candidates.len()).min_by_key(|index| (load(&candidates[*index]), in_turn(*index)))
            }
            Self::RoundRobin => Some((turn % count) as usize),
            Self::Weighted => {
                let due = |index: &usize| candidates[*index].credit + i64::from(candidates[*index].weight);
                (0..candidates.len()).max_by_key(|index| (due(index), Reverse(*index)))
            }
            Self::Fastest => {
                let first = (wanted.random % count) as usize;
                let second = ((wanted.random >> 32) % count) as usize;
                [first, second].into_iter().min_by_key(|index| cost(&candidates[*index]))
            }
        };
        candidates[chosen.unwrap_or_default()].at
    }
}

/// Calls under way for each unit of weight, in a measure that can be compared.
fn load(candidate: &Candidate) -> u64 {
    (u64::from(candidate.outstanding) << 20) / u64::from(candidate.weight.max(1))
}

/// How long a new call is likely to take: the last ones took so long, and those under way come first.
fn cost(candidate: &Candidate) -> u128 {
    let latency = candidate.latency.as_nanos().max(1);
    latency * u128::from(candidate.outstanding + 1) * 1_000 / u128::from(candidate.weight.max(1))
}

/// How much a key belongs to an instance: a number that only these two decide, so that a key changes its instance only
/// when that one leaves.
fn affinity(key: u64, at: usize) -> u64 {
    let mut mixed = key ^ (at as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    for (shift, factor) in [(30, 0xBF58_476D_1CE4_E5B9), (27, 0x94D0_49BB_1331_11EB), (31, 1)] {
        mixed = (mixed ^ (mixed >> shift)).wrapping_mul(factor);
    }
    mixed
}
