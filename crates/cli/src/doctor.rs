//! What `switchboard doctor` looks at: one file per area, each a function that gives findings. A new area is its file and
//! its line in [`look`]. Nothing is changed here; a finding may carry a [`Mend`], and only `--fix` carries that out.

mod configuration;
mod folders;
mod machine;
mod ports;
mod programs;
mod servers;

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::PathBuf,
};

use config::{Folders, Loaded};
use serde::Serialize;

use crate::{Context, Error};

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    /// The area: `machine`, `folders`, …
    pub(crate) area: &'static str,
    /// How it stands.
    pub(crate) state: State,
    /// What was found, in plain words.
    pub(crate) what: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
    /// What `--fix` would do.
    #[serde(skip)]
    pub(crate) mend: Option<Mend>,
}

/// How a thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// As it should be.
    Good,
    /// It works, but.
    Doubtful,
    /// Something does not work.
    Bad,
    /// It was bad or doubtful, and was mended.
    Mended,
}

/// A change that is safe to make unasked.
#[derive(Debug)]
pub(crate) enum Mend {
    /// Makes a file or folder readable by its owner only.
    Private(PathBuf),
    /// Makes a folder for its owner only.
    Folder(PathBuf),
    /// Removes a socket that nobody listens on.
    Remove(PathBuf),
}

impl Finding {
    fn new(area: &'static str, state: State, what: impl Into<String>) -> Self {
        Self { area, state, what: what.into(), hint: None, mend: None }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn mend(mut self, mend: Mend) -> Self {
        self.hint.get_or_insert_with(|| mend.hint());
        self.mend = Some(mend);
        self
    }

    /// Carries out what mends it; what cannot be mended stays as it was found.
    pub(crate) fn fix(&mut self) {
        let Some(mend) = self.mend.take() else { return };
        match mend.carry_out() {
            Ok(()) => (self.state, self.hint) = (State::Mended, None),
            Err(error) => self.hint = Some(format!("{}: {error}", mend.hint())),
        }
    }
}

impl Mend {
    /// The command that does the same.
    fn hint(&self) -> String {
        match self {
            Self::Private(path) => format!("chmod go= '{}'", path.display()),
            Self::Folder(path) => format!("mkdir -p -m 700 '{}'", path.display()),
            Self::Remove(path) => format!("rm '{}'", path.display()),
        }
    }

    fn carry_out(&self) -> io::Result<()> {
        match self {
            Self::Private(path) => {
                let mode = fs::metadata(path)?.permissions().mode() & 0o700;
                fs::set_permissions(path, fs::Permissions::from_mode(mode))
            }
            Self::Folder(path) => fs::DirBuilder::new().recursive(true).mode(0o700).create(path),
            Self::Remove(path) => fs::remove_file(path),
        }
    }
}

/// What every area may look at.
pub(crate) struct Patient {
    /// The configuration as it applies, with what is wrong in it.
    pub(crate) loaded: Loaded,
    /// The file that it stands in, if there is one.
    pub(crate) file: Option<PathBuf>,
    /// The folders of this user.
    pub(crate) folders: Folders,
}

impl Patient {
    /// Gathers what is looked at.
    pub(crate) fn of(context: &Context<'_>) -> Result<Self, Error> {
        let settings = &context.options.settings;
        let file = settings.file()?;
        Ok(Self {
            loaded: settings.load()?,
            file: file.exists().then_some(file),
            folders: Folders::of_process().ok_or(Error::Homeless)?,
        })
    }
}

/// Looks at everything but the servers.
pub(crate) async fn look(patient: &Patient) -> Vec<Finding> {
    let mut findings = machine::look(patient);
    findings.extend(folders::look(patient));
    findings.extend(configuration::look(patient));
    findings.extend(ports::look(patient).await);
    findings.extend(programs::look(patient));
    findings
}

/// Tries every server that is enabled: from its start to one harmless call.
pub(crate) async fn try_servers(
    patient: &Patient,
    timeout_s: u64,
    context: &mut Context<'_>,
) -> Result<Vec<Finding>, Error> {
    servers::look(patient, timeout_s, context).await
}
