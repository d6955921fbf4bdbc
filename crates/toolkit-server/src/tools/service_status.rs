//! `service_status`: one service, closely.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use super::service_act::SERVICE_ALIASES;
use crate::{
    journal::{self, Entry, LINES_MAX, Question},
    units::{Manager, Status, UnitName},
};

/// Looks at a service.
pub(crate) struct ServiceStatus;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The service, by its name: `nginx` or `nginx.service`.
    service: String,
    /// How many of the last entries of its log, at most 1000.
    #[serde(default = "ten")]
    #[schemars(range(min = 0, max = 1000))]
    lines: usize,
}

fn ten() -> usize {
    10
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    #[serde(flatten)]
    status: Status,
    /// The last entries of its log, the oldest first.
    logs: Vec<Entry>,
    /// Why there is no log.
    #[serde(skip_serializing_if = "Option::is_none")]
    logs_missing: Option<String>,
}

impl Tool for ServiceStatus {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "service_status";
    const ABOUT: &'static str = "Says how one service is: its state, first process, memory, how long it has been up, how often \
        it was started again, and the last lines of its log.";
    const MARKS: Marks = Marks::reads().idempotent();
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] = SERVICE_ALIASES;
    const EXAMPLES: &'static [&'static str] = &[r#"{"service": "nginx"}"#];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        if input.lines > LINES_MAX {
            return Err(Failure::invalid("lines", format!("`lines` must be from 0 to {LINES_MAX}")));
        }
        let unit = UnitName::parse(&input.service)?;
        let manager = Manager::find().await?;
        let status = manager.status(&unit).await?;
        if input.lines == 0 {
            return Ok(Output { status, logs: Vec::new(), logs_missing: None });
        }
        // what systemd knows is worth telling without its journal too
        let asked = async {
            manager.check_journal()?;
            journal::ask(&Question::last(unit, input.lines)).await
        };
        match asked.await {
            Ok(answer) => Ok(Output { status, logs: answer.entries, logs_missing: None }),
            Err(failure) => Ok(Output { status, logs: Vec::new(), logs_missing: Some(failure.message) }),
        }
    }
}
