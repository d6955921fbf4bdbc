//! `health_check`: whether this machine is well, by clear thresholds.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, SystemTime},
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool, moment};

use crate::{
    clock,
    cpu::Times,
    filesystems::{self, Room},
    memory::Memory,
    network, reading,
    units::Manager,
};

/// Over which the processors are watched: long enough that one short burst is no alarm.
const WINDOW: Duration = Duration::from_millis(500);
/// Processors and memory, in percent.
const BUSY: Limits = Limits { warning: 80.0, critical: 95.0 };
/// The fullest local disk, in percent.
const FULL: Limits = Limits { warning: 85.0, critical: 95.0 };

/// Checks the machine.
pub(crate) struct HealthCheck;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// What to check; everything if it is left out.
    checks: Option<BTreeSet<Check>>,
}

/// Something that can be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Check {
    Cpu,
    Memory,
    Disk,
    Services,
    Network,
    Time,
}

impl Check {
    const ALL: [Self; 6] = [Self::Cpu, Self::Memory, Self::Disk, Self::Services, Self::Network, Self::Time];
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    status: Health,
    /// What was found, by the name of the check.
    checks: BTreeMap<Check, Finding>,
    /// What is not well, in words.
    alerts: Vec<String>,
    timestamp: String,
}

/// How the whole machine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Health {
    Healthy,
    Warning,
    Critical,
}

/// How one thing is; the worst of all is how the machine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum State {
    Unknown,
    Ok,
    Warning,
    Critical,
}

/// What one check has found.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
struct Finding {
    state: State,
    /// What was measured: percent, a number of services, or a word.
    value: Value,
    /// From where on it would not be well.
    limit: Option<Value>,
    #[serde(skip)]
    alert: Option<String>,
}

/// Something measured.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
enum Value {
    Number(f64),
    Text(String),
}

/// From where on something is not well.
#[derive(Clone, Copy, Debug)]
struct Limits {
    warning: f64,
    critical: f64,
}

impl Tool for HealthCheck {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "health_check";
    const ABOUT: &'static str = "Says whether this machine is well: processors and memory below 80 %, local disks below 85 %, \
        no failed service, a way out to the network, and a clock that is kept right.";
    const MARKS: Marks = Marks::reads().idempotent();
    const EXAMPLES: &'static [&'static str] = &["{}", r#"{"checks": ["disk", "services"]}"#];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        let wanted = input.checks.unwrap_or_else(|| Check::ALL.into());
        if wanted.is_empty() {
            return Err(
                Failure::invalid("checks", "`checks` must name at least one check").hint("leave it out for all")
            );
        }
        let mut checks = BTreeMap::new();
        for check in wanted {
            checks.insert(check, find(check).await?);
        }
        Ok(summary(checks))
    }
}

fn summary(checks: BTreeMap<Check, Finding>) -> Output {
    let worst = checks.values().map(|finding| finding.state).max().unwrap_or(State::Unknown);
    let status = match worst {
        State::Unknown | State::Ok => Health::Healthy,
        State::Warning => Health::Warning,
        State::Critical => Health::Critical,
    };
    let alerts = checks.values().filter_map(|finding| finding.alert.clone()).collect();
    Output { status, checks, alerts, timestamp: moment::rfc3339(SystemTime::now()) }
}

async fn find(check: Check) -> Result<Finding, Failure> {
    match check {
        Check::Cpu => {
            let (before, now) = reading::read_twice(WINDOW, Times::read).await?;
            Ok(BUSY.judge(now.usage_since(&before), "the processors are busy"))
        }
        Check::Memory => {
            let memory = reading::read(Memory::read).await?;
            Ok(BUSY.judge(memory.percent, "the memory is in use"))
        }
        Check::Disk => Ok(fullest(&reading::read(filesystems::rooms).await?)),
        Check::Services => Ok(services().await),
        Check::Network => {
            let way_out = reading::read(network::way_out).await?;
            Ok(way_out.map_or_else(no_way_out, |interface| Finding::fine(Value::Text(interface))))
        }
        Check::Time => Ok(time(clock::is_kept_right().await)),
    }
}

impl Limits {
    fn judge(self, percent: f64, what: &str) -> Finding {
        let state = if percent >= self.critical {
            State::Critical
        } else if percent >= self.warning {
            State::Warning
        } else {
            State::Ok
        };
        let alert = (state > State::Ok).then(|| format!("{what}: {percent} %, the limit is {} %", self.warning));
        Finding { state, value: Value::Number(percent), limit: Some(Value::Number(self.warning)), alert }
    }
}

impl Finding {
    fn fine(value: Value) -> Self {
        Self { state: State::Ok, value, limit: None, alert: None }
    }

    fn unknown(reason: String) -> Self {
        Self { state: State::Unknown, value: Value::Text(reason), limit: None, alert: None }
    }
}

fn fullest(rooms: &[Room]) -> Finding {
    let fullest = rooms.iter().max_by(|one, other| one.percent.total_cmp(&other.percent));
    match fullest {
        Some(room) => FULL.judge(room.percent, &format!("`{}` is full", room.mount)),
        None => Finding::unknown("no local file system".to_owned()),
    }
}

async fn services() -> Finding {
    let services = async { Manager::find().await?.services().await };
    match services.await {
        Ok(services) => {
            let failed = services.iter().filter(|service| service.has_failed()).map(|service| service.name.as_str());
            failed_services(&failed.collect::<Vec<_>>())
        }
        Err(failure) => Finding::unknown(failure.message),
    }
}

fn failed_services(failed: &[&str]) -> Finding {
    let value = Value::Number(failed.len() as f64);
    if failed.is_empty() {
        return Finding { limit: Some(Value::Number(1.0)), ..Finding::fine(value) };
    }
    let alert = Some(format!("failed services: {}", failed.join(", ")));
    Finding { state: State::Warning, value, limit: Some(Value::Number(1.0)), alert }
}

fn no_way_out() -> Finding {
    let alert = Some("no route leads out of this machine".to_owned());
    Finding { state: State::Warning, value: Value::Text("no route".to_owned()), limit: None, alert }
}

fn time(kept_right: Option<bool>) -> Finding {
    match kept_right {
        Some(true) => Finding::fine(Value::Text("synchronized".to_owned())),
        Some(false) => {
            let alert = Some("the clock is not kept right by the network".to_owned());
            Finding { state: State::Warning, value: Value::Text("not synchronized".to_owned()), limit: None, alert }
        }
        None => Finding::unknown("nothing here says whether the clock is right".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_those_of_the_manual() {
        let check = |limits: Limits, percent: f64, expected| {
            assert_eq!(limits.judge(percent, "it is busy").state, expected, "{percent}");
        };
        check(BUSY, 0.0, State::Ok);
        check(BUSY, 79.9, State::Ok);
        check(BUSY, 80.0, State::Warning);
        check(BUSY, 94.9, State::Warning);
        check(BUSY, 95.0, State::Critical);
        check(FULL, 84.9, State::Ok);
        check(FULL, 85.0, State::Warning);
        check(FULL, 95.1, State::Critical);
    }

    #[test]
    fn the_worst_finding_is_the_status() {
        let check = |findings: &[(Check, Finding)], expected, alerts: usize| {
            let output = summary(findings.iter().cloned().collect());
            assert_eq!((output.status, output.alerts.len()), (expected, alerts));
        };
        let cpu = |percent| (Check::Cpu, BUSY.judge(percent, "the processors are busy"));
        check(&[cpu(1.0), (Check::Time, time(None))], Health::Healthy, 0);
        check(&[cpu(1.0), (Check::Time, time(Some(false)))], Health::Warning, 1);
        check(&[cpu(1.0), (Check::Services, failed_services(&["a", "b"]))], Health::Warning, 1);
        check(&[cpu(99.0), (Check::Network, no_way_out())], Health::Critical, 2);
        check(&[(Check::Disk, fullest(&[]))], Health::Healthy, 0);
        check(&[(Check::Services, failed_services(&[]))], Health::Healthy, 0);
    }
}
