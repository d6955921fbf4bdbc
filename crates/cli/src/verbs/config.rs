//! `switchboard config check|show|schema`: the configuration, without running anything.

use clap::Subcommand;

use crate::terminal::Word;
use crate::{Error, Exit, Settings, Terminal};

/// Check, show or describe the configuration.
#[derive(Clone, Debug, Subcommand)]
pub enum ConfigVerb {
    /// Report every problem; any problem is a failure.
    Check(Settings),
    /// Print what applies, defaults included; secrets read •••.
    Show(Show),
    /// Print the JSON Schema of the configuration file.
    Schema,
}

/// Print what applies.
#[derive(Clone, Debug, clap::Args)]
pub struct Show {
    /// Print the commented default file instead.
    #[arg(long)]
    pub default: bool,
    /// Which configuration holds.
    #[command(flatten)]
    pub settings: Settings,
}

impl ConfigVerb {
    /// Runs the verb.
    pub fn run(&self, terminal: &mut Terminal) -> Result<Exit, Error> {
        match self {
            Self::Check(settings) => check(settings, terminal),
            Self::Show(show) if show.default => print(config::DEFAULT, terminal),
            Self::Show(show) => print(&show.settings.load_usable(terminal)?.config.to_toml()?, terminal),
            Self::Schema => print(&format!("{:#}", config::schema()), terminal),
        }
    }
}

fn check(settings: &Settings, terminal: &mut Terminal) -> Result<Exit, Error> {
    let problems = settings.load()?.problems;
    for problem in &problems {
        terminal.problem(Word::Error, &problem.to_string(), problem.hint.as_deref());
    }
    if !problems.is_empty() {
        return Err(Error::Problems { count: problems.len() });
    }
    match &settings.config {
        Some(path) => print(&format!("{}: no problems", path.display()), terminal),
        None => print("no configuration file: the defaults hold", terminal),
    }
}

fn print(text: &str, terminal: &mut Terminal) -> Result<Exit, Error> {
    terminal.data(text)?;
    Ok(Exit::Done)
}
