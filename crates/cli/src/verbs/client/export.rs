//! `switchboard client export`: what to write into a client's file by hand.

use adoption::{Client, Kind, Server, Way};
use clap::Args;

use crate::{Context, Error, Exit, clients};

/// Print what a client's file has to say to use Switchboard, or the servers behind it.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard client export cursor
  switchboard client export codex --address http://127.0.0.1:3100/mcp
  switchboard client export claude-code --servers > mcp.json")]
pub(super) struct Export {
    /// In the words of this client.
    #[arg(value_parser = clients::a_client(), value_name = "CLIENT")]
    client: &'static Client,
    /// Have the client connect to a running node at this address.
    #[arg(long, value_name = "URL", conflicts_with = "servers")]
    address: Option<String>,
    /// The servers of the configuration instead of Switchboard itself. Secrets stay references.
    #[arg(long)]
    servers: bool,
}

impl Export {
    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let servers = match &self.address {
            _ if self.servers => configured(context)?,
            Some(address) => vec![Server::address("switchboard", address)],
            None => vec![Server::program("switchboard", "switchboard", &["stdio"])],
        };
        let mut text = String::new();
        for server in &servers {
            let wrong = |source| Error::ClientText { path: self.client.key.into(), source };
            text = adoption::add(self.client, &text, server).map_err(wrong)?;
        }
        context.terminal.data(text.trim_end())?;
        Ok(Exit::Done)
    }
}

/// The servers as they stand in the file, references unresolved.
fn configured(context: &Context<'_>) -> Result<Vec<Server>, Error> {
    let path = context.options.settings.file()?;
    let text = std::fs::read_to_string(&path).map_err(|source| config::Error::Read { path, source })?;
    let edit = config::Edit::of(&text)?;
    let entry = |name: String| Some(of_section(&name, &edit.entry("servers", &name)?)).flatten();
    Ok(edit.names("servers").into_iter().filter_map(entry).collect())
}

/// A section of our configuration as an entry of a client; none if a client could not use it by itself.
fn of_section(name: &str, section: &serde_json::Value) -> Option<Server> {
    let text = |key: &str| section[key].as_str().map(str::to_owned);
    let texts =
        |key: &str| section[key].as_array().into_iter().flatten().filter_map(|one| Some(one.as_str()?.to_owned()));
    let pairs = |key: &str| {
        let pair = |(key, value): (&String, &serde_json::Value)| Some((key.clone(), value.as_str()?.to_owned()));
        section[key].as_object().into_iter().flatten().filter_map(pair).collect()
    };
    let way = match (text("command"), text("url")) {
        (Some(command), _) => {
            Way::Program { command, args: texts("args").collect(), env: pairs("env"), cwd: text("cwd") }
        }
        (None, Some(url)) => Way::Address { url, kind: Kind::Unsaid, headers: pairs("headers") },
        (None, None) => return None,
    };
    let enabled = section["enabled"] != false;
    Some(Server { name: name.to_owned(), enabled, way, unknown: Vec::new() })
}
