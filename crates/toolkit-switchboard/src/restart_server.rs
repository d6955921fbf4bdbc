//! `restart_server`: replaces a server by a fresh one.

use gateway::Current;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Code, Failure, Marks, Tool};

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

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        self.0.restart(&input.server).map_err(|_| self.unknown(&input.server))?;
        Ok(Output { state: "starting", message: format!("`{}` starts anew with the next call", input.server) })
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        if !self.names().contains(&input.server) {
            return Err(self.unknown(&input.server));
        }
        Ok(vec![
            format!("put a fresh `{}` in the place of the old one", input.server),
            "let the calls that run finish on the old one, then stop it".to_owned(),
        ])
    }
}

impl RestartServer {
    fn names(&self) -> Vec<String> {
        self.0.now().members().iter().map(|member| member.upstream.name.to_string()).collect()
    }

    fn unknown(&self, server: &str) -> Failure {
        let names = self.names();
        let hint = mcp::nearest::hint(server, names.iter().map(String::as_str));
        let failure = Failure::new(Code::NotFound, format!("there is no server `{server}`"));
        Failure { field: Some("server".to_owned()), ..failure.hint(hint.unwrap_or_default()) }
    }
}
