//! What a container uses of the machine: two samples of the engine and what lies between them.

use bollard::{models::ContainerStatsResponse, query_parameters::StatsOptions};
use futures_util::StreamExt as _;
use schemars::JsonSchema;
use serde::Serialize;
use toolkit::{Code, Failure};

use crate::{container::Container, engine::Engine, error::During as _};

/// What a container uses.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Usage {
    /// Time of processors, where 100 is the whole of one.
    pub(crate) cpu_percent: f64,
    /// Memory without what is only cached from files.
    pub(crate) memory: Memory,
    /// What was read from and written to block devices since it started.
    pub(crate) io: Traffic,
    /// What came and went over networks since it started.
    pub(crate) network: Traffic,
    /// Processes and threads.
    pub(crate) pids: u64,
}

/// Memory of a container.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Memory {
    /// Bytes in use.
    pub(crate) used_bytes: u64,
    /// Bytes it may use; that of the machine if nobody set a limit.
    pub(crate) limit_bytes: u64,
    /// How much of the limit is in use.
    pub(crate) percent: f64,
}

/// Bytes that went in and out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Traffic {
    /// Read, or received.
    pub(crate) in_bytes: u64,
    /// Written, or sent.
    pub(crate) out_bytes: u64,
}

impl Usage {
    /// What it uses now, seen over the second that engines leave between two samples.
    pub(crate) async fn of(container: &Container, engine: &Engine) -> Result<Self, Failure> {
        let options = StatsOptions { stream: true, one_shot: false };
        let mut samples = Box::pin(engine.stats(&container.id, Some(options)));
        let act = || format!("measure `{}`", container.name);
        let first = samples.next().await.transpose().during(act())?;
        let second = samples.next().await.transpose().during(act())?;
        let (Some(first), Some(second)) = (first, second) else { return Err(not_running(container)) };
        if second.cpu_stats.as_ref().and_then(|cpu| cpu.cpu_usage.as_ref()?.total_usage).unwrap_or_default() == 0 {
            return Err(not_running(container));
        }
        Ok(Self::between(&first, &second))
    }

    fn between(first: &ContainerStatsResponse, second: &ContainerStatsResponse) -> Self {
        let memory = second.memory_stats.clone().unwrap_or_default();
        let stats = memory.stats.unwrap_or_default();
        // the first is the word of version 1 of control groups, the second that of version 2
        let cached = ["total_inactive_file", "inactive_file"].iter().find_map(|name| stats.get(*name));
        let used_bytes = memory.usage.unwrap_or_default().saturating_sub(cached.copied().unwrap_or_default());
        let limit_bytes = memory.limit.unwrap_or_default();
        Self {
            cpu_percent: rounded(cpu_percent(first, second)),
            memory: Memory { used_bytes, limit_bytes, percent: rounded(share(used_bytes, limit_bytes)) },
            io: io(second),
            network: network(second),
            pids: second.pids_stats.as_ref().and_then(|pids| pids.current).unwrap_or_default(),
        }
    }
}

fn cpu_percent(first: &ContainerStatsResponse, second: &ContainerStatsResponse) -> f64 {
    let own = |sample: &ContainerStatsResponse| sample.cpu_stats.as_ref()?.cpu_usage.as_ref()?.total_usage;
    let all = |sample: &ContainerStatsResponse| sample.cpu_stats.as_ref()?.system_cpu_usage;
    let between = |read: &dyn Fn(&ContainerStatsResponse) -> Option<u64>| {
        read(second).unwrap_or_default().saturating_sub(read(first).unwrap_or_default())
    };
    let processors = second.cpu_stats.as_ref().and_then(|cpu| cpu.online_cpus).unwrap_or(1).max(1);
    share(between(&own), between(&all)) * f64::from(processors)
}

fn io(sample: &ContainerStatsResponse) -> Traffic {
    let entries = sample.blkio_stats.iter().flat_map(|io| io.io_service_bytes_recursive.iter().flatten());
    entries.fold(Traffic::default(), |mut io, entry| {
        let bytes = entry.value.unwrap_or_default();
        match entry.op.as_deref().unwrap_or_default().to_ascii_lowercase().as_str() {
            "read" => io.in_bytes += bytes,
            "write" => io.out_bytes += bytes,
            _ => {}
        }
        io
    })
}

fn network(sample: &ContainerStatsResponse) -> Traffic {
    let networks = sample.networks.iter().flat_map(|networks| networks.values());
    networks.fold(Traffic::default(), |all, one| Traffic {
        in_bytes: all.in_bytes + one.rx_bytes.unwrap_or_default(),
        out_bytes: all.out_bytes + one.tx_bytes.unwrap_or_default(),
    })
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}

fn rounded(percent: f64) -> f64 {
    (percent * 100.0).round() / 100.0
}

fn not_running(container: &Container) -> Failure {
    Failure::new(Code::Conflict, format!("`{}` does not run, so it uses nothing", container.name))
        .hint("start it with `start_container`")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn usage_lies_between_two_samples() {
        let sample = |own: u64, all: u64| {
            serde_json::from_value::<ContainerStatsResponse>(json!({
                "cpu_stats": {"cpu_usage": {"total_usage": own}, "system_cpu_usage": all, "online_cpus": 2},
                "memory_stats": {"usage": 3_000, "limit": 8_000, "stats": {"inactive_file": 1_000}},
                "blkio_stats": {"io_service_bytes_recursive": [{"op": "Read", "value": 7}, {"op": "write", "value": 9}]},
                "networks": {"eth0": {"rx_bytes": 1, "tx_bytes": 2}, "eth1": {"rx_bytes": 3, "tx_bytes": 4}},
                "pids_stats": {"current": 5},
            }))
            .unwrap()
        };
        let usage = Usage::between(&sample(1_000, 10_000), &sample(1_500, 11_000));
        assert_eq!(
            usage,
            Usage {
                cpu_percent: 100.0,
                memory: Memory { used_bytes: 2_000, limit_bytes: 8_000, percent: 25.0 },
                io: Traffic { in_bytes: 7, out_bytes: 9 },
                network: Traffic { in_bytes: 4, out_bytes: 6 },
                pids: 5,
            }
        );
    }
}
