//! `cargo xtask histories [--cases N]`: the state machines of `traffic` beside their naive models, through random histories
//! with clocks that jump. The histories are property tests of that crate; here they are counted, timed, and made many.

use std::io;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use clap::Parser;

use crate::page::{self, Wish};
use crate::program;

/// Histories that run beside each other.
const SIDE_BY_SIDE: usize = 2;

/// One machine, and the property test that plays its histories.
#[derive(Clone, Copy, Debug)]
struct History {
    machine: &'static str,
    test: &'static str,
}

const HISTORIES: [History; 12] = [
    History {
        machine: "rates: in any window no more than the burst and what the rate gives, clock jumps included",
        test: "rate::no_window_holds_more_than_a_burst_and_what_the_rate_gives",
    },
    History {
        machine: "queue: bounds, order and turns on a node with two servers",
        test: "queue::every_history_keeps_the_bounds_the_order_and_the_turns",
    },
    History {
        machine: "breaker: as a model that forgets nothing, and its server is always found again",
        test: "breaker::a_breaker_does_what_the_model_says_and_always_finds_its_server_again",
    },
    History {
        machine: "keys: nothing is begun twice, nobody gets the answer of another",
        test: "once::nothing_is_begun_twice_and_nobody_gets_the_answer_of_another",
    },
    History {
        machine: "cache: what is void, as the whole history says it",
        test: "ledger::a_ledger_with_room_says_what_the_whole_history_says",
    },
    History {
        machine: "cache: with too much to remember, never too little is void",
        test: "ledger::a_ledger_without_room_never_calls_good_what_is_void",
    },
    History {
        machine: "cache: what is expected next, as counting says it",
        test: "sequence::what_is_expected_is_what_counting_says",
    },
    History {
        machine: "balance: who is allowed, well, free and near, as a model that counts anew each time",
        test: "balance::the_chosen_one_is_always_one_of_the_best",
    },
    History {
        machine: "batches: each call is started once after those it needs, or skipped once",
        test: "batch::every_call_is_started_once_after_its_own_or_skipped_once",
    },
    History {
        machine: "adaptive concurrency: its bounds are never left, and every change has its reason",
        test: "adaptive::the_bounds_are_never_left_and_every_change_has_its_reason",
    },
    History {
        machine: "adaptive concurrency: a server that is quick again gets all there is",
        test: "adaptive::whatever_was_before_a_quick_server_gets_all_there_is",
    },
    History {
        machine: "pools: they grow for calls that wait for them, shrink by what nobody needs, and come to rest with the fewest",
        test: "pool::a_pool_does_what_the_model_says_and_comes_to_rest",
    },
];

/// Options of `cargo xtask histories`.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask histories", no_binary_name = true)]
struct Options {
    /// Histories of each machine.
    #[arg(long, default_value_t = 1_000_000)]
    cases: u32,
    /// Write the figures into the manual.
    #[arg(long)]
    write: bool,
}

/// What can go wrong with the histories.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot start cargo")]
    Start(#[source] io::Error),
    #[error("the tests of `traffic` cannot be built: see above")]
    Build,
    #[error("{machine}\n{output}")]
    Broken { machine: &'static str, output: String },
    #[error(transparent)]
    Page(#[from] page::Error),
}

/// Plays all histories. `traffic` is compiled with optimisation for tests too, and keeps the checks of a debug build there.
pub(crate) fn run(options: &[String]) -> Result<(), Error> {
    let options = Options::parse_from(options);
    let built = cargo().arg("--no-run").status().map_err(Error::Start)?;
    if !built.success() {
        return Err(Error::Build);
    }
    let left = Mutex::new(HISTORIES.iter().enumerate());
    let played = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
                while let Some((number, history)) = next() {
                    let outcome = history.play(options.cases);
                    played.lock().unwrap_or_else(PoisonError::into_inner).push((number, outcome));
                }
            });
        }
    });
    let mut played = played.into_inner().unwrap_or_else(PoisonError::into_inner);
    played.sort_by_key(|(number, _)| *number);
    let times = played.into_iter().map(|(_, outcome)| outcome).collect::<Result<Vec<Duration>, Error>>()?;
    let text = table(options.cases, &times);
    println!("{text}");
    if options.write {
        page::generate("docs/src/performance.md", "histories", &text, Wish::Write)?;
    }
    Ok(())
}

impl History {
    /// Plays so many, and gives the time.
    fn play(&self, cases: u32) -> Result<Duration, Error> {
        let begun = Instant::now();
        let mut test = cargo();
        test.args(["--", "--exact", self.test]).env("PROPTEST_CASES", cases.to_string());
        let output = test.output().map_err(Error::Start)?;
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        // a test that is not there passes too
        if output.status.success() && told.contains("1 passed") {
            eprintln!("{}: {cases} in {:.0?}", self.machine, begun.elapsed());
            return Ok(begun.elapsed());
        }
        Err(Error::Broken { machine: self.machine, output: told + &String::from_utf8_lossy(&output.stderr) })
    }
}

fn cargo() -> std::process::Command {
    let mut cargo = program::command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["test", "--quiet", "--package", "traffic", "--test", "histories"]).current_dir(page::root());
    cargo
}

fn table(cases: u32, times: &[Duration]) -> String {
    let row =
        |(history, time): (&History, &Duration)| format!("| {} | {:.0} s |\n", history.machine, time.as_secs_f64());
    let rows: String = HISTORIES.iter().zip(times).map(row).collect();
    format!(
        "{cases} random histories of each machine, none of which broke a rule:\n\n| Machine | Time |\n|---|--:|\n{rows}"
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// The names of the property tests in a source.
    fn property_tests(source: &str) -> Vec<&str> {
        let blocks = source.split("proptest! {").skip(1).map(|rest| {
            let indent = rest.lines().nth(1).map_or(0, |line| line.len() - line.trim_start().len());
            let end = format!("\n{}}}\n", " ".repeat(indent.saturating_sub(4)));
            rest.split_once(&end).map_or(rest, |(block, _)| block)
        });
        blocks
            .flat_map(|block| block.split("fn ").skip(1).filter_map(|rest| rest.split_once('(').map(|(name, _)| name)))
            .collect()
    }

    #[test]
    fn every_history_of_traffic_is_played() {
        let folder = page::root().join("crates/traffic");
        let mut found = Vec::new();
        let mut folders = vec![folder.join("src"), folder.join("tests")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder of the project") {
                let path = entry.expect("an entry of that folder").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let source = fs::read_to_string(&path).expect("a source");
                    found.extend(property_tests(&source).into_iter().map(str::to_owned));
                }
            }
        }
        let mut listed: Vec<&str> = HISTORIES.iter().filter_map(|history| history.test.rsplit("::").next()).collect();
        listed.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, listed);
    }
}
