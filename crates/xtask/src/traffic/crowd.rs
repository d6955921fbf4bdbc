//! Callers beside others that take too much: one at fifty times its share of a server, and a thousand that wait for a
//! server which never answers. What the modest ones notice of them is compared with a quiet time just before.

use std::time::Duration;

use testkit::load::{Ask, Endpoint, Era, Latencies, Paced};

use super::stand::{self, Caller, Running, Stand, ms};
use super::{Error, Finding, Settings};

/// The server takes so many calls at one time, each of so many milliseconds: 200 calls a second.
const PLACES: u32 = 4;
const CALL_MS: u64 = 20;
/// Callers that share it, the abusive one among them: each has 20 calls a second.
const CALLERS: usize = 10;
const SHARE: f64 = 20.0;
/// The modest ones take a quarter of their share.
const MODEST_RATE: f64 = SHARE / 4.0;
/// The abusive one asks for fifty times its share, on enough connections to keep all its waiting calls waiting.
const ABUSE_RATE: f64 = SHARE * 50.0;
const ABUSE_CONNECTIONS: u32 = 300;
/// What the 99th of a hundred modest calls may take, as a multiple of the quiet time.
const SLOWER_MAX: f64 = 2.0;

/// Callers that wait for the hung server.
const HUNG_CALLERS: u32 = 1_000;
/// How long it would take to answer: far longer than any run.
const HUNG_MS: u64 = 3_600_000;
/// Calls in a second to the server beside it.
const BESIDE_RATE: f64 = 500.0;
/// How long the thousand have to be in place.
const GATHERS_WITHIN: Duration = Duration::from_secs(2);

fn waiting(endpoint: Endpoint, connections: u32, rate: f64, ms: u64) -> Paced {
    let ask = Ask::Wait { tool: "wait".to_owned(), ms };
    Paced { endpoint, era: Era::Modern, ask, connections, rate }
}

/// One caller asks fifty times as much as there is for it.
pub(super) async fn abuse(settings: &Settings) -> Result<Vec<Finding>, Error> {
    let callers: Vec<Caller> = (0..CALLERS).map(Caller::number).collect();
    let stand = Stand::start(settings, |url| {
        let principals: String = callers.iter().map(Caller::section).collect();
        format!("{principals}{}concurrency = {PLACES}\n", stand::server("bench", url))
    })?;
    let time = Duration::from_secs(settings.seconds);
    let modest =
        || callers[1..].iter().map(|caller| waiting(caller.at(stand.through("bench")), 4, MODEST_RATE, CALL_MS));
    let quiet = stand::run_well(modest(), time / 2).await?;
    let abusive = waiting(callers[0].at(stand.through("bench")), ABUSE_CONNECTIONS, ABUSE_RATE, CALL_MS);
    let abusive = Running::begin([abusive]);
    let crowded = stand::run_well(modest(), time).await?;
    let abusive = abusive.end().await?.pop().unwrap_or_default();
    let (answered, refused) = (abusive.samples.len(), abusive.refusals.len());
    let is_plain = abusive.errors == refused as u64 && abusive.refusals.iter().all(|refusal| refusal.says_when);
    Ok(vec![
        Finding::of_truth(
            format!("of {} calls of {} modest callers, those that failed", crowded.len(), CALLERS - 1),
            "none",
            "none".to_owned(),
            true,
        ),
        slower("p99 of the modest callers", &quiet, &crowded, 0.99, SLOWER_MAX),
        Finding::of_truth(
            "what the abusive one gets beyond its share",
            "refusals that say when to come again",
            format!("{answered} answers, {refused} refusals, {} other failures", abusive.errors - refused as u64),
            is_plain && refused > 0,
        ),
    ])
}

/// A thousand callers wait for a server that never answers.
pub(super) async fn hung(settings: &Settings) -> Result<Vec<Finding>, Error> {
    let stand = Stand::start(settings, |url| [stand::server("bench", url), stand::server("hung", url)].concat())?;
    let time = Duration::from_secs(settings.seconds);
    let beside = || {
        let ask = Ask::Echo { tool: "echo".to_owned() };
        [Paced { endpoint: stand.through("bench"), era: Era::Modern, ask, connections: 16, rate: BESIDE_RATE }]
    };
    let quiet = stand::run_well(beside(), time / 2).await?;
    let rate = f64::from(HUNG_CALLERS) / GATHERS_WITHIN.as_secs_f64();
    let stuck = Running::begin([waiting(stand.through("hung"), HUNG_CALLERS, rate, HUNG_MS)]);
    tokio::time::sleep(GATHERS_WITHIN).await;
    let crowded = stand::run_well(beside(), time).await?;
    let sent = stand.waits().await?;
    drop(stuck);
    Ok(vec![
        Finding::of_truth(
            format!("of {} calls beside a hung server with {HUNG_CALLERS} callers, those that failed", crowded.len()),
            "none",
            "none".to_owned(),
            true,
        ),
        Finding::of_truth(
            "calls that the hung server has at one time",
            "≤ 64",
            sent.to_string(),
            (1..=64).contains(&sent),
        ),
        slower("median of the others", &quiet, &crowded, 0.5, 1.5),
        slower("p99 of the others", &quiet, &crowded, 0.99, SLOWER_MAX),
    ])
}

fn slower(what: &str, quiet: &Latencies, crowded: &Latencies, share: f64, most: f64) -> Finding {
    let [before, after] = [quiet, crowded].map(|latencies| ms(latencies.percentile(share)));
    let found = format!("{:.2} × ({before:.2} ms before, {after:.2} ms then)", after / before);
    Finding::of_machine(what, format!("≤ {most} ×"), found, after <= before * most)
}
