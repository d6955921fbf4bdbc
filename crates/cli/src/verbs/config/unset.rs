//! `switchboard config unset`: a key taken away from what is stored over the file, or else from the file.

use std::path::PathBuf;

use clap::Args;
use config::{Edit, store};
use serde::Serialize;

use crate::text::{Text, Tone};
use crate::{Context, Error, Exit, Report, change};

/// Take a key or a section away: from what is stored over a file that cannot be written, or else from the file.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard config unset limits.call_ms_max
  switchboard config unset servers.git.enabled")]
pub(super) struct Unset {
    /// The key, as it stands in the file.
    key: String,
}

#[derive(Serialize)]
struct TakenAway {
    key: String,
    file: PathBuf,
}

impl Unset {
    /// Runs the verb.
    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let settings = &context.options.settings;
        let unset = |edit: &mut Edit| Ok::<(), Error>(edit.unset(&self.key).map(drop)?);
        let stored = settings.source().stored().filter(|path| path.exists());
        let from_stored = stored.map(|stored| store::edit_stored(&stored, &settings.file()?, unset)).transpose()?;
        let edited = match from_stored.filter(|edited| edited.before != edited.after) {
            Some(edited) => edited,
            None => change::edit(settings, unset)?.0,
        };
        if edited.before == edited.after {
            let given = settings.load()?.explain(&self.key)?.given;
            let hint = given.first().map(|given| format!("it is given by {}", given.origin));
            return Err(Error::Argument {
                argument: self.key.clone(),
                reason: "it is not in the file".to_owned(),
                hint,
            });
        }
        context.terminal.show(&TakenAway { key: self.key.clone(), file: edited.path })?;
        Ok(Exit::Done)
    }
}

impl Report for TakenAway {
    fn text(&self) -> Text {
        let file = format!(" from {}", self.file.display());
        Text::plain("took away ").and(Tone::Strong, &self.key).and(Tone::Faint, file)
    }
}
