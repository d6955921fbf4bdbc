//! `cargo xtask soak --minutes N --faults`: load of all kinds, while servers are killed and the way to one of them is spoiled,
//! by chance. Calls to servers that nobody disturbs have to succeed, the others have to be found again; memory, descriptors,
//! threads and children must not grow.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use simulation::Random;
use testkit::faults::{Fault, FaultProxy, Faults};
use testkit::load::{self, Ask, Connection, Endpoint, Era, Paced};
use testkit::process;

use super::plain::Plain;
use super::slope::Slope;
use super::{Error, SERVER, servers_of, system};
use crate::program::{self, Configuration, Program, Voice};
use crate::traffic::finding::Finding;
use crate::traffic::stand::{self, Running};

/// Time between two faults, and between two readings.
const FAULT_EVERY: Duration = Duration::from_secs(2);
const READ_EVERY: Duration = Duration::from_secs(1);
/// The part of the time in which pools and caches fill.
const WARM_UP_SHARE: f64 = 1.0 / 3.0;
/// Readings are taken together in so many groups, so that one depends little on the one before.
const GROUPS: usize = 30;
/// What memory may grow by in an hour, the shortest run that can show that it grows by more, and the shortest that has to show
/// that it does not.
const MIB_PER_HOUR_MAX: f64 = 1.0;
const JUDGED_FROM: Duration = Duration::from_mins(10);
const SHOWN_FROM: Duration = Duration::from_mins(30);
/// By how much the other counts may differ between the middle and the end of a run.
const DESCRIPTORS_SLACK: f64 = 32.0;
const THREADS_SLACK: f64 = 8.0;
const CHILDREN_SLACK: f64 = 2.0;
/// Calls of each server that are made before anything goes wrong, where memory is judged: as many as a queue keeps of those that have
/// ended. A server that is seldom reached would fill what is kept of its calls until the end of the run, and that is no growth.
const KEPT_CALLS: usize = 1_000;
/// How long a server may be left alone once nobody disturbs it any more: as long as its breaker is open at most, and a try.
const FOUND_WITHIN: Duration = Duration::from_secs(5 * 60 + 10);
/// Between two calls to one that is not found again yet, and how long each of them may take.
const LOOK_EVERY: Duration = Duration::from_millis(200);
const LOOK_MAX: Duration = Duration::from_secs(10);
/// Calls in a second of each kind.
const RATE: f64 = 40.0;
const CONNECTIONS: u32 = 4;

const FAULTS: [Fault; 8] = [
    Fault::None,
    Fault::None,
    Fault::Delay(Duration::from_millis(200)),
    Fault::CutAfter(300),
    Fault::ResetAfter(300),
    Fault::CorruptAt(150),
    Fault::HalfCloseAfter(200),
    Fault::BlackHole,
];

/// What the gateway holds at one moment.
#[derive(Clone, Copy, Debug)]
struct Reading {
    hours: f64,
    memory_mib: f64,
    descriptors: f64,
    threads: f64,
    children: f64,
}

/// Runs the load for so long, with faults that follow from `seed`.
pub(super) async fn endure(profile: &str, time: Duration, seed: u64) -> Result<Vec<Finding>, Error> {
    let folder = program::folder(profile)?;
    let binary = program::find(&folder, SERVER)?;
    let server = Program::start(SERVER, program::command(&binary), Voice::Output)?;
    let mut way = Way::open(server.at("").address).await?;
    let configuration = Configuration::write(&servers(&server.at("/mcp").to_string(), way.address, &binary))?;
    let gateway = Program::gateway(program::command(program::find(&folder, "switchboard")?), configuration.path())?;
    let load = |name: &str, era| Paced {
        endpoint: gateway.at(&format!("/servers/{name}/mcp")),
        era,
        ask: Ask::Echo { tool: "echo".to_owned() },
        connections: CONNECTIONS,
        rate: RATE,
    };
    // what is kept says how old it is, each time something else
    let kept = Paced { ask: Ask::Plain { tool: "echo".to_owned() }, ..load("kept", Era::Modern) };
    if time >= JUDGED_FROM {
        // what is never kept, so that each call reaches its server
        let uncached = Paced { ask: Ask::Plain { tool: "waits".to_owned() }, ..load("kept", Era::Modern) };
        fill(&[load("spoiled", Era::Modern), load("pipe", Era::Modern), load("oldpipe", Era::Legacy), uncached])
            .await?;
    }
    let undisturbed = Running::begin([load("bench", Era::Modern), load("bench", Era::Legacy), kept]);
    let kinds = [("pipe", Era::Modern), ("oldpipe", Era::Legacy), ("pipe", Era::Legacy), ("spoiled", Era::Modern)];
    let kinds = kinds.map(|(name, era)| load(name, era));
    let disturbed = Running::begin(kinds.clone());
    let plain = Plain::begin(&gateway.at("").address.to_string());
    let readings = watch(&gateway, &mut way, time, &mut Random::of(seed)).await?;
    way.mend().await?;
    let found_again = found_again(&kinds).await;
    let mut findings =
        vec![of_the_undisturbed(undisturbed, plain).await?, of_the_disturbed(disturbed, found_again).await?];
    findings.extend(judge(&readings, time));
    Ok(findings)
}

/// Calls each of these servers until its queue keeps as many calls as it ever will.
async fn fill(kinds: &[Paced]) -> Result<(), Error> {
    let failed = |error: load::Error| Error::Load(error.into());
    for kind in kinds {
        let mut connection = Connection::open(&kind.endpoint, kind.era, &kind.ask).await.map_err(failed)?;
        for _ in 0..KEPT_CALLS {
            connection.call().await.map_err(failed)?;
        }
    }
    Ok(())
}

fn servers(url: &str, spoiled: SocketAddr, binary: &Path) -> String {
    let stdio = |name: &str, era: &str| {
        let program = binary.display();
        format!(
            "[servers.{name}]\ncommand = '{program}'\nargs = [\"--stdio\"]\nera = \"{era}\"\nmode = \"shared\"\n\
             restarts_per_hour_max = 3600\ntimeout_s = 5\n"
        )
    };
    [
        "[jobs]\nkept_h = 1\nper_principal_max = 100000\n".to_owned(),
        stand::server("bench", url),
        stand::server("kept", url) + "[servers.kept.tool.echo]\nact = \"reads\"\ncache_s = 1\nstale_s = 1\n",
        stand::server("spoiled", &format!("http://{spoiled}/mcp")) + "timeout_s = 5\n",
        stdio("pipe", "modern"),
        stdio("oldpipe", "legacy"),
    ]
    .concat()
}

/// The way to a server, which can be spoiled.
struct Way {
    address: SocketAddr,
    server: SocketAddr,
    proxy: Option<FaultProxy>,
}

impl Way {
    async fn open(server: SocketAddr) -> Result<Self, Error> {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let proxy =
            FaultProxy::start(any, server, Faults::default()).await.map_err(system("open a way to the server"))?;
        Ok(Self { address: proxy.address(), server, proxy: Some(proxy) })
    }

    /// Connections from now on have this fault.
    async fn spoil(&mut self, answers: Fault) -> Result<(), Error> {
        drop(self.proxy.take());
        // the listener of the former one is closed when its task has gone
        tokio::task::yield_now().await;
        let faults = Faults { answers, ..Faults::default() };
        let proxy = FaultProxy::start(self.address, self.server, faults).await;
        // where the address is not free yet, nobody can connect until the next time: a fault too
        self.proxy = proxy.ok();
        Ok(())
    }

    async fn mend(&mut self) -> Result<(), Error> {
        self.spoil(Fault::None).await
    }
}

/// Reads what the gateway holds, and lets things go wrong.
async fn watch(gateway: &Program, way: &mut Way, time: Duration, random: &mut Random) -> Result<Vec<Reading>, Error> {
    let begun = Instant::now();
    let (mut readings, mut faults) = (Vec::new(), 0);
    while begun.elapsed() < time {
        tokio::time::sleep(READ_EVERY).await;
        readings.push(read(gateway, begun.elapsed())?);
        if begun.elapsed() > FAULT_EVERY * faults {
            faults += 1;
            if random.percent(50) {
                kill_one(gateway, random)?;
            } else {
                way.spoil(random.one_of(&FAULTS)).await?;
            }
        }
    }
    Ok(readings)
}

fn read(gateway: &Program, since: Duration) -> Result<Reading, Error> {
    let pid = gateway.pid();
    let usage = process::usage(pid).map_err(system("read memory"))?;
    Ok(Reading {
        hours: since.as_secs_f64() / 3_600.0,
        memory_mib: usage.own_bytes as f64 / f64::from(1 << 20),
        descriptors: process::descriptors(pid).map_err(system("count descriptors"))? as f64,
        threads: process::threads(pid).map_err(system("count threads"))? as f64,
        children: process::descendants(pid).map_err(system("list processes"))?.len() as f64,
    })
}

fn kill_one(gateway: &Program, random: &mut Random) -> Result<(), Error> {
    let pids: Vec<u32> = servers_of(gateway)?.into_iter().map(|(pid, _)| pid).collect();
    if pids.is_empty() {
        return Ok(());
    }
    if let Some(pid) = i32::try_from(random.one_of(&pids)).ok().and_then(Pid::from_raw) {
        // it may have ended by itself
        let _ = kill_process(pid, Signal::KILL);
    }
    Ok(())
}

async fn of_the_undisturbed(running: Running, plain: Plain) -> Result<Finding, Error> {
    let (mut answered, mut failures) = plain.end();
    for paces in running.end().await? {
        answered += paces.samples.len() as u64;
        failures.extend(paces.first_error);
    }
    let found = match failures.first() {
        None => format!("none of {answered}"),
        Some(first) => format!("{} kinds of call, the first: {first}", failures.len()),
    };
    let what =
        "calls to servers that nobody disturbs, in both eras, over plain HTTP, from the cache and as jobs, that fail";
    Ok(Finding::of_truth(what, "none", found, failures.is_empty()))
}

/// How long it takes until the last of these servers answers again; none, if one does not in good time.
async fn found_again(kinds: &[Paced]) -> Option<Duration> {
    let begun = Instant::now();
    let look = async {
        for kind in kinds {
            while !answers(&kind.endpoint, kind.era, &kind.ask).await {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
    };
    tokio::time::timeout(FOUND_WITHIN, look).await.ok().map(|()| begun.elapsed())
}

async fn answers(endpoint: &Endpoint, era: Era, ask: &Ask) -> bool {
    let look = async { Connection::open(endpoint, era, ask).await?.answer().await };
    matches!(tokio::time::timeout(LOOK_MAX, look).await, Ok(Ok(_)))
}

async fn of_the_disturbed(running: Running, found_again: Option<Duration>) -> Result<Finding, Error> {
    let (mut answered, mut failed) = (0, 0);
    for paces in running.end().await? {
        answered += paces.samples.len() as u64;
        failed += paces.errors;
    }
    let found = match found_again {
        Some(after) => format!("all after {:.1} s", after.as_secs_f64()),
        None => "not all".to_owned(),
    };
    Ok(Finding::of_truth(
        "servers that were killed and spoiled all the time, once they are left in peace",
        format!("answer within {} s", FOUND_WITHIN.as_secs()),
        format!("{found}; {answered} calls were answered before, {failed} failed"),
        found_again.is_some(),
    ))
}

/// Something that is counted, how much of it may come and go, and where it stands.
type Count = (&'static str, f64, fn(&Reading) -> f64);

/// What the readings after the warm-up say.
fn judge(readings: &[Reading], time: Duration) -> Vec<Finding> {
    #[expect(clippy::cast_sign_loss, reason = "a share of a length")]
    let after = (readings.len() as f64 * WARM_UP_SHARE) as usize;
    let readings = &readings[after..];
    let groups: Vec<(f64, f64)> = readings
        .chunks(readings.len().div_ceil(GROUPS).max(1))
        .map(|group| (group[group.len() / 2].hours, middle(group, |reading| reading.memory_mib)))
        .collect();
    let mut findings: Vec<Finding> = Slope::through(&groups).map(|slope| of_memory(slope, time)).into_iter().collect();
    let (early, late) = readings.split_at(readings.len() / 2);
    let counts: [Count; 3] = [
        ("descriptors", DESCRIPTORS_SLACK, |reading| reading.descriptors),
        ("threads", THREADS_SLACK, |reading| reading.threads),
        ("children", CHILDREN_SLACK, |reading| reading.children),
    ];
    findings.extend(counts.map(|(what, slack, of)| {
        let [before, after] = [early, late].map(|half| middle(half, of));
        let found = format!("{before:.0}, then {after:.0}");
        Finding::of_truth(
            format!("{what} in the two halves after the warm-up"),
            format!("at most {slack:.0} more"),
            found,
            after <= before + slack,
        )
    }));
    findings
}

/// In a short run pools and tables still fill.
fn of_memory(Slope { likely, low, high }: Slope, time: Duration) -> Finding {
    let has_to_show = time >= SHOWN_FROM;
    let grows = low > MIB_PER_HOUR_MAX || (has_to_show && likely >= MIB_PER_HOUR_MAX);
    let is_kept = time < JUDGED_FROM || !grows;
    let shown = if high < MIB_PER_HOUR_MAX {
        "shown"
    } else if has_to_show {
        "likely, not shown"
    } else {
        "too short a run to show it"
    };
    Finding::of_machine(
        format!("growth of memory after the warm-up, in {:.0} minutes", time.as_secs_f64() / 60.0),
        format!("< {MIB_PER_HOUR_MAX} MiB/h"),
        format!("{likely:+.2} MiB/h, with 95 % confidence between {low:+.2} and {high:+.2}: {shown}"),
        is_kept,
    )
}

fn middle(readings: &[Reading], of: impl Fn(&Reading) -> f64) -> f64 {
    crate::bench::median(readings.iter().map(of).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readings(mib_per_hour: f64) -> Vec<Reading> {
        let reading = |second: u32| {
            let hours = f64::from(second) / 3_600.0;
            let noise = f64::from(second * 7_919 % 13) / 100.0;
            Reading {
                hours,
                memory_mib: 50.0 + mib_per_hour * hours + noise,
                descriptors: 90.0,
                threads: 9.0,
                children: 2.0,
            }
        };
        (0..1_800).map(reading).collect()
    }

    #[test]
    fn memory_that_grows_is_found() {
        let is_kept = |mib_per_hour| judge(&readings(mib_per_hour), SHOWN_FROM)[0].is_kept;
        assert!(judge(&readings(60.0), JUDGED_FROM / 2)[0].is_kept && !judge(&readings(60.0), JUDGED_FROM)[0].is_kept);
        assert!(is_kept(0.0) && is_kept(-3.0) && is_kept(0.5));
        assert!(!is_kept(1.5) && !is_kept(60.0));
    }

    #[test]
    fn counts_that_grow_are_found() {
        let mut grown = readings(0.0);
        let half = grown.len() * 2 / 3;
        grown[half..].iter_mut().for_each(|reading| reading.children += 3.0);
        let kept: Vec<bool> = judge(&grown, SHOWN_FROM).iter().map(|finding| finding.is_kept).collect();
        assert_eq!(kept, [true, true, true, false]);
    }
}
