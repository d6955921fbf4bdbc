//! The pieces that threads meet at, played by shuttle in many orders of their threads: at random, and with few changes from
//! one thread to another at the worst places. A thread that waits for ever is found as a deadlock. `MODEL_RUNS` says how many
//! orders are played of each piece in either way; what fails prints the order, which `shuttle::replay` plays again.

mod breaker;
mod cache;
mod flights;
mod keys;
mod lane;
mod rate;

/// Orders that are played of each piece in either way, where nothing else is said.
const RUNS: usize = 10_000;

/// Changes from one thread to another that a scheduler puts at the worst places.
const CHANGES: usize = 3;

/// Plays a piece in many orders of its threads.
fn play(piece: fn()) {
    let runs = std::env::var("MODEL_RUNS").map_or(RUNS, |runs| runs.parse().expect("MODEL_RUNS is a number"));
    shuttle::check_random(piece, runs);
    shuttle::check_pct(piece, runs, CHANGES);
}

/// Runs these beside each other, to their ends.
fn together(threads: impl IntoIterator<Item = Box<dyn FnOnce() + Send>>) {
    let threads: Vec<_> = threads.into_iter().map(shuttle::thread::spawn).collect();
    for thread in threads {
        thread.join().expect("a thread that has not panicked");
    }
}
