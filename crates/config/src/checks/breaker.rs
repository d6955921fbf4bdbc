//! Rules of `[breaker]` and `[retry]`: a bound that another one makes meaningless.

use crate::path::KeyPath;
use crate::problem::Problems;
use crate::{Breaker, Retry};

/// Reports what is wrong with both.
pub(super) fn check(breaker: &Breaker, retry: &Retry, problems: &mut Problems<'_>) {
    let mut within = |section: &str, inner: (&str, u64), outer: (&str, u64)| {
        if inner.1 > outer.1 {
            let path = KeyPath::of([section, inner.0]);
            let message = format!("{} is more than `{}`, which is {}", inner.1, outer.0, outer.1);
            problems.add(&path, message, format!("lower it, or raise `{section}.{}`", outer.0));
        }
    };
    within("breaker", ("open_s", breaker.open_s), ("open_s_max", breaker.open_s_max));
    within("retry", ("wait_ms", retry.wait_ms), ("wait_ms_max", retry.wait_ms_max));
}
