//! The time by which jobs and idempotency keys are kept and come to their turn: that of the clock when this process began, and
//! what has passed since. A clock that is set to another time meanwhile lets nothing expire early and nothing wait for years.
//! It is not for what means a moment of the calendar, such as the end of a token.

use std::{
    sync::LazyLock,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

/// When this process first wanted to know, by both clocks.
static BEGAN: LazyLock<(u64, Instant)> = LazyLock::new(|| {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (since_1970.as_millis() as u64, Instant::now())
});

/// Milliseconds since 1970, if nobody has set the clock.
pub(crate) fn now_ms() -> u64 {
    let (began_ms, began) = &*BEGAN;
    began_ms.saturating_add(began.elapsed().as_millis() as u64)
}
