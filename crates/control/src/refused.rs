//! Why a configuration is not put in force, and what to do about it.

use std::path::PathBuf;

use config::Problem;

/// Why a configuration was not put in force; the one before still is.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// A file could not be read.
    #[error("the configuration cannot be read")]
    Unreadable(#[from] config::Error),
    /// The configuration has problems that concern the whole node.
    #[error("the configuration has {} problem{}", .0.len(), if .0.len() == 1 { "" } else { "s" })]
    Wrong(Vec<Problem>),
    /// A file that had something in it is empty; somebody is probably about to write it.
    #[error("`{}` is empty", .0.display())]
    Emptied(PathBuf),
    /// Somebody is still writing a file.
    #[error("`{}` is still being written", .0.display())]
    BeingWritten(PathBuf),
    /// Another process is the node by now.
    #[error("a restart has followed this process")]
    Left,
}

impl Refused {
    /// All that is wrong, one by one.
    pub fn problems(&self) -> Vec<String> {
        match self {
            Self::Wrong(problems) => problems.iter().map(told).collect(),
            Self::Unreadable(error) => {
                let cause = std::error::Error::source(error);
                vec![cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))]
            }
            Self::Emptied(_) => {
                vec![format!("{self} ({})", self.hint())]
            }
            Self::BeingWritten(_) | Self::Left => vec![self.to_string()],
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable(_) | Self::Wrong(_) => "mend the file; `switchboard config check` shows the same problems",
            Self::Emptied(_) => "`switchboard config reload` takes it over as it is",
            Self::Left => "ask again: the process that has followed it read the files when it started",
            Self::BeingWritten(_) => "it is read as soon as whoever writes it closes it",
        }
    }
}

/// A problem with its hint in one line.
pub(crate) fn told(problem: &Problem) -> String {
    problem.hint.as_ref().map_or_else(|| problem.to_string(), |hint| format!("{problem} ({hint})"))
}
