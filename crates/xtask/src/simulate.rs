//! `cargo xtask simulate [--seeds N | --seed N]`: runs of a node of nothing but the machines of `traffic`, before servers that
//! misbehave. It owns the numbers and the processors they are spread over; a run is the crate `simulation`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use simulation::{Broken, Counts};

use crate::page::{self, Wish};

/// Options of `cargo xtask simulate`.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask simulate", no_binary_name = true)]
struct Options {
    /// How many runs.
    #[arg(long, default_value_t = 100_000)]
    seeds: u64,
    /// The number of the first run.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// One run, and no other.
    #[arg(long, conflicts_with_all = ["seeds", "from", "write"])]
    seed: Option<u64>,
    /// Write the figures into the manual.
    #[arg(long)]
    write: bool,
}

/// What can go wrong with the runs.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Broken(#[from] Broken),
    #[error("seed {seed}: a machine panicked: see above\nhint: cargo xtask simulate --seed {seed}")]
    Panicked { seed: u64 },
    #[error(transparent)]
    Page(#[from] page::Error),
}

/// Plays the runs on all processors.
pub(crate) fn run(options: &[String]) -> Result<(), Error> {
    let options = Options::parse_from(options);
    let (from, seeds) = options.seed.map_or((options.from, options.seeds), |seed| (seed, 1));
    let begun = Instant::now();
    let counts = play(from, seeds)?;
    let text = table(seeds, begun.elapsed(), &counts);
    println!("{text}");
    if options.write {
        page::generate("docs/src/performance.md", "simulation", &text, Wish::Write)?;
    }
    Ok(())
}

fn play(from: u64, seeds: u64) -> Result<Counts, Error> {
    let next = AtomicU64::new(from);
    let one_after_the_other = || -> Result<Counts, Error> {
        let mut counts = Counts::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= from + seeds {
                return Ok(counts);
            }
            let played =
                catch_unwind(AssertUnwindSafe(|| simulation::run(seed))).map_err(|_| Error::Panicked { seed })?;
            counts.add(&played?);
        }
    };
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..processors).map(|_| scope.spawn(one_after_the_other)).collect();
        let mut together = Counts::default();
        for one in all {
            together.add(&one.join().map_err(|_| Error::Panicked { seed: from })??);
        }
        Ok(together)
    })
}

fn table(seeds: u64, took: Duration, counts: &Counts) -> String {
    let rows: Vec<String> = counts.iter().map(|(what, count)| format!("| {what} | {count} |\n")).collect();
    let rows = rows.concat();
    format!(
        "{seeds} runs in {:.1} s; every promise was kept.\n\n| In all runs | |\n|---|--:|\n{rows}",
        took.as_secs_f64()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_the_same_on_one_processor_and_on_many() {
        let mut alone = Counts::default();
        (500..600).for_each(|seed| alone.add(&simulation::run(seed).expect("it keeps all promises")));
        assert_eq!(play(500, 100).expect("they keep all promises"), alone);
    }
}
