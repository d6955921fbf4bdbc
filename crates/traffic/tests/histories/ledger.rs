//! Histories of what is declared void while answers are fetched, beside one who remembers all of it.

use proptest::prelude::*;
use traffic::cache::Ledger;

use crate::draw::{Draw, history};

const THINGS: usize = 40;

/// Everything is void, one thing is void, or an answer about one thing begins to be fetched.
#[derive(Clone, Debug)]
enum Step {
    All,
    One(usize),
    Fetch(usize),
}

fn step(draw: &mut Draw) -> Step {
    match draw.weighted(&[10, 20, 1]) {
        0 => Step::Fetch(draw.below(THINGS)),
        1 => Step::One(draw.below(THINGS)),
        _ => Step::All,
    }
}

/// Plays a history; for each answer, whether the ledger and the whole history call it good in the end.
fn played(mut ledger: Ledger<usize>, history: &[Step]) -> impl Iterator<Item = (bool, bool)> {
    let mut fetched = Vec::new();
    let mut void_until = [0; THINGS];
    for (at, step) in history.iter().enumerate() {
        match step {
            Step::All => {
                ledger.declare_all();
                void_until = [at; THINGS];
            }
            Step::One(thing) => {
                ledger.declare(*thing);
                void_until[*thing] = at;
            }
            Step::Fetch(thing) => fetched.push((at, *thing, ledger.now())),
        }
    }
    let verdict = move |(at, thing, since)| (ledger.is_good(since, |other| *other == thing), at >= void_until[thing]);
    fetched.into_iter().map(verdict)
}

proptest! {
    #[test]
    fn a_ledger_with_room_says_what_the_whole_history_says(history in history(1..200, step)) {
        for (told, truth) in played(Ledger::with_room(THINGS), &history) {
            prop_assert_eq!(told, truth);
        }
    }

    #[test]
    fn a_ledger_without_room_never_calls_good_what_is_void(room in 1..THINGS, history in history(1..200, step)) {
        for (told, truth) in played(Ledger::with_room(room), &history) {
            prop_assert!(truth || !told);
        }
    }
}
