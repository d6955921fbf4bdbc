//! The options and the reading of the configuration file, shared by all verbs that use it.

use std::path::PathBuf;

use clap::Args;
use config::{Loaded, Source};

use crate::options::EVERYWHERE;
use crate::terminal::Word;
use crate::{Error, Terminal};

/// Which configuration holds.
#[derive(Clone, Debug, Default, Args)]
pub struct Settings {
    /// The configuration file, instead of `~/.config/switchboard/switchboard.toml`.
    #[arg(long, value_name = "FILE", env = config::env::CONFIG.name, global = true, help_heading = EVERYWHERE)]
    pub config: Option<PathBuf>,
    /// The profile that is laid over it.
    #[arg(long, value_name = "NAME", env = config::env::PROFILE.name, global = true, help_heading = EVERYWHERE)]
    pub profile: Option<String>,
    /// One key with another value, such as `limits.call_ms_max=1000`.
    #[arg(long, value_name = "KEY=VALUE", value_parser = assignment, global = true, help_heading = EVERYWHERE)]
    pub set: Vec<(String, String)>,
}

impl Settings {
    /// Reads the configuration, good or bad.
    pub fn load(&self) -> Result<Loaded, Error> {
        Ok(self.source().load()?)
    }

    /// What the configuration is read from.
    pub fn source(&self) -> Source {
        Source { file: self.config.clone(), profile: self.profile.clone(), set: self.set.clone() }
    }

    /// The file that was named, or else the user's own if there is one; without either the defaults hold.
    pub fn existing(&self) -> Option<PathBuf> {
        let own = || config::Folders::of_process().map(|folders| folders.file()).filter(|file| file.exists());
        self.config.clone().or_else(own)
    }

    /// The file that a change of the configuration goes into.
    pub fn file(&self) -> Result<PathBuf, Error> {
        let default = || config::Folders::of_process().map(|folders| folders.file());
        self.config.clone().or_else(default).ok_or(Error::Homeless)
    }

    /// Where nodes with this configuration are reached over HTTP.
    pub fn addresses(&self) -> Result<Vec<String>, Error> {
        let listen = self.load()?.config.gateway.listen;
        let address = |listen: &config::Listen| match listen {
            config::Listen::Tcp(address) => Some(format!("http://{address}")),
            config::Listen::Unix(_) => None,
        };
        Ok(listen.iter().filter_map(address).collect())
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

fn assignment(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write `KEY=VALUE`")?;
    Ok((key.to_owned(), value.to_owned()))
}
