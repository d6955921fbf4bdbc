//! `cargo xtask soak [--cycles N]`: sessions over stdio servers are opened, used and ended by the thousand,
//! some by killing the server. Whatever is left afterwards, a process, a descriptor, memory, fails the run. With
//! `--minutes N --faults` it is load of all kinds beside random faults instead (`faults`).

mod faults;
mod plain;
mod slope;

use std::path::Path;
use std::time::{Duration, Instant};

use clap::Parser;
use rustix::process::{Pid, Signal, kill_process};
use testkit::load::{self, Ask, Connection, Era};
use testkit::process;

use crate::page::{self, Wish};
use crate::program::{self, Configuration, Program};
use crate::traffic::{self, finding};

/// Servers that take turns, so that none of them is killed so often that the gateway leaves it alone for longer than a
/// call waits: twice in 10,000 cycles. A prime, so that each of them is killed at times.
const SERVERS: u64 = 499;
/// Every so many cycles the server is killed.
const KILL_EVERY: u64 = 10;
/// Cycles before the first reading, in which pools and caches fill; each server runs once.
const WARM_UP_CYCLES: u64 = SERVERS;
/// What resident memory may grow by between the first and the last reading.
const GROWTH_BYTES_MAX: u64 = 8 << 20;
/// How long processes and descriptors have to disappear after the last cycle.
const SETTLE_TIME_MAX: Duration = Duration::from_secs(20);
/// How often they are counted meanwhile.
const SETTLE_POLL: Duration = Duration::from_millis(20);
/// The program that serves.
const SERVER: &str = "bench-server";

/// Options of `cargo xtask soak`.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask soak", no_binary_name = true)]
struct Options {
    /// How many sessions are opened and ended.
    #[arg(long, default_value_t = 10_000)]
    cycles: u64,
    /// Load of all kinds while servers are killed and connections spoiled, for so many minutes, instead of cycles.
    #[arg(long, requires = "minutes", conflicts_with = "cycles")]
    faults: bool,
    /// How long that lasts.
    #[arg(long, requires = "faults")]
    minutes: Option<f64>,
    /// The number that the faults follow from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write what the faults did into the manual.
    #[arg(long, requires = "faults")]
    write: bool,
    /// The build profile whose programs are taken.
    #[arg(long, default_value = "debug")]
    profile: String,
}

/// What can go wrong with a soak.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Program(#[from] program::Error),
    #[error("cycle {cycle}: cannot {doing}")]
    Cycle { cycle: u64, doing: &'static str, source: load::Error },
    #[error("cycle {cycle}: the server is not among the processes of the gateway")]
    NoServer { cycle: u64 },
    #[error("cannot {doing}")]
    System { doing: &'static str, source: std::io::Error },
    #[error("processes are left:\n{}", .0.join("\n"))]
    ProcessesLeft(Vec<String>),
    #[error("{before} descriptors were open before, {after} are open after")]
    DescriptorsLeft { before: usize, after: usize },
    #[error(transparent)]
    Load(#[from] traffic::Error),
    #[error("a promise is not kept: {}", .0.join("; "))]
    NotKept(Vec<String>),
    #[error(transparent)]
    Page(#[from] page::Error),
    #[error("memory grew by {} KiB, more than {} KiB", .0 / 1024, GROWTH_BYTES_MAX / 1024)]
    MemoryGrew(u64),
}

/// What the gateway holds when nobody uses it.
#[derive(Clone, Copy, Debug)]
struct Reading {
    descriptors: usize,
    rss_bytes: u64,
}

/// Runs the cycles against programs that are built already.
pub(crate) fn run(options: &[String]) -> Result<(), Error> {
    let options = Options::parse_from(options);
    if let Some(minutes) = options.minutes {
        return with_faults(&options, minutes);
    }
    let (before, after) = soak(&options.profile, options.cycles)?;
    println!("{} cycles: no process and no descriptor left", options.cycles);
    println!("memory: {} KiB before, {} KiB after", before.rss_bytes / 1024, after.rss_bytes / 1024);
    Ok(())
}

fn with_faults(options: &Options, minutes: f64) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(system("start the runtime"))?;
    let time = Duration::from_secs_f64(minutes * 60.0);
    let findings = runtime.block_on(faults::endure(&options.profile, time, options.seed))?;
    let text = finding::table(&options.profile, &findings);
    println!("{text}");
    if options.write {
        page::generate("docs/src/performance.md", "soak", &text, Wish::Write)?;
    }
    let broken: Vec<String> = findings.iter().filter(|finding| !finding.is_kept).map(ToString::to_string).collect();
    if broken.is_empty() { Ok(()) } else { Err(Error::NotKept(broken)) }
}

fn soak(profile: &str, cycles: u64) -> Result<(Reading, Reading), Error> {
    let folder = program::folder(profile)?;
    let configuration = Configuration::write(&servers(&program::find(&folder, SERVER)?))?;
    let gateway = program::command(program::find(&folder, "switchboard")?);
    let gateway = Program::gateway(gateway, configuration.path())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(system("start the runtime"))?;
    runtime.block_on(async {
        for number in 0..WARM_UP_CYCLES {
            cycle(&gateway, number).await?;
        }
        let before = settle(&gateway, usize::MAX).await?;
        for number in 0..cycles {
            cycle(&gateway, number).await?;
        }
        let after = settle(&gateway, before.descriptors).await?;
        compare(before, after)
    })
}

fn servers(program: &Path) -> String {
    let server = |number| {
        format!(
            "[servers.s{number}]\ncommand = '{}'\nargs = [\"--stdio\"]\nera = \"legacy\"\n\
             mode = \"per_session\"\nidle_stop_s = 2\nrestarts_per_hour_max = 3600\n\n",
            program.display()
        )
    };
    (0..SERVERS).map(server).collect()
}

/// One session from its first word to its last; now and then its server dies in the middle.
async fn cycle(gateway: &Program, number: u64) -> Result<(), Error> {
    let failed = |doing| move |source| Error::Cycle { cycle: number, doing, source };
    let endpoint = gateway.at(&format!("/servers/s{}/mcp", number % SERVERS));
    let ask = Ask::Echo { tool: "echo".to_owned() };
    let mut connection = Connection::open(&endpoint, Era::Legacy, &ask).await.map_err(failed("open a session"))?;
    connection.call().await.map_err(failed("call"))?;
    if number % KILL_EVERY == KILL_EVERY - 1 {
        kill_server(gateway, number)?;
        survive(connection.call().await).map_err(failed("call a dead server"))?;
    }
    connection.close().await.map_err(failed("end a session"))
}

/// After its server died a call may fail, but it has to be answered.
fn survive(called: Result<(), load::Error>) -> Result<(), load::Error> {
    match called {
        Ok(()) | Err(load::Error::Wrong(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

fn kill_server(gateway: &Program, cycle: u64) -> Result<(), Error> {
    let pid = servers_of(gateway)?.last().and_then(|(pid, _)| Pid::from_raw(i32::try_from(*pid).ok()?));
    let pid = pid.ok_or(Error::NoServer { cycle })?;
    kill_process(pid, Signal::KILL).map_err(|errno| system("kill a server")(errno.into()))
}

/// The processes below the gateway that have to do with a server, outermost first.
fn servers_of(gateway: &Program) -> Result<Vec<(u32, String)>, Error> {
    let all = process::descendants(gateway.pid()).map_err(system("list processes"))?;
    let lines = all.into_iter().filter_map(|pid| Some((pid, process::command_line(pid).ok()?)));
    Ok(lines.filter(|(_, line)| line.contains(SERVER)).collect())
}

/// Waits until all servers are gone, the one that the gateway itself asks for its lists included, and no more descriptors are open than allowed.
async fn settle(gateway: &Program, descriptors_max: usize) -> Result<Reading, Error> {
    let started = Instant::now();
    loop {
        let left = servers_of(gateway)?;
        let descriptors = process::descriptors(gateway.pid()).map_err(system("count descriptors"))?;
        if left.is_empty() && descriptors <= descriptors_max {
            let usage = process::usage(gateway.pid()).map_err(system("read memory"))?;
            return Ok(Reading { descriptors, rss_bytes: usage.rss_bytes });
        }
        if started.elapsed() > SETTLE_TIME_MAX {
            return Err(leftover(left, descriptors_max, descriptors));
        }
        tokio::time::sleep(SETTLE_POLL).await;
    }
}

fn leftover(processes: Vec<(u32, String)>, before: usize, after: usize) -> Error {
    if processes.is_empty() {
        return Error::DescriptorsLeft { before, after };
    }
    Error::ProcessesLeft(processes.into_iter().map(|(pid, line)| format!("{pid} {line}")).collect())
}

fn compare(before: Reading, after: Reading) -> Result<(Reading, Reading), Error> {
    let growth = after.rss_bytes.saturating_sub(before.rss_bytes);
    if growth > GROWTH_BYTES_MAX { Err(Error::MemoryGrew(growth)) } else { Ok((before, after)) }
}

fn system(doing: &'static str) -> impl Fn(std::io::Error) -> Error {
    move |source| Error::System { doing, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_hundred_sessions_leave_nothing_behind() {
        let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
        if let Err(error) = soak(profile, 300) {
            panic!("{error}: {:?}", std::error::Error::source(&error));
        }
    }

    #[test]
    fn faults_take_nobody_along() {
        let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let played = runtime.block_on(faults::endure(profile, Duration::from_secs(12), 1));
        let findings = played.unwrap_or_else(|error| panic!("{error}: {:?}", std::error::Error::source(&error)));
        for finding in findings {
            println!("{finding}");
            assert!(finding.is_kept || finding.is_of_the_machine, "{finding}");
        }
    }

    #[test]
    fn growth_beyond_the_limit_fails() {
        let before = Reading { descriptors: 9, rss_bytes: 1 << 20 };
        assert!(compare(before, Reading { rss_bytes: (1 << 20) + GROWTH_BYTES_MAX, ..before }).is_ok());
        assert!(compare(before, Reading { rss_bytes: (2 << 20) + GROWTH_BYTES_MAX, ..before }).is_err());
    }
}
