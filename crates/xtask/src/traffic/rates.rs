//! The rates of a principal, of a server and of a tool, each asked for twice as much as it allows: what passes is the burst
//! and what the rate gives in that time.

use std::time::Duration;

use testkit::load::{Ask, Era, Paced, Paces};

use super::stand::{self, Caller, Running, Stand};
use super::{Error, Finding, Settings};

/// How far what passes may be from what is allowed, in percent, and in calls at the edges of the time.
const OFF_PERCENT_MAX: f64 = 1.0;
const OFF_CALLS_MAX: f64 = 1.0;
const CONNECTIONS: u32 = 16;

/// A rate, and whose it is.
struct Limited {
    whose: &'static str,
    per_minute: u32,
    burst: u32,
}

const PRINCIPAL: Limited = Limited { whose: "principal", per_minute: 1_200, burst: 20 };
const SERVER: Limited = Limited { whose: "server", per_minute: 3_000, burst: 5 };
const TOOL: Limited = Limited { whose: "tool", per_minute: 6_000, burst: 100 };

impl Limited {
    fn keys(&self) -> String {
        format!("calls_per_minute = {}\nburst = {}\n", self.per_minute, self.burst)
    }

    fn per_second(&self) -> f64 {
        f64::from(self.per_minute) / 60.0
    }
}

/// Asks for too much of all three at the same time.
pub(super) async fn play(settings: &Settings) -> Result<Vec<Finding>, Error> {
    let [rated, free] = [0, 1].map(Caller::number);
    let stand = Stand::start(settings, |url| {
        let principals = [rated.section(), PRINCIPAL.keys(), free.section()].concat();
        let server = stand::server("limited", url) + &SERVER.keys();
        let tool = stand::server("tooled", url) + "[servers.tooled.tool.echo]\n" + &TOOL.keys();
        [principals, stand::server("bench", url), server, tool].concat()
    })?;
    let load = |caller: &Caller, server: &str, limited: &Limited| Paced {
        endpoint: caller.at(stand.through(server)),
        era: Era::Modern,
        ask: Ask::Echo { tool: "echo".to_owned() },
        connections: CONNECTIONS,
        rate: limited.per_second() * 2.0,
    };
    let loads = [load(&rated, "bench", &PRINCIPAL), load(&free, "limited", &SERVER), load(&free, "tooled", &TOOL)];
    let running = Running::begin(loads);
    tokio::time::sleep(Duration::from_secs(settings.seconds)).await;
    let found = running.end().await?;
    Ok([PRINCIPAL, SERVER, TOOL].iter().zip(&found).flat_map(|(limited, found)| judge(limited, found)).collect())
}

fn judge(limited: &Limited, found: &Paces) -> [Finding; 2] {
    let dues = || found.samples.iter().map(|sample| sample.due).chain(found.refusals.iter().map(|refusal| refusal.due));
    let time = dues().max().zip(dues().min()).map_or(Duration::ZERO, |(last, first)| last - first).as_secs_f64();
    let allowed = f64::from(limited.burst) + limited.per_second() * time;
    let passed = found.samples.len() as f64;
    let off = passed - allowed;
    let refused = found.refusals.len();
    let is_plain =
        found.errors == refused as u64 && found.refusals.iter().all(|one| one.status == 429 && one.says_when);
    [
        Finding::of_machine(
            format!("calls that the rate of a {} lets pass in {time:.1} s", limited.whose),
            format!("{allowed:.0} ± {OFF_PERCENT_MAX} %"),
            format!("{passed:.0} ({:+.2} %)", off / allowed * 100.0),
            off.abs() <= allowed * OFF_PERCENT_MAX / 100.0 + OFF_CALLS_MAX,
        ),
        Finding::of_truth(
            "the others",
            "refused with 429 and `Retry-After`",
            format!("{refused} were, {} were not", found.errors - refused as u64),
            is_plain && refused > 0,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use testkit::load::Sample;
    use tokio::time::Instant;

    use super::*;

    #[test]
    fn one_percent_too_many_is_found() {
        let start = Instant::now();
        let limited = Limited { whose: "server", per_minute: 6_000, burst: 100 };
        let passed = |calls: u32| {
            let sample =
                |number| Sample { due: start + Duration::from_secs(99) * number / calls, latency: Duration::ZERO };
            let mut samples: Vec<Sample> = (0..calls).map(sample).collect();
            samples.push(Sample { due: start + Duration::from_secs(99), latency: Duration::ZERO });
            judge(&limited, &Paces { samples, ..Paces::default() })[0].is_kept
        };
        assert!(passed(9_999) && passed(10_090) && passed(9_910));
        assert!(!passed(10_102) && !passed(9_880));
    }
}
