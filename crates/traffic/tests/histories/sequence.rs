//! Histories of questions of several people, beside one who counts through all that was ever asked.

use proptest::prelude::*;
use traffic::cache::Sequences;

use crate::draw::{Draw, history};

const ASKERS: usize = 3;
/// No more than are told apart after one question.
const QUESTIONS: usize = 4;

/// Somebody asks something, after so many milliseconds.
#[derive(Clone, Copy, Debug)]
struct Asked {
    asker: usize,
    question: usize,
    after_ms: u64,
}

fn asked(draw: &mut Draw) -> Asked {
    let after_ms = if draw.weighted(&[9, 1]) == 0 { draw.below(20_000) } else { draw.below(200_000) } as u64;
    Asked { asker: draw.below(ASKERS), question: draw.below(QUESTIONS), after_ms }
}

/// What counting expects after the last of these questions of one person, each with its moment.
fn by_counting(own: &[(usize, u64)]) -> Option<usize> {
    let (last, _) = *own.last()?;
    let after: Vec<_> = own.windows(2).filter(|pair| pair[0].0 == last).map(|pair| (pair[1], pair[0].1)).collect();
    let is_next = |wanted: usize| {
        move |((question, at_ms), before_ms): &&((usize, u64), u64)| *question == wanted && at_ms - before_ms <= 60_000
    };
    let count = |wanted: usize| after.iter().filter(is_next(wanted)).count();
    let usual = (0..QUESTIONS).filter(|next| *next != last).max_by_key(|next| count(*next))?;
    (after.len() >= 5 && count(usual) * 100 >= after.len() * 60).then_some(usual)
}

proptest! {
    // short enough that nothing is forgotten
    #[test]
    fn what_is_expected_is_what_counting_says(history in history(1..64, asked)) {
        let mut table = Sequences::default();
        let mut all: [Vec<(usize, u64)>; ASKERS] = Default::default();
        let mut now_ms = 0;
        for Asked { asker, question, after_ms } in history {
            now_ms += after_ms;
            all[asker].push((question, now_ms));
            let expected = table.asked(&asker, &question, now_ms, || question);
            prop_assert_eq!(expected, by_counting(&all[asker]));
        }
    }
}
