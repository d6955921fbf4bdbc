//! `cargo xtask crash-jobs [--rounds N]`: kills the gateway under load again and again, and counts what became of its jobs.
//! It owns only the number of rounds; what happens in one is the end-to-end test of the same name.

use std::io;
use std::process::ExitStatus;

use clap::Parser;

/// The test that does it, and the variable by which it learns how often.
const TEST: &str = "a_gateway_killed_again_and_again_loses_no_job_and_runs_no_act_twice";
const ROUNDS: &str = "SWITCHBOARD_CRASH_ROUNDS";

/// Options of `cargo xtask crash-jobs`.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask crash-jobs", no_binary_name = true)]
struct Options {
    /// How often the gateway is killed.
    #[arg(long, default_value_t = 1_000)]
    rounds: u64,
}

/// What can go wrong with the rounds.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot start cargo")]
    Start(#[source] io::Error),
    #[error("a job was lost or an act was run twice: see above ({0})")]
    Found(ExitStatus),
}

/// Runs the rounds against programs that are built already.
#[expect(clippy::disallowed_methods, reason = "automation runs cargo; the rule guards the program, not its tools")]
pub(crate) fn run(options: &[String]) -> Result<(), Error> {
    let options = Options::parse_from(options);
    // `cargo nextest` ends a test that takes minutes
    let mut test = std::process::Command::new("cargo");
    test.args(["test", "-p", "e2e", "--test", "jobs", "--", "--exact", "--nocapture", TEST]);
    let status = test.env(ROUNDS, options.rounds.to_string()).status().map_err(Error::Start)?;
    if status.success() { Ok(()) } else { Err(Error::Found(status)) }
}
