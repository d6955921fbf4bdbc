//! `firewall_rule`: opens or closes a port.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};
use workbench::Command;

use crate::{
    firewall::{Backend, Change, Opening, Protocol, Rule},
    reading, sockets,
};

/// Opens and closes ports.
pub(crate) struct FirewallRule;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// What to do.
    action: Change,
    /// The port.
    #[schemars(range(min = 1))]
    port: u16,
    /// Of which protocol.
    #[serde(default)]
    protocol: Protocol,
    /// In which zone of firewalld; its default zone if it is left out.
    zone: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// Whether anything had to be done.
    changed: bool,
    /// What is let in and kept out now.
    rules: Vec<Rule>,
    message: String,
}

impl Tool for FirewallRule {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "firewall_rule";
    const ABOUT: &'static str = "Opens a port for everybody, or takes that back (firewalld, ufw or nftables). The ports of SSH \
        and of Switchboard are never closed.";
    const MARKS: Marks = Marks::destroys().confirmed();
    const INVALIDATES: Option<&'static [&'static str]> = Some(&["firewall_status"]);
    const EXAMPLES: &'static [&'static str] = &[r#"{"action": "open", "port": 8080, "confirm": true}"#];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        let prepared = prepare(input).await?;
        let changed = !prepared.commands.is_empty();
        let message = if changed {
            format!("port {} is {}; {}", prepared.port, prepared.past, prepared.backend.note())
        } else {
            format!("port {} was {} already", prepared.port, prepared.past)
        };
        for command in prepared.commands {
            command.succeed().await?;
        }
        let rules = prepared.backend.status().await?.rules;
        Ok(Output { changed, rules, message })
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        let prepared = prepare(input).await?;
        if prepared.commands.is_empty() {
            return Ok(vec![format!("nothing: port {} is {} already", prepared.port, prepared.past)]);
        }
        Ok(prepared.commands.iter().map(Command::step).collect())
    }
}

/// A change that is allowed, with the commands that make it.
struct Prepared {
    port: u16,
    past: &'static str,
    backend: Backend,
    commands: Vec<Command>,
}

async fn prepare(input: Input) -> Result<Prepared, Failure> {
    let opening = Opening::new(input.port, input.protocol, input.zone)?;
    if input.action == Change::Close {
        opening.check_close(&reading::read(sockets::ports).await?)?;
    }
    let backend = Backend::find().await?;
    let commands = backend.commands(input.action, &opening).await?;
    let past = match input.action {
        Change::Open => "open",
        Change::Close => "closed",
    };
    Ok(Prepared { port: opening.port, past, backend, commands })
}
