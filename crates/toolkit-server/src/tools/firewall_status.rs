//! `firewall_status`: what the firewall lets in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use crate::firewall::{Backend, Status};

/// Looks at the firewall.
pub(crate) struct FirewallStatus;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    #[serde(flatten)]
    status: Status,
}

impl Tool for FirewallStatus {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "firewall_status";
    const ABOUT: &'static str =
        "Says what the firewall of this machine (firewalld, ufw or nftables) lets in and keeps out.";
    const MARKS: Marks = Marks::reads().idempotent();
    const EXAMPLES: &'static [&'static str] = &["{}"];

    async fn run(&self, _: Input, _: &Call) -> Result<Output, Failure> {
        Ok(Output { status: Backend::find().await?.status().await? })
    }
}
