//! Histories of calls under keys beside a model that keeps everything: nothing is ever begun twice.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use traffic::once::{Begin, Bounds, Once};

use crate::draw::{Draw, history};

const BOUNDS: Bounds = Bounds {
    kept: Duration::from_secs(10),
    keys_per_owner: 4,
    keys: 6,
    bytes_per_owner: 20,
    bytes: 30,
    answer_bytes: 12,
    waiters: 3,
};

#[derive(Clone, Debug)]
enum Happens {
    Call { owner: usize, key: u8, digest: u8 },
    End { owner: usize, key: u8, bytes: Option<usize> },
    Sweep,
}

fn happens(draw: &mut Draw) -> (u64, Happens) {
    let longest = [500, 12_000][draw.weighted(&[8, 1])];
    let after = draw.below(longest) as u64;
    let what = match draw.weighted(&[6, 4, 1]) {
        0 => Happens::Call { owner: draw.below(3), key: draw.below(5) as u8, digest: draw.below(2) as u8 },
        1 => Happens::End {
            owner: draw.below(3),
            key: draw.below(5) as u8,
            bytes: (draw.below(2) == 1).then(|| draw.below(14)),
        },
        _ => Happens::Sweep,
    };
    (after, what)
}

/// What is known of a key: its digest, who waits, and its answer with the time it was given.
struct Known {
    digest: u8,
    waiting: Vec<u64>,
    answer: Option<(u64, Instant)>,
}

proptest! {
    #[test]
    fn nothing_is_begun_twice_and_nobody_gets_the_answer_of_another(history in history(1..120, happens)) {
        let owners: [Arc<str>; 3] = ["ada".into(), "bob".into(), "eve".into()];
        let mut once: Once<u8, u64, u64> = Once::new(BOUNDS);
        let mut model: HashMap<(usize, u8), Known> = HashMap::new();
        let (mut now, mut number) = (Instant::now(), 0);
        for (after, what) in history {
            now += Duration::from_millis(after);
            number += 1;
            let is_kept = |known: &Known| known.answer.is_none_or(|(_, at)| now - at < BOUNDS.kept);
            model.retain(|_, known| is_kept(known));
            match what {
                Happens::Call { owner, key, digest } => {
                    let begun = once.begin(&owners[owner], &key, [digest; 32], now, || number);
                    let known = model.get_mut(&(owner, key));
                    match (begun, known) {
                        (Begin::First, None) => {
                            model.insert((owner, key), Known { digest, waiting: Vec::new(), answer: None });
                        }
                        (Begin::Conflict, Some(known)) => prop_assert_ne!(known.digest, digest),
                        (Begin::Waits, Some(known)) => {
                            prop_assert!(known.answer.is_none() && known.digest == digest);
                            known.waiting.push(number);
                        }
                        (Begin::Kept(answer), Some(known)) => {
                            prop_assert_eq!(known.digest, digest);
                            prop_assert_eq!(known.answer.map(|(answer, _)| answer), Some(answer));
                        }
                        (Begin::Forgotten, Some(known)) => {
                            prop_assert!(known.answer.is_some() && known.digest == digest);
                        }
                        (Begin::Full, None) => {
                            let own = model.keys().filter(|(other, _)| *other == owner).count();
                            // keys of others that are over are counted until somebody sweeps
                            prop_assert!(own >= BOUNDS.keys_per_owner || once.keys() >= BOUNDS.keys);
                        }
                        (Begin::Full, Some(known)) => prop_assert_eq!(known.waiting.len(), BOUNDS.waiters),
                        (begun, known) => prop_assert!(false, "{begun:?}, known: {}", known.is_some()),
                    }
                }
                Happens::End { owner, key, bytes } => {
                    let told = once.finished(&owners[owner], &key, bytes.map(|bytes| (number, bytes)), now);
                    let known = model.get_mut(&(owner, key)).filter(|known| known.answer.is_none());
                    let Some(known) = known else {
                        prop_assert!(told.is_empty());
                        continue;
                    };
                    prop_assert_eq!(&told, &known.waiting);
                    known.waiting.clear();
                    match bytes {
                        Some(_) => known.answer = Some((number, now)),
                        None => drop(model.remove(&(owner, key))),
                    }
                }
                Happens::Sweep => {
                    once.sweep(now);
                    prop_assert_eq!(once.keys(), model.len());
                }
            }
            prop_assert!(once.bytes() <= BOUNDS.bytes && once.keys() <= BOUNDS.keys);
        }
    }
}
