//! `switchboard server edit`: keys of one server's section, set or taken away.

use clap::Args;

use crate::change::{change, set};
use crate::{Context, Error, Exit, completion};

/// Set keys of a server, such as `era=legacy`; `KEY=` takes one away, so that its default holds.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard server edit git era=legacy idle_stop_s=60
  switchboard server edit git 'env.GIT_TOKEN=${env:GIT_TOKEN}' hide:='[\"*_force\"]'
  switchboard server edit git cwd=")]
pub(super) struct Edit {
    /// The name of the server.
    #[arg(add = completion::servers())]
    server: String,
    /// The keys and their values, typed by the configuration; `KEY:=JSON` for lists and tables.
    #[arg(required = true, value_name = "KEY=VALUE")]
    keys: Vec<String>,
}

impl Edit {
    /// Runs the verb.
    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let changed = change(("changed", "server", &self.server), context, |edit| {
            let names = edit.names("servers");
            if !names.contains(&self.server) {
                let names = names.iter().map(String::as_str);
                return Err(Error::unknown("server", &self.server, names, "server list"));
            }
            set(edit, "servers", &self.server, &self.keys)
        })?;
        context.terminal.show(&changed)?;
        Ok(Exit::Done)
    }
}
