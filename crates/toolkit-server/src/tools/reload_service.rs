//! `reload_service`: makes a service read its configuration again.

use toolkit::{Call, Failure, Marks, Tool};

use super::{
    CHANGED_PROCESSES,
    service_act::{self, Input},
};
use crate::units::{Act, Outcome};

/// Reloads services.
pub(crate) struct ReloadService;

impl Tool for ReloadService {
    type Input = Input;
    type Output = Outcome;

    const NAME: &'static str = "reload_service";
    const ABOUT: &'static str = "Makes a service read its configuration again without taking it down.";
    const MARKS: Marks = Marks::destroys().confirmed();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_PROCESSES);
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] = service_act::SERVICE_ALIASES;
    const TIMEOUT_S: u64 = service_act::TIMEOUT_S;
    const EXAMPLES: &'static [&'static str] = &[r#"{"service": "nginx", "confirm": true}"#];

    async fn run(&self, input: Input, _: &Call) -> Result<Outcome, Failure> {
        service_act::run(Act::Reload, input).await
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        service_act::plan(Act::Reload, input).await
    }
}
