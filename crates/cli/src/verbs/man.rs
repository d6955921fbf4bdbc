//! `switchboard man`: the manual pages, made from what can be typed.

use std::path::PathBuf;

use clap::{Args, CommandFactory};
use serde::Serialize;

use crate::{Cli, Context, Error, Exit, Report, Text};

/// Print the manual page, or write the pages of all verbs into a folder.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard man | man -l -
  switchboard man --out ~/.local/share/man/man1")]
pub struct Man {
    /// The folder to write the pages into; it is made where it is missing.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

#[derive(Serialize)]
struct Written {
    folder: PathBuf,
}

impl Man {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        if let Some(folder) = &self.out {
            std::fs::create_dir_all(folder)?;
            clap_mangen::generate_to(Cli::command(), folder)?;
            context.terminal.show(&Written { folder: folder.clone() })?;
            return Ok(Exit::Done);
        }
        let mut page = Vec::new();
        clap_mangen::Man::new(Cli::command()).render(&mut page)?;
        context.terminal.data(&String::from_utf8_lossy(&page))?;
        Ok(Exit::Done)
    }
}

impl Report for Written {
    fn text(&self) -> Text {
        Text::plain(format!("the pages are in {}", self.folder.display()))
    }
}
