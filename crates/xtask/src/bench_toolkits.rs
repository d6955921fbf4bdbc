//! `cargo xtask bench-toolkits [--quick]`: how soon each toolkit answers and how small it stays, and its tools beside the
//! native command that does the same, in turn and in one run. It needs `rg` (`apt-get install ripgrep`), `git` and `top`.

mod beside;
mod data;
mod report;
mod start;
mod talk;

use std::io;

use clap::Parser;

use crate::{
    bench::{self, machine},
    page::{self, Wish},
    program,
};

/// Options of `cargo xtask bench-toolkits`.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench-toolkits", no_binary_name = true)]
pub(crate) struct Options {
    /// Few rounds, and nothing is written: a first impression.
    #[arg(long)]
    quick: bool,
}

impl Options {
    fn rounds(&self) -> usize {
        if self.quick { 5 } else { 25 }
    }
}

/// What can go wrong with the measurement of toolkits.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Build(#[from] bench::Error),
    #[error(transparent)]
    Program(#[from] program::Error),
    #[error("cannot {doing}")]
    System { doing: String, source: io::Error },
    #[error("`{program}` is needed beside the tools\nhint: apt-get install {package}")]
    NotInstalled { program: String, package: &'static str },
    #[error("the toolkit `{toolkit}` ended before it answered")]
    Silent { toolkit: String },
    #[error("`{tool}` did not do what was asked: {answer}")]
    Failed { tool: String, answer: String },
    #[error("`{command}` failed: {stderr}")]
    Command { command: String, stderr: String },
    #[error(transparent)]
    Page(#[from] page::Error),
}

/// Builds the release, measures, prints the figures; a full run also writes them into the manual.
pub(crate) fn run(options: &[String]) -> Result<(), Error> {
    let options = Options::parse_from(options);
    bench::stand::build_release()?;
    let switchboard = program::find(&program::folder("release")?, "switchboard")?;
    let load_before = machine::load_average();
    let starts = start::measure(&switchboard, options.rounds())?;
    let pairs = beside::measure(&switchboard, options.rounds())?;
    let text = report::render(&machine::describe(&load_before), &starts, &pairs);
    println!("{text}");
    if options.quick {
        return Ok(());
    }
    Ok(page::generate("docs/src/benchmarks.md", "toolkits", &text, Wish::Write)?)
}

/// The figures of several rounds. Others may use the machine meanwhile, so the best round says what the program needs, and
/// the median what it took.
#[derive(Clone, Copy, Debug)]
struct Times {
    best_ms: f64,
    median_ms: f64,
}

impl Times {
    fn of(mut rounds: Vec<std::time::Duration>) -> Self {
        rounds.sort_unstable();
        let ms = |place: usize| rounds.get(place).map_or(f64::NAN, |time| time.as_secs_f64() * 1_000.0);
        Self { best_ms: ms(0), median_ms: ms(rounds.len() / 2) }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_best_and_the_middle_round_are_told() {
        let times = Times::of([9, 1, 2, 900, 3].map(Duration::from_millis).to_vec());
        assert_eq!((times.best_ms.round(), times.median_ms.round()), (1.0, 3.0));
        assert!(Times::of(Vec::new()).best_ms.is_nan());
    }
}
