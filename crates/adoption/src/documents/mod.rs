//! The three kinds of files. Each knows how to list the entries, add one and remove one, and touches nothing else.

mod json;
mod toml;
mod yaml;

use serde_json::{Map, Value};

use crate::{client::Client, error::Error, server::Server, words};

/// The syntax of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// JSON, with comments and trailing commas as people write them.
    Json,
    /// TOML.
    Toml,
    /// YAML, the entries being a list of mappings with a `name`.
    Yaml,
}

type Entries = Vec<(String, Map<String, Value>)>;

const BOM: char = '\u{feff}';

/// The servers in the text of a client's file. Entries that name neither a program nor an address are passed over.
pub fn read(client: &Client, text: &str) -> Result<Vec<Server>, Error> {
    let entries = entries(client, text.trim_start_matches(BOM))?;
    Ok(entries.iter().filter_map(|(name, entry)| words::read(name, entry)).collect())
}

/// The text with one more server.
pub fn add(client: &Client, text: &str, server: &Server) -> Result<String, Error> {
    let (bom, text) = split_bom(text);
    if entries(client, text)?.iter().any(|(name, _)| *name == server.name) {
        return Err(Error::Exists(server.name.clone()));
    }
    let entry = client.words.write(server, client.title)?;
    let changed = match client.syntax {
        Syntax::Json => json::add(text, client.place, &server.name, entry),
        Syntax::Toml => toml::add(text, client.place, &server.name, &entry),
        Syntax::Yaml => yaml::add(text, client.place, &server.name, &entry),
    }?;
    Ok(format!("{bom}{changed}"))
}

/// The text without that server.
pub fn remove(client: &Client, text: &str, name: &str) -> Result<String, Error> {
    let (bom, text) = split_bom(text);
    match entries(client, text)?.iter().filter(|(entry, _)| entry == name).count() {
        0 => return Err(Error::Missing(name.to_owned())),
        1 => {}
        _ => return Err(Error::Twice(name.to_owned())),
    }
    let changed = match client.syntax {
        Syntax::Json => json::remove(text, client.place, name),
        Syntax::Toml => toml::remove(text, client.place, name),
        Syntax::Yaml => yaml::remove(text, client.place, name),
    }?;
    Ok(format!("{bom}{changed}"))
}

fn entries(client: &Client, text: &str) -> Result<Entries, Error> {
    match client.syntax {
        Syntax::Json => json::entries(text, client.place),
        Syntax::Toml => toml::entries(text, client.place),
        Syntax::Yaml => yaml::entries(text, client.place),
    }
}

fn split_bom(text: &str) -> (&str, &str) {
    text.split_at(if text.starts_with(BOM) { BOM.len_utf8() } else { 0 })
}
