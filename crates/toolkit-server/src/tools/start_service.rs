//! `start_service`: brings a service up.

use toolkit::{Call, Failure, Marks, Tool};

use super::{
    CHANGED_PROCESSES,
    service_act::{self, Input},
};
use crate::units::{Act, Outcome};

/// Starts services.
pub(crate) struct StartService;

impl Tool for StartService {
    type Input = Input;
    type Output = Outcome;

    const NAME: &'static str = "start_service";
    const ABOUT: &'static str = "Brings a service up and says what it does then. One that is up stays as it is.";
    const MARKS: Marks = Marks::destroys().confirmed();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_PROCESSES);
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] = service_act::SERVICE_ALIASES;
    const TIMEOUT_S: u64 = service_act::TIMEOUT_S;
    const EXAMPLES: &'static [&'static str] = &[r#"{"service": "nginx", "confirm": true}"#];

    async fn run(&self, input: Input, _: &Call) -> Result<Outcome, Failure> {
        service_act::run(Act::Start, input).await
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        service_act::plan(Act::Start, input).await
    }
}
