//! `switchboard config rollback`: the file, and what is stored over it, as they were in a configuration of the past.

use std::path::PathBuf;

use clap::Args;
use config::store;
use serde::Serialize;

use crate::text::{Text, Tone};
use crate::{Context, Error, Exit, Report};

/// Write a configuration of the past back into the file; a running node takes it over by itself.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard config history
  switchboard config rollback 12")]
pub(super) struct Rollback {
    /// Its number, as `config history` lists it.
    number: u64,
}

#[derive(Serialize)]
struct RolledBack {
    number: u64,
    file: PathBuf,
    backup: PathBuf,
}

impl Rollback {
    /// Runs the verb.
    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let record = super::record(Some(self.number), context)?;
        let settings = &context.options.settings;
        let (file, now) = (settings.file()?, settings.load().ok());
        if now.as_ref().is_none_or(|now| now.text != record.text) {
            store::write(&file, &record.text)?;
        }
        if let Some(stored) = settings.source().stored()
            && now.is_none_or(|now| now.stored != record.stored)
        {
            store::write(&stored, &record.stored)?;
        }
        let backup = store::backup_of(&file);
        context.terminal.show(&RolledBack { number: record.number, file, backup })?;
        Ok(Exit::Done)
    }
}

impl Report for RolledBack {
    fn text(&self) -> Text {
        Text::plain("the configuration is that of ").and(Tone::Strong, self.number.to_string()).and(
            Tone::Faint,
            format!(" in {}; what it was before is in {}", self.file.display(), self.backup.display()),
        )
    }
}
