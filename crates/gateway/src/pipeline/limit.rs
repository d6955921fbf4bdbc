//! How often: the first step of a call. It counts against the rate of its principal, of its server and of its tool, where
//! there are such; what goes over one of them is refused before anything is done. Without a rate it is a branch.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, RandomState},
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::{Duration, Instant},
};

use config::Config;
use traffic::{Meter, Rate, TooOften};

use crate::{call::Call, failure::Failure, gateway::Gateway, upstream::Upstream};

/// Parts of the table of tools that are locked apart: as many as there are processors to meet in one, and some more.
const SHARDS: usize = 16;
/// Tools in one part before those that owe nothing make room.
const TOOLS_PER_SHARD: usize = 1_024;

/// The rates of servers, and how far each is used up.
#[derive(Debug, Default)]
pub struct ServerRates(BTreeMap<Arc<str>, (Rate, Arc<Meter>)>);

/// How far the rates of tools are used up.
#[derive(Debug, Default)]
pub struct ToolMeters {
    shards: [Mutex<HashMap<Tool, Meter>>; SHARDS],
    hasher: RandomState,
}

/// A tool by its server and its own name.
type Tool = (Arc<str>, Arc<str>);

/// Counts a call, or refuses it.
pub(super) fn count(gateway: &Gateway, upstream: &Upstream, call: &Call) -> Result<(), Failure> {
    let principal = &call.caller.principal;
    if let Some(rate) = principal.rate {
        principal.lasting.meter.count(rate, uptime_ms()).map_err(over("you make"))?;
    }
    count_at(gateway, upstream, call)
}

/// Counts a call against the rates of this server and its tool only: its principal has made no other.
pub(super) fn count_at(gateway: &Gateway, upstream: &Upstream, call: &Call) -> Result<(), Failure> {
    if let Some((rate, meter)) = gateway.server_rates.0.get(&upstream.name) {
        meter.count(*rate, uptime_ms()).map_err(over("this server gets"))?;
    }
    let rate = call.manner.settings.as_ref().and_then(|settings| rate(settings.calls_per_minute, settings.burst));
    match rate {
        Some(rate) => {
            let tool = (upstream.name.clone(), call.own_name.clone());
            gateway.traffic.tools.count(tool, rate, uptime_ms()).map_err(over("this tool gets"))
        }
        None => Ok(()),
    }
}

fn over(whose: &'static str) -> impl Fn(TooOften) -> Failure {
    move |TooOften { retry_after_ms }| {
        let retry_after = Duration::from_millis(retry_after_ms);
        Failure::TooOften { whose, retry_after }
    }
}

/// The rate that two keys of the configuration say.
pub fn rate(calls_per_minute: Option<u32>, burst: Option<u32>) -> Option<Rate> {
    let times = calls_per_minute?;
    Some(Rate::per_minute(times, burst.unwrap_or_else(|| config::burst_of(times))))
}

/// Milliseconds since this process first asked, by the clock that never jumps.
pub(crate) fn uptime_ms() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX)
}

impl ServerRates {
    /// Those of a configuration; what was used up under the former ones stays so.
    pub fn new(config: &Config, former: &Self) -> Self {
        let known = |name: &str| former.0.get(name).map(|(_, meter)| meter.clone()).unwrap_or_default();
        let rated = config.servers.iter().filter_map(|(name, server)| {
            let rate = rate(server.calls_per_minute, server.burst)?;
            Some((Arc::from(name.as_str()), (rate, known(name))))
        });
        Self(rated.collect())
    }
}

impl ToolMeters {
    fn count(&self, tool: Tool, rate: Rate, now_ms: u64) -> Result<(), TooOften> {
        let hash = usize::try_from(self.hasher.hash_one(&tool.0)).unwrap_or_default();
        let mut tools = self.shards[hash % SHARDS].lock().unwrap_or_else(PoisonError::into_inner);
        if tools.len() >= TOOLS_PER_SHARD && !tools.contains_key(&tool) {
            tools.retain(|_, meter| !meter.is_idle(now_ms));
        }
        tools.entry(tool).or_default().count(rate, now_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(name: &str) -> Tool {
        ("server".into(), name.into())
    }

    #[test]
    fn each_tool_has_a_rate_of_its_own() {
        let (meters, rate) = (ToolMeters::default(), Rate::per_minute(60, 1));
        assert_eq!(meters.count(tool("a"), rate, 0), Ok(()));
        assert_eq!(meters.count(tool("a"), rate, 0), Err(TooOften { retry_after_ms: 1_000 }));
        assert_eq!(meters.count(tool("b"), rate, 0), Ok(()));
    }

    #[test]
    fn tools_that_owe_nothing_make_room() {
        let (meters, rate) = (ToolMeters::default(), Rate::per_minute(60, 1));
        for number in 0..TOOLS_PER_SHARD {
            assert_eq!(meters.count(tool(&number.to_string()), rate, 0), Ok(()));
        }
        assert_eq!(meters.count(tool("one more"), rate, 10_000), Ok(()));
        let kept: usize = meters.shards.iter().map(|shard| shard.lock().unwrap().len()).sum();
        assert_eq!(kept, 1);
    }

    #[test]
    fn change_of_the_configuration_gives_no_fresh_burst() {
        let config = |text: &str| config::parse(text, "f", &|_| None).config;
        let rates = |text: &str, former: &ServerRates| ServerRates::new(&config(text), former);
        let text = "servers.a = { command = \"a\", calls_per_minute = 1, burst = 1 }";
        let first = rates(text, &ServerRates::default());
        let count = |rates: &ServerRates| rates.0.get("a").map(|(rate, meter)| meter.count(*rate, 0).is_ok());
        assert_eq!(count(&first), Some(true));
        assert_eq!(count(&rates(&text.replace("minute = 1", "minute = 2"), &first)), Some(false));
        assert_eq!(count(&rates("servers.a.command = \"a\"", &first)), None);
    }
}
