//! `switchboard client import`: the servers that clients know become servers of ours. The clients' files stay as they are.

use adoption::{Client, Server};
use clap::Args;
use serde::Serialize;

use crate::{
    Context, Error, Exit, Report, Text, Tone, change,
    clients::{self, ClientFile, Which},
    in_force::put_in_force,
};

/// Take over the servers that clients have in their files.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Without a client, all that are found are asked. Nothing in their files changes.

Examples:
  switchboard client import --dry-run
  switchboard client import cursor vscode")]
pub(super) struct Import {
    /// From which clients.
    #[arg(value_parser = clients::a_client(), value_name = "CLIENT")]
    from: Vec<&'static Client>,
    #[command(flatten)]
    which: Which,
    /// Only say what would be taken over.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Serialize)]
struct Imported {
    config: String,
    dry_run: bool,
    servers: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    server: String,
    client: &'static str,
    outcome: Outcome,
    /// What is to be known of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Added,
    AddedDisabled,
    Same,
    Skipped,
}

impl Import {
    pub(super) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let found = self.found()?;
        let mut target = context.options.settings.file()?;
        let addresses = context.options.settings.addresses()?;
        let mut rows = Vec::new();
        let mut take_all = |edit: &mut config::Edit| -> Result<(), Error> {
            rows.clear();
            for (client, server) in &found {
                rows.push(take(edit, client, server, &addresses)?);
            }
            Ok(())
        };
        if self.dry_run {
            let text = std::fs::read_to_string(&target).unwrap_or_default();
            take_all(&mut config::Edit::of(&text)?)?;
        } else {
            target = change::edit(&context.options.settings, take_all)?.0.path;
        }
        let config = target.display().to_string();
        context.terminal.show(&Imported { config, dry_run: self.dry_run, servers: rows })?;
        if !self.dry_run {
            put_in_force(context).await;
        }
        Ok(Exit::Done)
    }

    /// Every server of the clients that were named, or of all that are there.
    fn found(&self) -> Result<Vec<(&'static Client, Server)>, Error> {
        let places = clients::places()?;
        let named = if self.from.is_empty() { Client::ALL.iter().collect() } else { self.from.clone() };
        let mut found = Vec::new();
        for client in named {
            let Some(file) = self.which.file(client, &places)? else { continue };
            if file.before.is_none() && !self.from.is_empty() {
                return Err(Error::NoClient { title: client.title, path: file.path });
            }
            found.extend(servers(&file)?);
        }
        Ok(found)
    }
}

fn servers(file: &ClientFile) -> Result<impl Iterator<Item = (&'static Client, Server)> + use<>, Error> {
    let client = file.client;
    Ok(file.servers()?.into_iter().map(move |server| (client, server)))
}

/// Takes one server over, unless it is there already or leads back to us.
fn take(
    edit: &mut config::Edit,
    client: &'static Client,
    server: &Server,
    addresses: &[String],
) -> Result<Row, config::Error> {
    let name = clients::plain_name(&server.name);
    let row = |outcome, note| Row { server: name.clone(), client: client.key, outcome, note };
    if clients::is_ours(server, addresses) {
        return Ok(row(Outcome::Skipped, Some("it is switchboard itself".to_owned())));
    }
    let mut section = clients::section(server);
    if let Some(there) = edit.entry("servers", &name) {
        let same = ["command", "args", "url"].iter().all(|key| there.get(*key) == section.get(*key));
        let note = || Some("another server has this name: rename one of them".to_owned());
        return Ok(if same { row(Outcome::Same, None) } else { row(Outcome::Skipped, note()) });
    }
    let foreign = clients::unresolved(server);
    if foreign.is_some() {
        section["enabled"] = false.into();
    }
    edit.add("servers", &name, &section)?;
    let outcome = if section["enabled"] == false { Outcome::AddedDisabled } else { Outcome::Added };
    let note = foreign.map(|text| format!("only {} knows `{text}`: write what is meant, then enable it", client.title));
    Ok(row(outcome, note.or_else(|| left_out(server))))
}

fn left_out(server: &Server) -> Option<String> {
    (!server.unknown.is_empty()).then(|| format!("without {}", server.unknown.join(", ")))
}

impl Report for Imported {
    fn text(&self) -> Text {
        let row = |row: &Row| {
            let outcome = match row.outcome {
                Outcome::Added => Text::default().and(Tone::Good, "added"),
                Outcome::AddedDisabled => Text::default().and(Tone::Doubtful, "added, disabled"),
                Outcome::Same => Text::default().and(Tone::Faint, "there already"),
                Outcome::Skipped => Text::default().and(Tone::Doubtful, "skipped"),
            };
            let note = Text::plain(row.note.clone().unwrap_or_default());
            vec![Text::default().and(Tone::Strong, &row.server), Text::plain(row.client), outcome, note]
        };
        let added = self.servers.iter().filter(|row| matches!(row.outcome, Outcome::Added | Outcome::AddedDisabled));
        let verb = if self.dry_run { "would be added to" } else { "added to" };
        let sum = Text::plain(format!("{} {verb} {}", added.count(), self.config));
        if self.servers.is_empty() {
            return Text::plain("no client has a server to take over");
        }
        Text::lines([Text::table(&self.servers.iter().map(row).collect::<Vec<_>>()), sum])
    }
}
