//! `cargo xtask bench [--quick]`: direct, floor proxy and gateway side by side, in one go and on pinned cores.
//! It owns the order of the measurements; what each of them is stands in its own file.

mod cells;
pub(crate) mod counts;
mod goals;
pub(crate) mod machine;
mod memory;
mod report;
mod rounds;
pub(crate) mod stand;
mod start_up;

use std::time::Duration;

use clap::Parser;
pub(crate) use rounds::median;
use testkit::load;

use crate::page::{self, Wish};
use crate::program;

/// Options of `cargo xtask bench`.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", no_binary_name = true)]
pub(crate) struct Options {
    /// One short round only, and nothing is written: a first impression.
    #[arg(long)]
    quick: bool,
    /// Leave the gateway out: only direct and the floor proxy.
    #[arg(long)]
    without_gateway: bool,
}

impl Options {
    fn rounds(&self) -> usize {
        if self.quick { 1 } else { 3 }
    }

    fn measured_time(&self) -> Duration {
        if self.quick { Duration::from_millis(500) } else { Duration::from_secs(2) }
    }
}

/// What can go wrong with the benchmark.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Program(#[from] program::Error),
    #[error("cannot measure {what}")]
    Load { what: String, source: load::Error },
    #[error("cannot {doing}")]
    System { doing: &'static str, source: std::io::Error },
    #[error("valgrind has counted nothing of {name}")]
    NothingCounted { name: &'static str },
    #[error(transparent)]
    Page(#[from] page::Error),
}

/// Builds the release, measures, prints the page; a full run also writes it into the manual.
pub(crate) fn run(options: &[String]) -> Result<(), Error> {
    let options = Options::parse_from(options);
    stand::build_release()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|source| Error::System { doing: "start the runtime", source })?;
    let load_before = machine::load_average();
    let findings = runtime.block_on(measure(&options))?;
    let text = report::render(&machine::describe(&load_before), &findings);
    println!("{text}");
    if options.quick || options.without_gateway {
        return Ok(());
    }
    Ok(page::generate("docs/src/benchmarks.md", "figures", &text, Wish::Write)?)
}

/// Everything that a run found out.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    rows: Vec<rounds::Row>,
    memory: Option<memory::Memory>,
    start_up: Option<start_up::StartUp>,
    allocations: Option<counts::Allocations>,
}

async fn measure(options: &Options) -> Result<Findings, Error> {
    let stand = stand::Stand::prepare(!options.without_gateway)?;
    let rows = rounds::measure(&stand, options.rounds(), options.measured_time()).await?;
    if options.without_gateway {
        return Ok(Findings { rows, ..Findings::default() });
    }
    let loaded_bytes = stand.gateway_peak_bytes()?;
    Ok(Findings {
        rows,
        memory: Some(memory::measure(&stand, loaded_bytes).await?),
        start_up: Some(start_up::measure(&stand).await?),
        allocations: counts::measure(&stand).await?,
    })
}
