//! The step that holds calls back from a server that fails, and from a tool of it where the configuration says so: who comes
//! is told at once why, and when it is tried again. The rules are in `traffic`; here they are applied to one server.
//!
//! In reading order: `permit` (what a call needs to be sent), `breakers` (who gives it, for one server), `fuse` (one breaker
//! with its reasons).

mod breakers;
mod fuse;
mod permit;

use std::time::Duration;

use config::Config;
pub use traffic::breaker::State as Passes;

pub(super) use self::permit::admit;
pub(crate) use self::permit::try_out;
pub use self::{
    breakers::{Breakers, Report},
    permit::Permit,
};

/// How soon to come again while a server is being tried out.
const TRIED_OUT_WITHIN: Duration = Duration::from_secs(1);

/// When calls are held back and when they are sent once more, as the configuration says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules {
    breaker: traffic::breaker::Rules,
    retry: traffic::retry::Rules,
}

impl Rules {
    /// The rules of a configuration.
    pub fn of(config: &Config) -> Self {
        let (breaker, retry) = (&config.breaker, &config.retry);
        Self {
            breaker: traffic::breaker::Rules {
                failures: breaker.failures,
                window: Duration::from_secs(breaker.window_s),
                window_calls: breaker.window_calls,
                window_percent: breaker.window_percent,
                open: Duration::from_secs(breaker.open_s),
                open_max: Duration::from_secs(breaker.open_s_max),
                successes: breaker.successes,
            },
            retry: traffic::retry::Rules {
                attempts: retry.attempts,
                wait: Duration::from_millis(retry.wait_ms),
                wait_max: Duration::from_millis(retry.wait_ms_max),
                budget_percent: retry.budget_percent,
            },
        }
    }
}
