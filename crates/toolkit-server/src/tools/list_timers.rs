//! `list_timers`: what this machine starts by the clock.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use crate::units::{Manager, Timer};

/// Lists timers.
pub(crate) struct ListTimers;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// Only timers that are waiting.
    #[serde(default)]
    active: bool,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    timers: Vec<Timer>,
    total: usize,
    /// The `cursor` of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

impl Tool for ListTimers {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "list_timers";
    const ABOUT: &'static str = "Lists the timers of this machine: what they start, when next and when last.";
    const MARKS: Marks = Marks::reads().idempotent().lists();
    const EXAMPLES: &'static [&'static str] = &["{}", r#"{"active": true}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let mut timers = Manager::find().await?.timers().await?;
        timers.retain(|timer| !input.active || timer.active);
        let page = call.shared.page(timers);
        Ok(Output { timers: page.items, total: page.total, next_cursor: page.next_cursor })
    }
}
