//! Everything that can go wrong with a configuration as a whole; what is wrong inside one is a `Problem`.

use std::path::PathBuf;

use crate::Problem;

/// Why a configuration could not be read, shown or changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be read.
    #[error("cannot read the configuration `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file could not be written; what was there before is still there.
    #[error("cannot write the configuration `{}`; it is as it was", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Somebody else wrote the file while it was being changed.
    #[error("`{}` was changed by somebody else meanwhile; it is as they left it", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// A file that was to be made is there already.
    #[error("there is a configuration already: `{}`", path.display())]
    There {
        /// The file.
        path: PathBuf,
    },
    /// The configurations of the past could not be read or kept.
    #[error("cannot use the history of configurations in `{}`", folder.display())]
    History {
        /// Where they are.
        folder: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The configuration could not be written as TOML.
    #[error("cannot write the configuration as toml")]
    Show(#[source] toml::ser::Error),
    /// The text is no TOML, so nothing in it can be changed.
    #[error("the configuration cannot be changed before its syntax is mended: {}", listed(problems))]
    Syntax {
        /// What is wrong with it.
        problems: Vec<Problem>,
    },
    /// A change would make the configuration wrong.
    #[error("the configuration would be wrong: {}", listed(problems))]
    Wrong {
        /// The problems that the change brings.
        problems: Vec<Problem>,
    },
    /// There is no such key.
    #[error("`{key}` is no key")]
    NoKey {
        /// What was given.
        key: String,
        /// A key that is near.
        hint: Option<String>,
    },
    /// A part of the key's path is no table.
    #[error("`{key}` cannot be set: a part of its path is a value")]
    NoTable {
        /// The key.
        key: String,
    },
    /// The section has an entry of this name.
    #[error("`{section}.{name}` exists")]
    Exists {
        /// `servers` or `bundles`.
        section: String,
        /// The name.
        name: String,
    },
    /// The section has no entry of this name.
    #[error("there is no `{section}.{name}` in the file")]
    Missing {
        /// `servers` or `bundles`.
        section: String,
        /// The name.
        name: String,
        /// A name that is near, or all of them.
        hint: Option<String>,
    },
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Missing { hint, .. } => hint.clone(),
            Self::Syntax { problems } | Self::Wrong { problems } => problems.iter().find_map(|one| one.hint.clone()),
            Self::Changed { .. } => Some("look at the file, then try again".into()),
            Self::There { .. } => Some("`switchboard client import` and `switchboard server add` add to it".into()),
            Self::NoKey { hint, .. } => {
                hint.clone().or_else(|| Some("write it as in the file, such as `limits.call_ms_max`".into()))
            }
            Self::Exists { .. } => Some("choose another name, or change the one that exists".into()),
            Self::Read { .. } | Self::Write { .. } | Self::History { .. } | Self::Show(_) | Self::NoTable { .. } => {
                None
            }
        }
    }
}

fn listed(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
