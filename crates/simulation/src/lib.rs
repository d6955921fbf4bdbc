//! A node in one thread, without a clock: the machines of `traffic`, put together in the order of the gateway's pipeline, before
//! servers that are late, fail, hang, lose calls and come back. All chance comes from one number, so a run that breaks a
//! promise is played again by its number.
//!
//! - [`world`]: the node, its callers and its servers, and what happens when.
//! - [`witness`]: the promises, kept by plain counts of its own.
//!
//! What the gateway adds to the machines (tasks, locks, wake-ups, messages) is not here. Four tables of the gateway's steps are
//! written down once more: what a failure says of whether a call arrived, of its server, of its instance, and of whether its
//! key is used up.

mod random;
mod witness;
mod world;

pub use random::Random;
pub use witness::{Broken, Counts};

/// Plays one run.
pub fn run(seed: u64) -> Result<Counts, Broken> {
    world::World::of(seed).play()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many take a second or two; `cargo xtask simulate` plays the others.
    const SEEDS: u64 = 5_000;

    #[test]
    fn every_promise_is_kept_in_every_run() {
        let mut all = Counts::default();
        for seed in 0..SEEDS {
            all.add(&run(seed).unwrap_or_else(|broken| panic!("{broken}")));
        }
        for (what, count) in all.iter() {
            assert!(count > 0, "no run has any {what}: {all:?}");
        }
    }

    #[test]
    fn one_number_is_one_run() {
        let counts = [run(7), run(7)].map(|played| played.expect("it keeps all promises"));
        assert_eq!(counts[0], counts[1]);
    }
}
