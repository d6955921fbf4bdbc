//! Rules of `[jobs]`: a bound that another bound makes meaningless.

use crate::Jobs;
use crate::path::KeyPath;
use crate::problem::Problems;

/// Reports what is wrong with `jobs`.
pub(super) fn check(jobs: &Jobs, problems: &mut Problems<'_>) {
    if jobs.backoff_ms > jobs.backoff_ms_max {
        let message = format!("{} is more than `backoff_ms_max`, which is {}", jobs.backoff_ms, jobs.backoff_ms_max);
        problems.add(
            &KeyPath::of(["jobs", "backoff_ms"]),
            message,
            "lower it, or raise `jobs.backoff_ms_max`".to_owned(),
        );
    }
    if jobs.request_bytes_max as u64 > jobs.store_bytes_max {
        let message = format!("{} is more than the store may hold", jobs.request_bytes_max);
        problems.add(
            &KeyPath::of(["jobs", "request_bytes_max"]),
            message,
            "lower it, or raise `jobs.store_bytes_max`".to_owned(),
        );
    }
}
