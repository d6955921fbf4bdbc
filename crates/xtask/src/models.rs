//! `cargo xtask models [--runs N]`: the pieces of `traffic` that threads meet at, in many orders of their threads. The models
//! live in `crates/traffic/models`, a workspace of its own; here they are built and played.

use std::io;

use clap::Parser;

use crate::{page, program};

/// Options of `cargo xtask models`.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask models", no_binary_name = true)]
struct Options {
    /// Orders of each piece, once at random and once with few changes from one thread to another at the worst places.
    #[arg(long, default_value_t = 10_000)]
    runs: u32,
}

/// What can go wrong with the models.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot start cargo")]
    Start(#[source] io::Error),
    #[error("threads can meet so that a rule is broken: see above for the piece and the order")]
    Broken,
}

/// Plays all pieces.
pub(crate) fn run(options: &[String]) -> Result<(), Error> {
    let options = Options::parse_from(options);
    let mut cargo = program::command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["test", "--quiet", "--locked"])
        .current_dir(page::root().join("crates/traffic/models"))
        .env("MODEL_RUNS", options.runs.to_string());
    if cargo.status().map_err(Error::Start)?.success() { Ok(()) } else { Err(Error::Broken) }
}
