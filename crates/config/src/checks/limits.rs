//! Rules of `[limits]`: a bound that another bound makes meaningless.

use crate::Limits;
use crate::path::KeyPath;
use crate::problem::Problems;

/// Reports what is wrong with `limits`.
pub(super) fn check(limits: &Limits, problems: &mut Problems<'_>) {
    let mut within = |inner: (&str, u64), outer: (&str, u64)| {
        if inner.1 > outer.1 {
            let path = KeyPath::of(["limits", inner.0]);
            let message = format!("{} is more than `{}`, which is {}", inner.1, outer.0, outer.1);
            problems.add(&path, message, format!("lower it, or raise `limits.{}`", outer.0));
        }
    };
    let bytes = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    within(
        ("body_bytes_max", bytes(limits.body_bytes_max)),
        ("principal_bytes_max", bytes(limits.principal_bytes_max)),
    );
    within(("call_ms_max", limits.call_ms_max), ("call_total_ms_max", limits.call_total_ms_max));
    within(("session_idle_ms_max", limits.session_idle_ms_max), ("session_ms_max", limits.session_ms_max));
}
