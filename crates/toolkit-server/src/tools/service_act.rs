//! What the tools that start, stop, restart and reload a service have in common: their arguments, the run and the plan.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use toolkit::Failure;

use crate::units::{Act, Manager, Outcome, UnitName};

/// Other names of the argument `service`.
pub(crate) const SERVICE_ALIASES: &[(&str, &str)] =
    &[("serviceName", "service"), ("service_name", "service"), ("name", "service")];
/// The longest time that an act is waited for, in seconds.
const WAIT_S_MAX: u64 = 600;
/// Seconds that such a tool may take: the wait and what comes before and after it.
pub(crate) const TIMEOUT_S: u64 = 60;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The service, by its name: `nginx` or `nginx.service`.
    service: String,
    /// How long to wait for the service to be where it should, at most 600.
    #[serde(default = "half_a_minute")]
    #[schemars(range(min = 0, max = 600))]
    wait_s: u64,
}

fn half_a_minute() -> u64 {
    30
}

impl Input {
    fn name(&self) -> Result<UnitName, Failure> {
        if self.wait_s > WAIT_S_MAX {
            return Err(Failure::invalid("wait_s", format!("`wait_s` must be from 0 to {WAIT_S_MAX}")));
        }
        UnitName::parse(&self.service)
    }
}

/// Does it.
pub(crate) async fn run(act: Act, input: Input) -> Result<Outcome, Failure> {
    let name = input.name()?;
    Manager::find().await?.act(act, &name, Duration::from_secs(input.wait_s)).await
}

/// Says what would be done.
pub(crate) async fn plan(act: Act, input: Input) -> Result<Vec<String>, Failure> {
    let name = input.name()?;
    let status = Manager::find().await?.target(act, &name).await?;
    let (verb, wait_s) = (act.verb(), input.wait_s);
    Ok(vec![
        format!("`{}` is {} ({})", status.name, status.active, status.sub_state),
        format!("{verb} it, and wait up to {wait_s} s for that"),
    ])
}
