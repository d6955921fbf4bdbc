//! `switchboard restart`: the running node replaced by a new process of the program that is on disk now.

use clap::Args;
use client::Restarted;
use serde::Serialize;

use crate::text::{Text, Tone};
use crate::{Context, Error, Exit, Report, control};

/// Restart the running node without losing a call, also into another version of the program.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard restart
  switchboard restart --url http://127.0.0.1:4000")]
pub struct Restart {}

#[derive(Serialize)]
#[serde(transparent)]
struct Shown(Restarted);

impl Restart {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let restarted = Shown(control::node(context)?.restart_node().await?);
        context.terminal.show(&restarted)?;
        Ok(Exit::Done)
    }
}

impl Report for Shown {
    fn text(&self) -> Text {
        let Restarted { pid, version, former_pid } = &self.0;
        Text::plain("process ")
            .and(Tone::Strong, pid.to_string())
            .and(Tone::Plain, format!(" of version {version} has taken the node over"))
            .and(Tone::Faint, format!(", process {former_pid} finishes its calls"))
    }
}
