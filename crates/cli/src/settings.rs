//! The options and the reading of the configuration file, shared by all verbs that use it.

use std::path::PathBuf;

use clap::Args;
use config::Loaded;

use crate::options::EVERYWHERE;
use crate::terminal::Word;
use crate::{Error, Terminal};

/// Which configuration holds.
#[derive(Clone, Debug, Default, Args)]
pub struct Settings {
    /// The configuration file; without one the defaults hold.
    #[arg(long, value_name = "FILE", env = config::env::CONFIG.name, global = true, help_heading = EVERYWHERE)]
    pub config: Option<PathBuf>,
}

impl Settings {
    /// Reads the configuration, good or bad.
    pub fn load(&self) -> Result<Loaded, Error> {
        match &self.config {
            Some(path) => Ok(config::load(path)?),
            None => Ok(Loaded { config: config::Config::default(), problems: Vec::new() }),
        }
    }

    /// Reads the configuration and says its problems; fails if a node could not start with it.
    pub fn load_usable(&self, terminal: &mut Terminal) -> Result<Loaded, Error> {
        let loaded = self.load()?;
        for problem in &loaded.problems {
            let word = if problem.server().is_some() { Word::Warning } else { Word::Error };
            terminal.problem(word, &problem.to_string(), problem.hint.as_deref());
        }
        match loaded.fatal().count() {
            0 => Ok(loaded),
            count => Err(Error::Problems { count }),
        }
    }
}
