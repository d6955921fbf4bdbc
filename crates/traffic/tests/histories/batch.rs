//! Histories of batches in any order that can be made: what is started, and what is skipped.

use proptest::prelude::*;
use traffic::batch::{Batch, Step};

proptest! {
    #[test]
    fn every_call_is_started_once_after_its_own_or_skipped_once(
        after in prop::collection::vec(prop::collection::vec(0_usize..12, 0..4), 1..12),
        succeeds in prop::collection::vec(any::<bool>(), 12),
    ) {
        let steps: Vec<Step> = after.iter().enumerate().map(|(place, after)| Step {
            id: place.to_string(),
            after: after.iter().filter(|other| **other < place).map(ToString::to_string).collect(),
        }).collect();
        let mut batch = Batch::of(&steps).unwrap();
        let mut ready = batch.start();
        let (mut succeeded, mut seen) = (vec![false; steps.len()], vec![0; steps.len()]);
        while let Some(place) = ready.pop() {
            prop_assert!(steps[place].after.iter().all(|id| succeeded[id.parse::<usize>().unwrap()]));
            seen[place] += 1;
            succeeded[place] = succeeds[place];
            let next = batch.ended(place, succeeds[place]);
            for skipped in next.skipped {
                seen[skipped] += 1;
            }
            ready.extend(next.starts);
        }
        prop_assert_eq!(seen, vec![1; steps.len()]);
        prop_assert_eq!(batch.left(), 0);
    }
}
