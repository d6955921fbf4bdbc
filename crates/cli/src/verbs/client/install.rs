//! `switchboard client install`: one more server in a client's file, which is this program.

use adoption::{Client, Server};
use clap::Args;
use serde::Serialize;

use crate::{
    Context, Error, Exit, Report, Settings, Text,
    clients::{self, ClientFile, Ledger, Which},
};

/// Install Switchboard in clients: one entry in their file, and a backup of what was there.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
By default the client starts `switchboard stdio`, which needs no running node.

Examples:
  switchboard client install claude-desktop
  switchboard client install cursor --address http://127.0.0.1:3100/mcp
  switchboard client install vscode --project --only")]
pub(super) struct Install {
    /// In which clients.
    #[arg(required = true, value_parser = clients::a_client(), value_name = "CLIENT")]
    clients: Vec<&'static Client>,
    #[command(flatten)]
    which: Which,
    /// The name of the entry.
    #[arg(long, default_value = "switchboard")]
    name: String,
    /// Have the client connect to a running node at this address instead.
    #[arg(long, value_name = "URL")]
    address: Option<String>,
    /// Take the servers out of the client that Switchboard has taken over.
    #[arg(long)]
    only: bool,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Installed(Vec<Row>);

#[derive(Serialize)]
struct Row {
    client: &'static str,
    title: &'static str,
    file: String,
    backup: String,
    /// What was taken out, since it is reached through Switchboard now.
    taken_out: Vec<String>,
}

impl Install {
    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let (places, ledger) = (clients::places()?, Ledger::of_process()?);
        let server = self.entry(context)?;
        let known = if self.only { names(&context.options.settings)? } else { Vec::new() };
        let mut rows = Vec::new();
        for client in &self.clients {
            let file = self.which.file(client, &places)?.ok_or(Error::NoProject { title: client.title })?;
            if !file.is_found() {
                return Err(Error::NoClient { title: client.title, path: file.path });
            }
            let (text, taken_out) = changed(&file, &server, &known)?;
            let backup = ledger.enter(&file, &self.name, &text)?;
            file.replace(Some(&text)).inspect_err(|_| ledger.forget(&file.path, true))?;
            rows.push(Row {
                client: client.key,
                title: client.title,
                file: file.path.display().to_string(),
                backup: backup.display().to_string(),
                taken_out,
            });
        }
        context.terminal.show(&Installed(rows))?;
        Ok(Exit::Done)
    }

    /// This program as a server of a client.
    fn entry(&self, context: &Context<'_>) -> Result<Server, Error> {
        if let Some(address) = &self.address {
            return Ok(Server::address(&self.name, address));
        }
        let program = std::env::current_exe()?.display().to_string();
        let mut args = vec!["stdio".to_owned()];
        if let Some(config) = &context.options.settings.config {
            args.extend(["--config".to_owned(), std::path::absolute(config)?.display().to_string()]);
        }
        Ok(Server::program(&self.name, &program, &args.iter().map(String::as_str).collect::<Vec<_>>()))
    }
}

/// The text of the file with us in it, and without what was taken over.
fn changed(file: &ClientFile, server: &Server, known: &[String]) -> Result<(String, Vec<String>), Error> {
    let mut text = file.with(server)?;
    let mut taken_out = Vec::new();
    for old in file.servers()?.into_iter().filter(|old| known.contains(&clients::plain_name(&old.name))) {
        text = file.without(&text, &old.name)?;
        taken_out.push(old.name);
    }
    Ok((text, taken_out))
}

/// The servers that stand in the configuration file, whether or not what they refer to is there now.
fn names(settings: &Settings) -> Result<Vec<String>, Error> {
    let path = settings.file()?;
    let text = std::fs::read_to_string(&path).map_err(|source| config::Error::Read { path, source })?;
    Ok(config::Edit::of(&text)?.names("servers"))
}

impl Report for Installed {
    fn text(&self) -> Text {
        let lines = |row: &Row| {
            let mut lines = vec![Text::plain(format!("installed in {} ({})", row.title, row.file))];
            if !row.taken_out.is_empty() {
                lines.push(Text::plain(format!("  taken out: {}", row.taken_out.join(", "))));
            }
            lines.push(Text::plain(format!("  backup: {}", row.backup)));
            lines
        };
        let last = Text::plain("restart the client, or let it reload its servers");
        Text::lines(self.0.iter().flat_map(lines).chain([last]))
    }
}
