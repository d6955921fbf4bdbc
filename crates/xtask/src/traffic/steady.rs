//! 3,000 calls a second, half of them in each era, through rates, breaker and queue: what the gateway adds to a direct call,
//! and what it takes of the machine.

use std::time::{Duration, Instant};

use testkit::load::{Ask, Endpoint, Era, Paced};
use testkit::process;

use super::stand::{self, Stand, ms};
use super::{Error, Finding, Settings, system};

/// Calls in a second.
const RATE: f64 = 3_000.0;
/// Connections of each era.
const CONNECTIONS: u32 = 32;
/// What the gateway may add to the 99th of a hundred calls.
const ADDED_MS_MAX: f64 = 5.0;
/// Resident memory at its highest.
const MEMORY_BYTES_MAX: u64 = 150 << 20;
/// Of the direct calls there are enough after so much of the time.
const DIRECT_SHARE: u32 = 4;

/// Two servers in front of one address, both with everything that can be configured on the way of a call that acts.
fn configuration(url: &str) -> String {
    let rate = "calls_per_minute = 1_000_000\n";
    let tool = |name| format!("[servers.{name}.tool.echo]\n{rate}breaker = true\n");
    let legacy = stand::server("old", url).replace("\"modern\"", "\"legacy\"");
    [stand::server("bench", url), rate.to_owned(), tool("bench"), legacy, rate.to_owned(), tool("old")].concat()
}

fn loads(endpoints: [Endpoint; 2]) -> impl Iterator<Item = Paced> {
    [Era::Modern, Era::Legacy].into_iter().zip(endpoints).map(|(era, endpoint)| Paced {
        endpoint,
        era,
        ask: Ask::Echo { tool: "echo".to_owned() },
        connections: CONNECTIONS,
        rate: RATE / 2.0,
    })
}

/// Measures direct calls, then those through the gateway.
pub(super) async fn play(settings: &Settings) -> Result<Vec<Finding>, Error> {
    let stand = Stand::start(settings, configuration)?;
    let time = Duration::from_secs(settings.seconds);
    let direct = stand.server.at("/mcp");
    let direct = stand::run_well(loads([direct.clone(), direct]), time / DIRECT_SHARE).await?;
    let usage = || process::usage(stand.gateway.pid()).map_err(system("read what the gateway uses"));
    let (before, began) = (usage()?, Instant::now());
    let through = stand::run_well(loads([stand.through("bench"), stand.through("old")]), time).await?;
    let (after, took) = (usage()?, began.elapsed());
    let [direct_p99, through_p99] = [&direct, &through].map(|latencies| ms(latencies.percentile(0.99)));
    let cores = after.cpu.saturating_sub(before.cpu).as_secs_f64() / took.as_secs_f64();
    let (rate, asked) = (through.len() as f64 / took.as_secs_f64(), RATE * settings.seconds as f64);
    let memory = after.rss_peak_bytes;
    Ok(vec![
        Finding::of_truth(
            format!("of {asked:.0} calls in {} s, those that failed", settings.seconds),
            "none",
            format!("none ({} answered, {rate:.0}/s)", through.len()),
            true,
        ),
        Finding::of_machine("calls/s", "≥ 2,970", format!("{rate:.0}"), rate >= RATE * 0.99),
        Finding::of_time(
            format!("p99 added ({direct_p99:.2} ms direct, {through_p99:.2} ms through the gateway)"),
            ADDED_MS_MAX,
            through_p99 - direct_p99,
        ),
        Finding::of_machine("cores that the gateway took", "≤ 1 of 2", format!("{cores:.2}"), cores <= 1.0),
        Finding::of_machine(
            "memory at its highest",
            "< 150 MiB",
            format!("{:.1} MiB", memory as f64 / f64::from(1 << 20)),
            memory < MEMORY_BYTES_MAX,
        ),
    ])
}
