//! How often: the first step of a call. It counts against the rate of its principal, of its server and of its tool, where
//! there are such; what goes over one of them is refused before anything is done. Without a rate it is a branch.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::{Duration, Instant},
};

use config::{Config, ToolSettings};
use traffic::{Meter, Rate, TooOften};

use crate::{call::Call, failure::Failure, gateway::Gateway, upstream::Upstream};

/// Tools of one server that are remembered before those that owe nothing make room.
const TOOLS_MAX: usize = 1_024;

/// The rates of servers, and how far each is used up.
#[derive(Debug, Default)]
pub struct ServerRates(BTreeMap<Arc<str>, (Rate, Arc<Meter>)>);

/// How far the rates of the tools of one server are used up. It outlives the server's replacement by a change of the
/// configuration, and is asked when the catalogue is made: calls find what is theirs in their [`ToolRate`].
#[derive(Debug, Default)]
pub struct ToolMeters(Mutex<BTreeMap<Arc<str>, Arc<Meter>>>);

/// How often calls of one tool may be made, and how far that is used up.
#[derive(Debug)]
pub struct ToolRate {
    rate: Rate,
    meter: Arc<Meter>,
}

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
    match &call.manner.rate {
        Some(tool) => tool.meter.count(tool.rate, uptime_ms()).map_err(over("this tool gets")),
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

impl ToolRate {
    /// That of a tool by its own name, if the configuration says one.
    pub fn of(own: &Arc<str>, settings: &ToolSettings, meters: &ToolMeters) -> Option<Self> {
        let rate = rate(settings.calls_per_minute, settings.burst)?;
        Some(Self { rate, meter: meters.of_tool(own, uptime_ms()) })
    }
}

impl ToolMeters {
    fn of_tool(&self, own: &Arc<str>, now_ms: u64) -> Arc<Meter> {
        let mut meters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if meters.len() >= TOOLS_MAX && !meters.contains_key(own) {
            meters.retain(|_, meter| Arc::strong_count(meter) > 1 || !meter.is_idle(now_ms));
        }
        meters.entry(own.clone()).or_default().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tool_has_a_rate_of_its_own_whichever_list_it_stands_in() {
        let (meters, rate) = (ToolMeters::default(), Rate::per_minute(60, 1));
        let count = |name: &str| meters.of_tool(&name.into(), 0).count(rate, 0);
        assert_eq!(count("a"), Ok(()));
        assert_eq!(count("a"), Err(TooOften { retry_after_ms: 1_000 }));
        assert_eq!(count("b"), Ok(()));
    }

    #[test]
    fn tools_that_owe_nothing_and_that_nobody_calls_make_room() {
        let (meters, rate) = (ToolMeters::default(), Rate::per_minute(60, 1));
        let listed = meters.of_tool(&"listed".into(), 0);
        for number in 1..TOOLS_MAX {
            assert_eq!(meters.of_tool(&number.to_string().into(), 0).count(rate, 0), Ok(()));
        }
        meters.of_tool(&"one more".into(), 10_000);
        assert_eq!(meters.0.lock().unwrap().len(), 2);
        assert!(Arc::ptr_eq(&listed, &meters.of_tool(&"listed".into(), 10_000)));
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
