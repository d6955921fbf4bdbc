//! One entry of the configuration file as it stands there, shared by `server show` and `bundle show`.

use std::path::PathBuf;

use config::Edit;
use serde::Serialize;
use serde_json::Value;

use crate::text::{Text, Tone};
use crate::{Context, Error, Exit, Report};

/// An entry and where it is.
#[derive(Serialize)]
struct Section {
    name: String,
    file: PathBuf,
    settings: Value,
    #[serde(skip)]
    toml: String,
}

/// A kind of entry: its section, what one is called, and the verb that lists them.
pub(crate) type Kind = (&'static str, &'static str, &'static str);

/// The entries of `[servers]`.
pub(crate) const SERVERS: Kind = ("servers", "server", "server list");

/// The entries of `[bundles]`.
pub(crate) const BUNDLES: Kind = ("bundles", "bundle", "bundle list");

/// Shows the entry `name`; references to secrets stay references.
pub(crate) fn show((section, noun, list): Kind, name: &str, context: &mut Context<'_>) -> Result<Exit, Error> {
    let file = context.options.settings.file()?;
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(source) => return Err(config::Error::Read { path: file, source }.into()),
    };
    let edit = Edit::of(&text)?;
    let names = edit.names(section);
    let unknown = || Error::unknown(noun, name, names.iter().map(String::as_str), list);
    let settings = edit.entry(section, name).ok_or_else(unknown)?;
    let mut alone = Edit::of("")?;
    alone.add(section, name, &settings)?;
    context.terminal.show(&Section { name: name.to_owned(), file, settings, toml: alone.text() })?;
    Ok(Exit::Done)
}

impl Report for Section {
    fn text(&self) -> Text {
        Text::default().and(Tone::Faint, format!("# {}\n", self.file.display())).and(Tone::Plain, &self.toml)
    }
}
