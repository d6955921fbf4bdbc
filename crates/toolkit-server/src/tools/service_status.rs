//! `service_status`: one service, closely.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use super::service_act::SERVICE_ALIASES;
use crate::units::{Manager, Status, UnitName};

/// Looks at a service.
pub(crate) struct ServiceStatus;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The service, by its name: `nginx` or `nginx.service`.
    service: String,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    #[serde(flatten)]
    status: Status,
}

impl Tool for ServiceStatus {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "service_status";
    const ABOUT: &'static str = "Says how one service is: its state, first process, memory, how long it has been up, and how \
        often it was started again.";
    const MARKS: Marks = Marks::reads().idempotent();
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] = SERVICE_ALIASES;
    const EXAMPLES: &'static [&'static str] = &[r#"{"service": "nginx"}"#];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        let name = UnitName::parse(&input.service)?;
        Ok(Output { status: Manager::find().await?.status(&name).await? })
    }
}
