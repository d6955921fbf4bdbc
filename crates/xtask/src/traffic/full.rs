//! A queue that takes no more: whoever comes then is told so at once, and when to come again.

use std::time::Duration;

use testkit::load::{Ask, Era, Latencies, Paced};

use super::stand::{self, Running, Stand, ms};
use super::{Error, Finding, Settings};

/// Calls that wait for the server, which takes one at a time.
const WAITING_MAX: u32 = 10;
/// How long each of them takes.
const CALL_MS: u64 = 200;
/// Connections that keep the queue full, and those that find it so.
const FILLERS: u32 = 30;
const COMERS: u32 = 50;
/// Calls in a second of both together.
const RATE: f64 = 500.0;
/// How soon a refusal is there.
const REFUSED_MS_MAX: f64 = 5.0;

/// Fills the queue and looks at the refusals.
pub(super) async fn play(settings: &Settings) -> Result<Vec<Finding>, Error> {
    let stand = Stand::start(settings, |url| {
        let queue = format!("[queue]\nmax_per_server = {WAITING_MAX}\n");
        format!("{queue}{}concurrency = 1\n", stand::server("bench", url))
    })?;
    let ask = Ask::Wait { tool: "wait".to_owned(), ms: CALL_MS };
    let load = |connections, rate| Paced {
        endpoint: stand.through("bench"),
        era: Era::Modern,
        ask: ask.clone(),
        connections,
        rate,
    };
    let fillers = Running::begin([load(FILLERS, RATE / 2.0)]);
    tokio::time::sleep(Duration::from_millis(CALL_MS)).await;
    let found = stand::run([load(COMERS, RATE / 2.0)], Duration::from_secs(settings.seconds)).await?;
    fillers.end().await?;
    let mut latencies = Latencies::default();
    found.refusals.iter().for_each(|refusal| latencies.record(refusal.latency));
    latencies.sort();
    let plain = found.refusals.iter().filter(|refusal| refusal.status == 503 && refusal.says_when).count();
    Ok(vec![
        Finding::of_truth(
            format!("{} calls for which there was no room", found.errors),
            "refused with 503 and `Retry-After`",
            format!("{plain} were"),
            plain > 0 && plain as u64 == found.errors,
        ),
        Finding::of_time("p50 of a refusal", REFUSED_MS_MAX, ms(latencies.percentile(0.5))),
        Finding::of_time("p99 of a refusal", REFUSED_MS_MAX, ms(latencies.percentile(0.99))),
    ])
}
