//! `stop_service`: takes a service down.

use toolkit::{Call, Failure, Marks, Tool};

use super::{
    CHANGED_PROCESSES,
    service_act::{self, Input},
};
use crate::units::{Act, Outcome};

/// Stops services.
pub(crate) struct StopService;

impl Tool for StopService {
    type Input = Input;
    type Output = Outcome;

    const NAME: &'static str = "stop_service";
    const ABOUT: &'static str =
        "Takes a service down and says what it does then. Services by which this machine is reached are out of reach.";
    const MARKS: Marks = Marks::destroys().confirmed();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_PROCESSES);
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] = service_act::SERVICE_ALIASES;
    const TIMEOUT_S: u64 = service_act::TIMEOUT_S;
    const EXAMPLES: &'static [&'static str] = &[r#"{"service": "nginx", "confirm": true}"#];

    async fn run(&self, input: Input, _: &Call) -> Result<Outcome, Failure> {
        service_act::run(Act::Stop, input).await
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        service_act::plan(Act::Stop, input).await
    }
}
