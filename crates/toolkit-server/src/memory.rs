//! How much memory there is and how much of it can still be had.

use procfs::{Meminfo, prelude::*};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{error::Error, percent};

/// The memory of this machine, in bytes.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Memory {
    /// All there is.
    total: u64,
    /// What programs hold: `total` without `available`.
    used: u64,
    /// What nothing uses, not even the cache.
    free: u64,
    /// What programs can have without swapping; the cache makes room.
    available: u64,
    /// `used` of `total`.
    pub(crate) percent: f64,
    /// The swap.
    swap: Swap,
}

/// Memory on disk, in bytes.
#[derive(Debug, Serialize, JsonSchema)]
struct Swap {
    total: u64,
    used: u64,
    free: u64,
    percent: f64,
}

impl Memory {
    /// Reads it.
    pub(crate) fn read() -> Result<Self, Error> {
        Meminfo::current().map(|info| Self::of(&info)).map_err(Error::kernel("the memory"))
    }

    fn of(info: &Meminfo) -> Self {
        let total = info.mem_total;
        // kernels before 3.14 do not say what is available
        let available = info.mem_available.unwrap_or(info.mem_free + info.buffers + info.cached).min(total);
        let used = total - available;
        let (swap_total, swap_free) = (info.swap_total, info.swap_free);
        let swap_used = swap_total.saturating_sub(swap_free);
        let swap =
            Swap { total: swap_total, used: swap_used, free: swap_free, percent: percent::of(swap_used, swap_total) };
        Self { total, used, free: info.mem_free, available, percent: percent::of(used, total), swap }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(text: &str) -> Memory {
        let rest = "Buffers: 0 kB\nCached: 10 kB\nSwapCached: 0 kB\nActive: 0 kB\nInactive: 0 kB\nSwapTotal: 100 kB\n\
            SwapFree: 75 kB\nDirty: 0 kB\nWriteback: 0 kB\nMapped: 0 kB\nSlab: 0 kB\nCommitted_AS: 0 kB\n\
            VmallocTotal: 0 kB\nVmallocUsed: 0 kB\nVmallocChunk: 0 kB\n";
        Memory::of(&Meminfo::from_read(format!("{text}{rest}").as_bytes()).unwrap())
    }

    #[test]
    fn what_the_cache_holds_is_not_used() {
        let check = |text: &str, expected: (u64, u64, f64)| {
            let memory = memory(text);
            assert_eq!((memory.used, memory.available, memory.percent), expected, "{text}");
        };
        check("MemTotal: 100 kB\nMemFree: 20 kB\nMemAvailable: 60 kB\n", (40 * 1_024, 60 * 1_024, 40.0));
        check("MemTotal: 100 kB\nMemFree: 20 kB\n", (70 * 1_024, 30 * 1_024, 70.0));
        check("MemTotal: 100 kB\nMemFree: 20 kB\nMemAvailable: 160 kB\n", (0, 100 * 1_024, 0.0));
    }

    #[test]
    fn swap_is_counted_on_its_own() {
        let memory = memory("MemTotal: 1 kB\nMemFree: 1 kB\n");
        assert_eq!((memory.swap.used, memory.swap.percent), (25 * 1_024, 25.0));
    }
}
