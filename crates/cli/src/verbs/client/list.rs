//! `switchboard client list`: which clients there are, where their files are, and what stands in them.

use clap::Args;
use serde::Serialize;

use crate::{
    Context, Error, Exit, Report, Text, Tone, Word,
    clients::{self, Ledger, Which},
};

/// List the MCP clients that are known, and which of them are on this machine.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:\n  switchboard client list\n  switchboard client list --project --json")]
pub(super) struct List {
    #[command(flatten)]
    which: Which,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Clients(Vec<Row>);

#[derive(Serialize)]
struct Row {
    client: &'static str,
    title: &'static str,
    file: String,
    found: bool,
    /// None if the file cannot be read.
    servers: Option<usize>,
    /// The name under which Switchboard is installed there.
    installed: Option<String>,
}

impl List {
    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let (places, ledger) = (clients::places()?, Ledger::of_process()?);
        let mut rows = Vec::new();
        for client in adoption::Client::ALL {
            let file = match self.which.file(client, &places) {
                Ok(Some(file)) => file,
                Ok(None) => continue,
                Err(error) => {
                    context.terminal.problem(
                        Word::Warning,
                        &format!("{}: {}", client.title, error.with_causes()),
                        None,
                    );
                    continue;
                }
            };
            let servers = file.servers().inspect_err(|error| {
                context.terminal.problem(Word::Warning, &error.with_causes(), error.hint().as_deref());
            });
            let servers = servers.ok();
            let entry = ledger.find(&file.path)?.map(|entry| entry.name);
            let stands = |name: &String| servers.iter().flatten().any(|server| server.name == *name);
            rows.push(Row {
                client: client.key,
                title: client.title,
                file: file.path.display().to_string(),
                found: file.is_found(),
                servers: servers.as_ref().map(Vec::len),
                installed: entry.filter(stands),
            });
        }
        context.terminal.show(&Clients(rows))?;
        Ok(Exit::Done)
    }
}

impl Report for Clients {
    fn text(&self) -> Text {
        let row = |row: &Row| {
            let state = match (&row.installed, row.found, row.servers) {
                (Some(name), ..) => Text::default().and(Tone::Good, format!("installed as `{name}`")),
                (None, false, _) => Text::default().and(Tone::Faint, "not found"),
                (None, true, None) => Text::default().and(Tone::Bad, "cannot be read"),
                (None, true, Some(1)) => Text::plain("1 server"),
                (None, true, Some(count)) => Text::plain(format!("{count} servers")),
            };
            vec![Text::default().and(Tone::Strong, row.client), Text::plain(row.title), state, Text::plain(&row.file)]
        };
        Text::table(&self.0.iter().map(row).collect::<Vec<_>>())
    }
}
