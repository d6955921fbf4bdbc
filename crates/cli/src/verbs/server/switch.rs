//! `switchboard server enable` and `disable`: one switch, both ways.

use clap::Args;

use crate::change::change;
use crate::{Context, Error, Exit, completion};

/// Let a server take part again.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard server enable git")]
pub(super) struct Enable {
    /// The name of the server.
    #[arg(add = completion::servers())]
    server: String,
}

/// Keep a server out without forgetting its settings.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard server disable git")]
pub(super) struct Disable {
    /// The name of the server.
    #[arg(add = completion::servers())]
    server: String,
}

impl Enable {
    /// Runs the verb.
    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        switch("enabled", &self.server, true, context)
    }
}

impl Disable {
    /// Runs the verb.
    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        switch("disabled", &self.server, false, context)
    }
}

fn switch(did: &'static str, server: &str, on: bool, context: &mut Context<'_>) -> Result<Exit, Error> {
    let changed = change((did, "server", server), context, |edit| Ok(edit.enable(server, on)?))?;
    context.terminal.show(&changed)?;
    Ok(Exit::Done)
}
