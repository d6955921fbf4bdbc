//! One entry of the configuration file as it stands there, shared by `server show` and `bundle show`.

use std::path::PathBuf;

use client::Server;
use config::Edit;
use serde::Serialize;
use serde_json::Value;

use crate::text::{Text, Tone};
use crate::{Context, Error, Exit, Report, live};

/// An entry and where it is.
#[derive(Serialize)]
struct Section {
    name: String,
    file: PathBuf,
    settings: Value,
    /// How the server is at the running node.
    #[serde(skip_serializing_if = "Option::is_none")]
    now: Option<Server>,
    #[serde(skip)]
    toml: String,
}

/// A kind of entry: its section, what one is called, and the verb that lists them.
pub(crate) type Kind = (&'static str, &'static str, &'static str);

/// The entries of `[servers]`.
pub(crate) const SERVERS: Kind = ("servers", "server", "server list");

/// The entries of `[bundles]`.
pub(crate) const BUNDLES: Kind = ("bundles", "bundle", "bundle list");

/// Shows the entry `name`, and how it is now, where that is known; references to secrets stay references.
pub(crate) fn show(
    (section, noun, list): Kind,
    name: &str,
    now: Option<Server>,
    context: &mut Context<'_>,
) -> Result<Exit, Error> {
    let file = context.options.settings.file()?;
    let stored = context.options.settings.source().stored().map(read).transpose()?.unwrap_or_default();
    let edit = Edit::above(&stored, &read(file.clone())?)?;
    let names = edit.names(section);
    let unknown = || Error::unknown(noun, name, names.iter().map(String::as_str), list);
    let settings = edit.entry(section, name).ok_or_else(unknown)?;
    let mut alone = Edit::of("")?;
    alone.add(section, name, &settings)?;
    context.terminal.show(&Section { name: name.to_owned(), file, settings, now, toml: alone.text() })?;
    Ok(Exit::Done)
}

/// The text of a file; nothing, if it is not there.
fn read(path: PathBuf) -> Result<String, Error> {
    match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        read => Ok(read.map_err(|source| config::Error::Read { path, source })?),
    }
}

impl Report for Section {
    fn text(&self) -> Text {
        let file = Text::default().and(Tone::Faint, format!("# {}\n", self.file.display()));
        let Some(now) = &self.now else { return file.and(Tone::Plain, &self.toml) };
        let said = [live::details(now), now.reason.clone().unwrap_or_default()];
        let said: Vec<String> = said.into_iter().filter(|text| !text.is_empty()).collect();
        let state = Text::default()
            .and(Tone::Faint, "# ")
            .then(live::state(now))
            .and(Tone::Faint, format!(" {}\n", said.join(": ")));
        file.then(state).and(Tone::Plain, &self.toml)
    }
}
