//! Calls that may take one second, at a server whose only place is taken for longer again and again: those whose time has
//! passed in the queue are never executed. The server counts what it does, the callers what they are told.

use std::time::Duration;

use testkit::load::{Ask, Era, Latencies, Paced};

use super::stand::{self, Running, Stand, ms};
use super::{Error, Finding, Settings};

/// Calls that take the place for so long, one after the other.
const LONG_MS: u64 = 1_500;
/// Calls in a second that take no time, each with a second to live.
const RATE: f64 = 100.0;
const TIMEOUT_S: u32 = 1;
/// Enough for all that wait.
const CONNECTIONS: u32 = 150;
/// The shortest run in which some come too late.
const SECONDS_MIN: u64 = 4;
/// How long after its time a caller may hear of it.
const TOLD_WITHIN_MS: f64 = 100.0;

/// Keeps the place taken for a while, and compares the counts.
pub(super) async fn play(settings: &Settings) -> Result<Vec<Finding>, Error> {
    let stand = Stand::start(settings, |url| format!("{}concurrency = 1\n", stand::server("bench", url)))?;
    let endpoint = stand.through("bench");
    let load = |endpoint, ms, connections, rate| Paced {
        endpoint,
        era: Era::Modern,
        ask: Ask::Wait { tool: "wait".to_owned(), ms },
        connections,
        rate,
    };
    let long = load(endpoint.clone(), LONG_MS, 1, 1.0);
    let short = load(endpoint.with_header("X-Timeout", &TIMEOUT_S.to_string()), 0, CONNECTIONS, RATE);
    let long = Running::begin([long]);
    let found = stand::run([short], Duration::from_secs(settings.seconds.max(SECONDS_MIN))).await?;
    let long = long.end().await?.pop().unwrap_or_default();
    let executed = stand.waits().await?;
    let mut told = Latencies::default();
    for refusal in found.refusals.iter().filter(|refusal| refusal.status == 408) {
        told.record(refusal.latency);
    }
    told.sort();
    let (late, long, answered) = (told.len() as u64, long.samples.len() as u64, found.samples.len() as u64);
    // a call that was running when its time passed may have been executed or not
    let unknown = found.errors - late;
    let can_be = long + answered..=long + answered + unknown;
    Ok(vec![
        Finding::of_truth(
            format!("{late} calls whose time passed in the queue"),
            "never executed",
            format!(
                "{executed} calls executed: {long} long ones, {answered} answered in time, at most {unknown} others"
            ),
            late > 0 && can_be.contains(&executed),
        ),
        Finding::of_time(
            format!("p99 of the time after which a caller with {TIMEOUT_S} s hears that it was too late"),
            f64::from(TIMEOUT_S) * 1e3 + TOLD_WITHIN_MS,
            ms(told.percentile(0.99)),
        ),
    ])
}
