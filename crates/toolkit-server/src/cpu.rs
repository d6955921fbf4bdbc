//! What the processors are and how busy they were between two readings.

use procfs::{CpuInfo, CpuTime, KernelStats, prelude::*};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{error::Error, percent};

/// The processors of this machine.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Cpu {
    /// Its name, as the maker gives it.
    brand: Option<String>,
    /// How many cores the system sees.
    cores: usize,
    /// The speed of the first core right now.
    speed_mhz: Option<f64>,
}

/// Looks at the processors.
pub(crate) fn describe() -> Result<Cpu, Error> {
    let info = CpuInfo::current().map_err(Error::kernel("the processors"))?;
    let field = |name| info.get_field(0, name);
    // other architectures than x86 name the machine in other fields, or not at all
    let brand = field("model name").or_else(|| field("cpu model")).or_else(|| field("uarch"));
    let speed_mhz = field("cpu MHz").and_then(|speed| speed.parse().ok()).map(percent::rounded);
    Ok(Cpu { brand: brand.map(str::to_owned), cores: info.num_cores(), speed_mhz })
}

/// How the processors have spent their time since the start, in ticks.
#[derive(Clone, Debug)]
pub(crate) struct Times {
    total: Time,
    cores: Vec<Time>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Time {
    busy: u64,
    all: u64,
}

impl Times {
    /// Reads them.
    pub(crate) fn read() -> Result<Self, Error> {
        let stats = KernelStats::current().map_err(Error::kernel("the times of the processors"))?;
        Ok(Self { total: Time::of(&stats.total), cores: stats.cpu_time.iter().map(Time::of).collect() })
    }

    /// How many cores there are.
    pub(crate) fn cores(&self) -> usize {
        self.cores.len()
    }

    /// How busy all of them together were since an earlier reading, in percent.
    pub(crate) fn usage_since(&self, before: &Self) -> f64 {
        self.total.usage_since(before.total)
    }

    /// How busy each was since an earlier reading, in percent.
    pub(crate) fn usage_per_core_since(&self, before: &Self) -> Vec<f64> {
        self.cores.iter().zip(&before.cores).map(|(now, before)| now.usage_since(*before)).collect()
    }
}

impl Time {
    /// Time of guests is part of the user's already; waiting for a disk is idleness.
    fn of(time: &CpuTime) -> Self {
        let some = Option::unwrap_or_default;
        let busy = time.user + time.nice + time.system + some(time.irq) + some(time.softirq) + some(time.steal);
        Self { busy, all: busy + time.idle + some(time.iowait) }
    }

    /// The kernel may count a little back when a core comes and goes, so differences stop at zero.
    fn usage_since(self, before: Self) -> f64 {
        percent::of(self.busy.saturating_sub(before.busy), self.all.saturating_sub(before.all)).min(100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "one decimal is exactly what is promised")]
    fn usage_is_what_was_not_idle_between_two_readings() {
        let check = |before: (u64, u64), now: (u64, u64), expected: f64| {
            let time = |(busy, all)| Time { busy, all };
            assert_eq!(time(now).usage_since(time(before)), expected);
        };
        check((100, 1_000), (150, 1_100), 50.0);
        check((100, 1_000), (100, 1_100), 0.0);
        check((100, 1_000), (200, 1_100), 100.0);
        check((100, 1_000), (100, 1_000), 0.0);
        check((100, 1_000), (90, 1_100), 0.0);
        check((100, 1_000), (300, 1_100), 100.0);
    }

    #[test]
    fn this_machine_has_processors() {
        let cpu = describe().unwrap();
        assert!(cpu.cores > 0, "{cpu:?}");
        assert_eq!(Times::read().unwrap().cores(), cpu.cores);
    }
}
