//! What valgrind counts of a call from outside, its allocations or its instructions: the difference of two runs of different
//! length. So the start-up falls out, and the program under test need not count anything itself.

use std::path::Path as FilePath;
use std::process::{Command, Stdio};

use testkit::load::{Ask, Endpoint, Era, Load, Until};

use super::Error;
use super::stand::{self, Stand};
use crate::program::{self, Configuration, Program, Voice};

const SHORT_RUN: u64 = 500;
const LONG_RUN: u64 = 1_500;

/// What is counted of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Count {
    /// Pieces of memory that are asked for, in a program that takes its memory from the system.
    Allocations,
    /// Instructions of its own; those of the kernel on its behalf are not seen.
    Instructions,
}

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
    let floor = Count::Allocations.per_call("floor-proxy", "echo", |log| {
        let mut proxy = Count::Allocations.of(log, &stand.program("floor-proxy")?);
        proxy.arg(stand.server_address());
        Ok(Program::start("floor-proxy", proxy, Voice::Output)?)
    });
    let floor = floor.await?;
    let (countable, configuration) = (stand::build_countable()?, Configuration::write(&stand.one_server())?);
    let gateway = Count::Allocations.per_call("switchboard", "up_echo", |log| {
        Ok(Program::gateway(Count::Allocations.of(log, &countable), configuration.path())?)
    });
    Ok(Some(Allocations { floor, gateway: gateway.await? }))
}

impl Count {
    /// A program of which this is counted, into a log.
    pub(crate) fn of(self, log: &FilePath, program: &FilePath) -> Command {
        let mut command = program::command("valgrind");
        match self {
            Self::Allocations => command.args(["--tool=memcheck", "--leak-check=no", "--undef-value-errors=no"]),
            Self::Instructions => command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]),
        };
        command.arg(format!("--log-file={}", log.display())).arg(program);
        command
    }

    /// So many of them belong to one small call of `tool`, in a program that `start` starts with a log for valgrind.
    pub(crate) async fn per_call(
        self,
        name: &'static str,
        tool: &str,
        start: impl Fn(&FilePath) -> Result<Program, Error>,
    ) -> Result<f64, Error> {
        let short = self.in_run(name, tool, SHORT_RUN, &start).await?;
        let long = self.in_run(name, tool, LONG_RUN, &start).await?;
        Ok(long.saturating_sub(short) as f64 / (LONG_RUN - SHORT_RUN) as f64)
    }

    async fn in_run(
        self,
        name: &'static str,
        tool: &str,
        calls: u64,
        start: impl Fn(&FilePath) -> Result<Program, Error>,
    ) -> Result<u64, Error> {
        let system = |source| Error::System { doing: "keep valgrind's log", source };
        let log = tempfile::NamedTempFile::new().map_err(system)?.into_temp_path();
        let program = start(&log)?;
        eprintln!("{self:?}: {name}, {calls} calls");
        ask(program.at("/mcp"), tool, calls).await?;
        program.stop()?;
        let log = std::fs::read_to_string(&log).map_err(system)?;
        self.found_in(&log).ok_or(Error::NothingCounted { name })
    }

    /// Reads `total heap usage: 1,234 allocs, …`, or `Collected : 1234`.
    fn found_in(self, log: &str) -> Option<u64> {
        let count = |line| match self {
            Self::Allocations => {
                str::split_once(line, "total heap usage: ")?.1.split_once(" allocs").map(|found| found.0)
            }
            Self::Instructions => str::split_once(line, "Collected : ").map(|found| found.1),
        };
        log.lines().rev().find_map(count)?.trim().replace(',', "").parse().ok()
    }
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
    load.run().await.map(drop).map_err(|source| Error::Load { what: "what valgrind counts".to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_heap_summary_counts() {
        let log = "==7==   total heap usage: 1 allocs, 1 frees\n==7==   total heap usage: 12,345,678 allocs, 9 frees, 1 bytes allocated\n";
        assert_eq!(Count::Allocations.found_in(log), Some(12_345_678));
        assert_eq!(Count::Allocations.found_in("==7== nothing"), None);
    }

    #[test]
    fn instructions_are_those_that_were_collected() {
        let log = "==7== Events    : Ir\n==7== Collected : 987654321\n==7== \n==7== I   refs:      987,654,321\n";
        assert_eq!(Count::Instructions.found_in(log), Some(987_654_321));
        assert_eq!(Count::Instructions.found_in("==7== nothing"), None);
    }
}
