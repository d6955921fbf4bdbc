//! The files of MCP clients on this machine: found, read, changed as a whole, and put back.
//!
//! What stands in them is the business of the crate `adoption`; `file` reads and writes one, `ledger` remembers what we
//! put into it and what was there before, `takeover` turns a client's entry into a section of our configuration.

mod file;
mod ledger;
mod takeover;

pub(crate) use file::ClientFile;
pub(crate) use ledger::{Installation, Ledger};
pub(crate) use takeover::{is_ours, plain_name, section, unresolved};

use std::path::PathBuf;

use adoption::{Client, Places, Scope};
use clap::{
    Args,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};
use config::env;

use crate::Error;

/// Which files are meant.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Which {
    /// The files of this folder's project rather than those of the user.
    #[arg(long)]
    project: bool,
}

impl Which {
    /// The scope that was chosen.
    pub(crate) fn scope(&self) -> Scope {
        if self.project { Scope::Project } else { Scope::User }
    }

    /// The file of a client, there or not; none if the client has no file of this scope.
    pub(crate) fn file(&self, client: &'static Client, places: &Places) -> Result<Option<ClientFile>, Error> {
        let paths = client.paths(self.scope(), places);
        let found = paths.iter().find(|path| path.exists()).or(paths.first());
        found.map(|path| ClientFile::read(client, path)).transpose()
    }
}

/// Takes the key of a client.
pub(crate) fn a_client() -> impl TypedValueParser<Value = &'static Client> {
    let keys = Client::ALL.iter().map(|client| PossibleValue::new(client.key).help(client.title));
    PossibleValuesParser::new(keys).try_map(|key| Client::find(&key).ok_or("no client is called so"))
}

/// The folders of this process's user.
pub(crate) fn places() -> Result<Places, Error> {
    let variable = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = variable(env::HOME.name).ok_or(Error::Homeless)?;
    let config = if cfg!(target_os = "macos") {
        home.join("Library/Application Support")
    } else {
        variable(env::XDG_CONFIG_HOME.name).unwrap_or_else(|| home.join(".config"))
    };
    Ok(Places { home, config, project: std::env::current_dir()? })
}
