//! `switchboard server add`: a server written into the configuration, and tried out.

use std::io::{IsTerminal, Read};

use clap::Args;
use serde::Serialize;

use super::given::{Kind, Section};
use crate::change::{Changed, change, settle};
use crate::text::Text;
use crate::trial::Trial;
use crate::{Context, Error, Exit, Report, Word};

/// The largest block of JSON that is read from stdin, in bytes: files of clients are a thousandth of it.
const BLOCK_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Add a server: a command, a url, a built-in toolkit, the description of an API, or a block of JSON as MCP clients have it.
///
/// The server is tried out at once: started or connected, and asked for its tools. Without a name and a place, or with
/// `-`, the block is read from stdin.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard server add git -- uvx mcp-server-git --repository .
  switchboard server add search https://example.org/mcp --with headers.Authorization='Bearer ${env:SEARCH_TOKEN}'
  switchboard server add project --with roots='[\"~/projects\"]'
  switchboard server add petstore ./openapi.json --with base_url=https://petstore.example.org
  switchboard server add '{\"mcpServers\": {\"time\": {\"command\": \"mcp-server-time\"}}}'
  switchboard server add - < mcp.json")]
pub(super) struct Add {
    /// The name of the server, or of a toolkit; or the block of JSON, or `-` to read it from stdin.
    name: Option<String>,
    /// A url, or the file of an OpenAPI document.
    #[arg(conflicts_with = "command")]
    place: Option<String>,
    /// What answers at the place, where its name does not tell.
    #[arg(long, requires = "place")]
    kind: Option<Kind>,
    /// Sets a key of its section, such as `era=legacy` or `env.TOKEN=${env:TOKEN}`.
    #[arg(long, value_name = "KEY=VALUE")]
    with: Vec<String>,
    /// Only write it, without trying it out.
    #[arg(long)]
    no_test: bool,
    /// Seconds it may take to become ready when it is tried out.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600))]
    timeout: u64,
    /// The command that starts the server, and its arguments.
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// What was added, and how it did.
#[derive(Serialize)]
struct Added {
    added: Vec<Changed>,
    tried: Vec<Trial>,
}

impl Add {
    /// Runs the verb.
    pub(super) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let mut sections = self.sections(context)?;
        for section in &mut sections {
            settle(&mut section.settings, "servers", &self.with)?;
        }
        let mut report = Added { added: Vec::new(), tried: Vec::new() };
        for section in &sections {
            let Section { name, settings, note } = section;
            report
                .added
                .push(change(("added", "server", name), context, |edit| Ok(edit.add("servers", name, settings)?))?);
            if let Some(note) = note {
                context.terminal.problem(Word::Warning, &format!("`{name}`: {note}"), None);
            }
        }
        if !self.no_test {
            let enabled = sections.iter().filter(|section| section.settings["enabled"] != false);
            for section in enabled {
                report.tried.push(super::test::try_configured(&section.name, self.timeout, context).await?);
            }
        }
        context.terminal.show(&report)?;
        Ok(report.exit(context))
    }

    fn sections(&self, context: &Context<'_>) -> Result<Vec<Section>, Error> {
        let block = |text: &str| Section::block(text, &context.options.settings.addresses()?);
        match (self.name.as_deref(), self.place.as_deref()) {
            (None | Some("-"), None) if self.command.is_empty() => block(&stdin()?),
            (Some(text), None) if text.starts_with('{') => block(text),
            (Some(name), Some(place)) => Ok(vec![Section::place(name, place, self.kind)?]),
            (Some(name), None) if !self.command.is_empty() => Ok(vec![Section::command(name, &self.command)]),
            (Some(name), None) if config::TOOLKITS.contains(&name) => Ok(vec![Section::toolkit(name)]),
            (Some(word), _) => {
                let reason = "a name alone is no server".to_owned();
                Err(Error::NoServer { what: word.to_owned(), reason })
            }
            (None, _) => Err(Error::Missing { argument: "NAME".to_owned() }),
        }
    }
}

/// The block of JSON that is piped in.
fn stdin() -> Result<String, Error> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        return Err(Error::NoServer { what: "nothing".to_owned(), reason: "nothing was given".to_owned() });
    }
    let mut text = String::new();
    #[expect(clippy::disallowed_methods, reason = "`take` bounds it")]
    stdin.take(BLOCK_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

impl Added {
    /// A server that was added and does not work is a failure that says how to go on.
    fn exit(&self, context: &mut Context<'_>) -> Exit {
        let failed = self.tried.iter().find(|trial| trial.exit() != Exit::Done);
        if let Some(trial) = failed {
            let name = trial.name();
            let hint = format!(
                "change it with `switchboard server edit {name}`, or take it out with `switchboard server remove {name}`"
            );
            context.terminal.problem(Word::Error, &format!("`{name}` was added, but does not work yet"), Some(&hint));
        }
        failed.map_or(Exit::Done, Trial::exit)
    }
}

impl Report for Added {
    fn text(&self) -> Text {
        Text::lines(self.added.iter().map(Report::text).chain(self.tried.iter().map(Report::text)))
    }
}
