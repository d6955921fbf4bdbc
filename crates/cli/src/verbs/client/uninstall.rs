//! `switchboard client uninstall`: a client's file as it was before.

use adoption::Client;
use clap::Args;
use serde::Serialize;

use crate::{
    Context, Error, Exit, Report, Text,
    clients::{self, ClientFile, Installation, Ledger, Which},
};

/// Take Switchboard out of clients. A file that nobody has touched since gets back every byte it had.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard client uninstall claude-desktop
  switchboard client uninstall vscode --project")]
pub(super) struct Uninstall {
    /// Out of which clients.
    #[arg(required = true, value_parser = clients::a_client(), value_name = "CLIENT")]
    clients: Vec<&'static Client>,
    #[command(flatten)]
    which: Which,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Uninstalled(Vec<Row>);

#[derive(Serialize)]
struct Row {
    client: &'static str,
    title: &'static str,
    file: String,
    /// Whether every byte is as it was; else only the entry was taken out.
    restored: bool,
    /// What the file was like before the installation, where it has changed since.
    #[serde(skip_serializing_if = "Option::is_none")]
    backup: Option<String>,
}

impl Uninstall {
    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let (places, ledger) = (clients::places()?, Ledger::of_process()?);
        let mut rows = Vec::new();
        for client in &self.clients {
            let file = self.which.file(client, &places)?.ok_or(Error::NoProject { title: client.title })?;
            let not_there = || Error::NotInstalled { title: client.title, path: file.path.clone() };
            let entry = ledger.find(&file.path)?.ok_or_else(not_there)?;
            rows.push(take_out(&file, &entry, &ledger)?);
        }
        context.terminal.show(&Uninstalled(rows))?;
        Ok(Exit::Done)
    }
}

fn take_out(file: &ClientFile, entry: &Installation, ledger: &Ledger) -> Result<Row, Error> {
    let restored = entry.is_untouched(file);
    if restored {
        file.replace(ledger.before(entry)?.as_deref())?;
    } else {
        file.replace(Some(&file.without(file.text(), &entry.name)?))?;
    }
    ledger.forget(&file.path, restored);
    Ok(Row {
        client: file.client.key,
        title: file.client.title,
        file: file.path.display().to_string(),
        restored,
        backup: (!restored).then(|| ledger.backup(&file.path).display().to_string()),
    })
}

impl Report for Uninstalled {
    fn text(&self) -> Text {
        let line = |row: &Row| {
            Text::plain(match &row.backup {
                None => format!("{}: {} is as it was", row.title, row.file),
                Some(backup) => format!(
                    "{}: the entry is out of {}, which has been changed since; as it was before: {backup}",
                    row.title, row.file
                ),
            })
        };
        Text::lines(self.0.iter().map(line))
    }
}
