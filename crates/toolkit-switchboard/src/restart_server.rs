//! `restart_server`: replaces a server by a fresh one.

use gateway::{Current, current::NoServer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Code, Failure, Marks, Tool};

use crate::scope::Scope;

/// Restarts one server.
pub(crate) struct RestartServer(pub(crate) Current);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The server, by its name in the configuration.
    server: String,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// What it does now.
    state: &'static str,
    /// What was done.
    message: String,
}

impl Tool for RestartServer {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "restart_server";
    const ABOUT: &'static str = "Replaces a server by a fresh one. Calls that run finish on the old one; what it remembers \
        of its sessions is lost.";
    const MARKS: Marks = Marks::writes().confirmed();
    const EXAMPLES: &'static [&'static str] = &[r#"{"server": "git", "confirm": true}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        Scope::of(&self.0, &call.caller).await?.member(&input.server)?;
        let gone = |problem: NoServer| Failure::new(Code::NotFound, problem.to_string());
        self.0.restart(&input.server).map_err(gone)?;
        Ok(Output { state: "starting", message: format!("`{}` starts anew with the next call", input.server) })
    }

    async fn plan(&self, input: Input, call: &Call) -> Result<Vec<String>, Failure> {
        Scope::of(&self.0, &call.caller).await?.member(&input.server)?;
        Ok(vec![
            format!("put a fresh `{}` in the place of the old one", input.server),
            "let the calls that run finish on the old one, then stop it".to_owned(),
        ])
    }
}
