//! Allocations per call, counted by valgrind from outside: the difference of two runs of different length.
//! So the start-up falls out, and the program under test needs no counting allocator.

use std::path::Path as FilePath;
use std::process::{Command, Stdio};

use testkit::load::{Ask, Endpoint, Era, Load, Until};

use super::Error;
use super::stand::{self, Stand};
use crate::program::{self, Configuration, Program, Voice};

const SHORT_RUN: u64 = 500;
const LONG_RUN: u64 = 1_500;

/// Allocations for one small call, both sides modern.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allocations {
    /// Of the floor proxy: HTTP alone.
    pub(super) floor: f64,
    /// Of the gateway.
    pub(super) gateway: f64,
}

/// Counts, where there is a valgrind.
pub(super) async fn measure(stand: &Stand) -> Result<Option<Allocations>, Error> {
    let valgrind = program::command("valgrind").arg("--version").stdout(Stdio::null()).status();
    if !valgrind.is_ok_and(|status| status.success()) {
        eprintln!("allocations: not counted, there is no valgrind");
        return Ok(None);
    }
    let floor = per_call("floor-proxy", "echo", |log| {
        let mut proxy = under_valgrind(log, &stand.program("floor-proxy")?);
        proxy.arg(stand.server_address());
        Ok(Program::start("floor-proxy", proxy, Voice::Output)?)
    });
    let floor = floor.await?;
    let (countable, configuration) = (stand::build_countable()?, Configuration::write(&stand.one_server())?);
    let gateway = per_call("switchboard", "up_echo", |log| {
        Ok(Program::gateway(under_valgrind(log, &countable), configuration.path())?)
    });
    Ok(Some(Allocations { floor, gateway: gateway.await? }))
}

/// A program that valgrind counts the allocations of, into a log.
pub(crate) fn under_valgrind(log: &FilePath, program: &FilePath) -> Command {
    let mut command = program::command("valgrind");
    command.args(["--tool=memcheck", "--leak-check=no", "--undef-value-errors=no"]);
    command.arg(format!("--log-file={}", log.display())).arg(program);
    command
}

/// Allocations of one small call of `tool`, in a program that `start` starts with a log for valgrind.
pub(crate) async fn per_call(
    name: &'static str,
    tool: &str,
    start: impl Fn(&FilePath) -> Result<Program, Error>,
) -> Result<f64, Error> {
    let short = count(name, tool, SHORT_RUN, &start).await?;
    let long = count(name, tool, LONG_RUN, &start).await?;
    Ok(long.saturating_sub(short) as f64 / (LONG_RUN - SHORT_RUN) as f64)
}

async fn count(
    name: &'static str,
    tool: &str,
    calls: u64,
    start: impl Fn(&FilePath) -> Result<Program, Error>,
) -> Result<u64, Error> {
    let system = |source| Error::System { doing: "keep valgrind's log", source };
    let log = tempfile::NamedTempFile::new().map_err(system)?.into_temp_path();
    let program = start(&log)?;
    eprintln!("allocations: {name}, {calls} calls");
    ask(program.at("/mcp"), tool, calls).await?;
    program.stop()?;
    let log = std::fs::read_to_string(&log).map_err(system)?;
    allocations_in(&log).ok_or(Error::NoHeapSummary { name })
}

async fn ask(endpoint: Endpoint, tool: &str, calls: u64) -> Result<(), Error> {
    let load = Load {
        endpoint,
        era: Era::Modern,
        ask: Ask::Echo { tool: tool.to_owned() },
        connections: 1,
        warm_up: Until::CallsPerConnection(0),
        measure: Until::CallsPerConnection(calls),
        watched: Vec::new(),
    };
    load.run().await.map(drop).map_err(|source| Error::Load { what: "allocations".to_owned(), source })
}

/// Reads `total heap usage: 1,234 allocs, …`.
fn allocations_in(log: &str) -> Option<u64> {
    let count = log.lines().rev().find_map(|line| line.split_once("total heap usage: ")?.1.split_once(" allocs"))?.0;
    count.replace(',', "").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_heap_summary_counts() {
        let log = "==7==   total heap usage: 1 allocs, 1 frees\n==7==   total heap usage: 12,345,678 allocs, 9 frees, 1 bytes allocated\n";
        assert_eq!(allocations_in(log), Some(12_345_678));
        assert_eq!(allocations_in("==7== nothing"), None);
    }
}
