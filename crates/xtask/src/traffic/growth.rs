//! What the steps of a call cost: the processor time of a small call, its instructions and its allocations, where nothing is
//! configured, where rates, places, a lock and a breaker are, and where the cache is looked up in vain as well. Rounds take
//! turns, and the best of each counts, since others may use the machine. `--beside` takes a former build as what is compared
//! with.

use std::path::Path;
use std::time::Duration;

use testkit::load::{Ask, Era, Load, Until};

use super::stand;
use super::{Error, Finding, Settings};
use crate::bench::{counts::Count, median, stand as bench_stand};
use crate::program::{self, Configuration, Program, Voice};

/// Rounds of each program.
const ROUNDS: usize = 5;
const WARM_UP: Duration = Duration::from_millis(300);
/// A round lasts for so many seconds at most.
const ROUND_S_MAX: u64 = 4;
/// What the steps may add, in percent of the processor time and in allocations.
const CPU_PERCENT_MAX: f64 = 10.0;
const ALLOCATIONS_MAX: f64 = 2.0;

/// One way of a call.
struct Way {
    name: &'static str,
    /// What stands in the section of its server, and after it.
    settings: &'static str,
    connections: usize,
}

/// Rates, places and the breaker, of the server and of the tool.
const STEPS: &str = "calls_per_minute = 1_000_000\nburst = 1_000_000\nconcurrency = 64\n\
    [servers.bench.tool.echo]\ncalls_per_minute = 1_000_000\nburst = 1_000_000\nconcurrency = 64\nbreaker = true\n";
/// The same for a tool that reads, whose answers are all too large to be kept: each call looks for one in vain. Those that
/// ask the same at the same time would share one call, so there is one connection.
const LOOKED_UP: &str = "calls_per_minute = 1_000_000\nburst = 1_000_000\nconcurrency = 64\n\
    [servers.bench.tool.echo]\ncalls_per_minute = 1_000_000\nburst = 1_000_000\nconcurrency = 64\nbreaker = true\nact = \"reads\"\ncache_s = 60\n\
    [cache]\nanswer_bytes_max = 1\n";

const WAYS: [(Way, Way); 2] = [
    (
        Way { name: "with nothing configured, 16 connections", settings: "", connections: 16 },
        Way { name: "through rates, places and breaker, 16 connections", settings: STEPS, connections: 16 },
    ),
    (
        Way { name: "with nothing configured, one connection", settings: "", connections: 1 },
        Way {
            name: "through the same and a cache that has nothing, one connection",
            settings: LOOKED_UP,
            connections: 1,
        },
    ),
];

/// Measures both pairs.
pub(super) async fn play(settings: &Settings) -> Result<Vec<Finding>, Error> {
    let server = program::command(program::find(&settings.folder, "bench-server")?);
    let server = Program::start("bench-server", server, Voice::Output)?;
    let url = server.at("/mcp").to_string();
    let program = program::find(&settings.folder, "switchboard")?;
    let former = settings.beside.as_deref().unwrap_or(&program);
    let mut findings = Vec::new();
    for (without, with) in &WAYS {
        let sides = [Side::start(former, without, &url)?, Side::start(&program, with, &url)?];
        findings.push(compare(settings, [without, with], &sides).await?);
    }
    if settings.instructions {
        findings.extend(instructions([former, &program], &url).await?);
    }
    if settings.allocations {
        let countable = bench_stand::build_countable()?;
        let former = settings.beside_countable.as_deref().unwrap_or(&countable);
        findings.extend(allocations([former, &countable], &url).await?);
    }
    Ok(findings)
}

/// One program with one configuration.
struct Side {
    gateway: Program,
    _configuration: Configuration,
}

impl Side {
    fn start(program: &Path, way: &Way, url: &str) -> Result<Self, Error> {
        let configuration = configuration(way, url)?;
        let gateway = Program::gateway(program::command(program), configuration.path())?;
        Ok(Self { gateway, _configuration: configuration })
    }

    /// Microseconds of processor time that a call takes.
    async fn cpu_of_a_call(&self, connections: usize, time: Duration) -> Result<f64, Error> {
        let load = Load {
            endpoint: self.gateway.at("/servers/bench/mcp"),
            era: Era::Modern,
            ask: Ask::Echo { tool: "echo".to_owned() },
            connections,
            warm_up: Until::Elapsed(WARM_UP),
            measure: Until::Elapsed(time),
            watched: vec![self.gateway.pid()],
        };
        let report = load.run().await?;
        match report.errors {
            0 => Ok(report.cpu_micros_per_call(0).unwrap_or(f64::NAN)),
            errors => Err(Error::CallsFailed { errors, first: report.first_error.unwrap_or_default() }),
        }
    }
}

fn configuration(way: &Way, url: &str) -> Result<Configuration, Error> {
    Ok(Configuration::write(&(stand::server("bench", url) + way.settings))?)
}

async fn compare(settings: &Settings, ways: [&Way; 2], sides: &[Side; 2]) -> Result<Finding, Error> {
    let time = Duration::from_secs(settings.seconds.clamp(1, ROUND_S_MAX)) / 2;
    let mut found = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for ((way, side), found) in ways.iter().zip(sides).zip(&mut found) {
            found.push(side.cpu_of_a_call(way.connections, time).await?);
        }
    }
    let best = |found: &[f64]| found.iter().copied().fold(f64::INFINITY, f64::min);
    let [without, with] = [best(&found[0]), best(&found[1])];
    let [without_median, with_median] = found.map(median);
    let percent = (with / without - 1.0) * 100.0;
    let than = if settings.beside.is_some() { "than the former build" } else { "than" };
    Ok(Finding::of_machine(
        format!("processor time of a call {}, more {than} {}", ways[1].name, ways[0].name),
        format!("≤ {CPU_PERCENT_MAX} %"),
        format!(
            "{percent:+.1} % ({without:.1} → {with:.1} µs, best of {ROUNDS}; medians {without_median:.1} → {with_median:.1} µs)"
        ),
        percent <= CPU_PERCENT_MAX,
    ))
}

/// Instructions of a call, each beside those of a call with nothing configured.
async fn instructions(programs: [&Path; 2], url: &str) -> Result<Vec<Finding>, Error> {
    let judged = |way: &Way, without: f64, with: f64| {
        let percent = (with / without - 1.0) * 100.0;
        Finding::of_truth(
            format!("instructions of a call {}, more than with nothing configured", way.name),
            format!("≤ {CPU_PERCENT_MAX} %"),
            format!("{percent:+.1} % ({without:.0} → {with:.0})"),
            percent <= CPU_PERCENT_MAX,
        )
    };
    counted(Count::Instructions, programs, url, judged).await
}

/// Allocations of a call, each beside those of a call with nothing configured.
async fn allocations(programs: [&Path; 2], url: &str) -> Result<Vec<Finding>, Error> {
    let judged = |way: &Way, without: f64, with: f64| {
        Finding::of_truth(
            format!("allocations of a call {}, more than with nothing configured", way.name),
            format!("≤ {ALLOCATIONS_MAX}"),
            format!("{:+.1} ({without:.1} → {with:.1})", with - without),
            with - without <= ALLOCATIONS_MAX,
        )
    };
    counted(Count::Allocations, programs, url, judged).await
}

/// What valgrind counts of calls through the second program, each way beside a call through the first with nothing configured.
async fn counted(
    count: Count,
    [former, program]: [&Path; 2],
    url: &str,
    judged: impl Fn(&Way, f64, f64) -> Finding,
) -> Result<Vec<Finding>, Error> {
    let of = async |program: &Path, way: &Way| {
        let configuration = configuration(way, url)?;
        let start = |log: &Path| Ok(Program::gateway(count.of(log, program), configuration.path())?);
        Ok::<f64, Error>(count.per_call("switchboard", "bench_echo", start).await?)
    };
    let mut findings = Vec::new();
    let without = of(former, &WAYS[0].0).await?;
    for (_, way) in &WAYS {
        findings.push(judged(way, without, of(program, way).await?));
    }
    Ok(findings)
}
