//! Which project a call means: one by its file, or one that is there by its name.

use schemars::JsonSchema;
use serde::Deserialize;
use toolkit::{Call, Failure};
use workbench::{Bench, Command};

use super::{Checked, Project, named};
use crate::{engine::Engine, name::Name};

/// A project by its file or by its name.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct Target {
    /// The Compose file, or the folder that it is in. Give this or `project`.
    pub(crate) path: Option<String>,
    /// The name of a project that is there.
    pub(crate) project: Option<String>,
}

/// A project that was found.
pub(crate) enum Found {
    /// By its file.
    File(Checked),
    /// By its name.
    Name(Name),
}

impl Target {
    /// Finds it.
    pub(crate) async fn find(&self, bench: &Bench, engine: &Engine, call: &Call) -> Result<Found, Failure> {
        match (&self.path, &self.project) {
            (Some(path), None) => {
                let project = Project::find(&bench.roots, path).await?;
                Ok(Found::File(project.read(bench, engine, call).await?))
            }
            (None, Some(name)) => Ok(Found::Name(Name::parse("project", name)?)),
            (Some(_), Some(_)) => {
                Err(Failure::invalid("project", "`path` and `project` both name a project").hint("give one of them"))
            }
            (None, None) => Err(Failure::invalid("path", "no project is named")
                .hint("give `path`, or the `project` of one that is there")),
        }
    }
}

impl Found {
    /// Its name.
    pub(crate) fn name(&self) -> &Name {
        match self {
            Self::File(checked) => &checked.name,
            Self::Name(name) => name,
        }
    }

    /// A command for it.
    pub(crate) fn command(&self, engine: &Engine) -> Result<Command, Failure> {
        match self {
            Self::File(checked) => checked.command(engine),
            Self::Name(name) => named(name, engine),
        }
    }
}
