//! Five times as many calls as a server can do, each with little time: what is begun is answered, and the rest is refused
//! before anything was done.

use std::time::Duration;

use testkit::load::{Ask, Era, Latencies, Paced};

use super::stand::{self, Stand, ms};
use super::{Error, Finding, Settings};

/// What the server can do: so many at a time, each for so long.
const PLACES: u32 = 5;
const CALL_MS: u64 = 250;
/// What it is asked for in a second, each with this time to live.
const RATE: f64 = 100.0;
const TIMEOUT_S: u32 = 1;
/// Enough for all that wait.
const CONNECTIONS: u32 = 150;
/// The shortest run that says more than its first second, in which nothing is known yet.
const SECONDS_MIN: u64 = 4;
/// Of a hundred calls that the server could do, so many are answered.
const ANSWERED_PERCENT_MIN: f64 = 85.0;
/// Of a hundred calls that are begun, at most so many are cut off.
const CUT_OFF_PERCENT_MAX: f64 = 10.0;

/// Asks for too much, and looks at what is answered.
pub(super) async fn play(settings: &Settings) -> Result<Vec<Finding>, Error> {
    let stand = Stand::start(settings, |url| format!("{}concurrency = {PLACES}\n", stand::server("bench", url)))?;
    let load = Paced {
        endpoint: stand.through("bench").with_header("X-Timeout", &TIMEOUT_S.to_string()),
        era: Era::Modern,
        ask: Ask::Wait { tool: "wait".to_owned(), ms: CALL_MS },
        connections: CONNECTIONS,
        rate: RATE,
    };
    let seconds = settings.seconds.max(SECONDS_MIN);
    let found = stand::run([load], Duration::from_secs(seconds)).await?;
    let mut told = Latencies::default();
    found.refusals.iter().filter(|refusal| refusal.status == 408).for_each(|refusal| told.record(refusal.latency));
    told.sort();
    let (answered, refused) = (found.samples.len() as u64, told.len() as u64);
    let cut_off = found.errors.saturating_sub(found.refusals.len() as u64);
    let asked = answered + found.errors;
    // from the first call to the end of the last one's time
    let lasted_s = asked as f64 / RATE + f64::from(TIMEOUT_S);
    let can_be = lasted_s * f64::from(PLACES) * 1e3 / CALL_MS as f64;
    let of_possible = answered as f64 * 100.0 / can_be;
    let of_begun = cut_off as f64 * 100.0 / (answered + cut_off).max(1) as f64;
    Ok(vec![
        Finding::of_machine(
            format!("{can_be:.0} of {asked} calls that the server could do"),
            format!("> {ANSWERED_PERCENT_MIN} % are answered"),
            format!("{answered} were, {of_possible:.0} %"),
            of_possible > ANSWERED_PERCENT_MIN,
        ),
        Finding::of_machine(
            format!("{refused} calls that were refused, and {cut_off} that were cut off"),
            format!("< {CUT_OFF_PERCENT_MAX} % of what is begun is cut off"),
            format!("{of_begun:.1} %"),
            of_begun < CUT_OFF_PERCENT_MAX,
        ),
        Finding::of_time(
            "p99 of the time after which a caller hears that it is refused",
            f64::from(TIMEOUT_S) * 1e3,
            ms(told.percentile(0.99)),
        ),
    ])
}
