//! A virtual environment of Python: where it is, and how commands come to run in it.

use std::{env, ffi::OsStr};

use toolkit::{Code, Failure};
use workbench::{Command, Kind, Place};

use crate::shown;

/// Names of the folders in which a project keeps its environment, the usual ones first.
const USUAL: [&str; 3] = [".venv", "venv", "env"];
/// The file that makes a folder an environment of `venv`, and the folder that makes it one of conda.
const SIGNS: [&str; 2] = ["pyvenv.cfg", "conda-meta"];
/// Bytes of the name of an environment.
const NAME_BYTES_MAX: usize = 100;
/// Entries of a folder of packages that are looked at.
const ENTRIES_MAX: usize = 100_000;
/// Packages that an environment has from its beginning.
const GIVEN: [&str; 4] = ["pip-", "setuptools-", "wheel-", "distribute-"];
/// What a program path may be told of when there is none.
const PATH_DEFAULT: &str = "/usr/local/bin:/usr/bin:/bin";

/// A virtual environment of Python.
#[derive(Clone, Debug)]
pub(crate) struct Environment {
    place: Place,
}

impl Environment {
    /// The environment of this name in a project, whether or not it is there.
    pub(crate) fn named(project: &Place, name: &str) -> Result<Self, Failure> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let fits = !name.is_empty() && name.len() <= NAME_BYTES_MAX && name.bytes().all(is_plain);
        if !fits || name.starts_with('-') || matches!(name, "." | ".." | ".git") {
            let text = format!("`{}` is no name for an environment", shown::short(name));
            return Err(
                Failure::invalid("env_name", text).hint("use letters, digits, `.`, `-` and `_`, such as `venv`")
            );
        }
        Self::at(project.join(name)?)
    }

    /// The environment that a project uses, if it has one.
    pub(crate) fn of(project: &Place) -> Result<Option<Self>, Failure> {
        for name in USUAL {
            let environment = Self::at(project.join(name)?)?;
            if environment.is_there()? {
                return Ok(Some(environment));
            }
        }
        Ok(None)
    }

    fn at(place: Place) -> Result<Self, Failure> {
        if place.path().as_os_str().as_encoded_bytes().contains(&b':') {
            let text = format!("`{}` has a colon, with which no program path can name it", place.display());
            return Err(Failure::invalid("path", text).hint("move the project"));
        }
        Ok(Self { place })
    }

    /// Where it is.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Its name: that of its folder.
    pub(crate) fn name(&self) -> String {
        self.place.name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Whether it is there.
    pub(crate) fn is_there(&self) -> Result<bool, Failure> {
        for sign in SIGNS {
            if self.place.join(sign)?.exists()? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Refuses a folder that is something else.
    pub(crate) fn check_free(&self) -> Result<(), Failure> {
        if self.place.exists()? && !self.is_there()? {
            let text = format!("`{}` exists already and is no environment", self.place.display());
            let failure = Failure::new(Code::AlreadyExists, text).hint("choose another `env_name`");
            return Err(Failure { field: Some("env_name".to_owned()), ..failure });
        }
        Ok(())
    }

    /// A command that runs in it.
    pub(crate) fn around(&self, command: Command) -> Command {
        let own = self.place.path().join("bin").display().to_string();
        let path = env::var("PATH").unwrap_or_else(|_| PATH_DEFAULT.to_owned());
        command.env("PATH", format!("{own}:{path}")).env("VIRTUAL_ENV", self.place.display())
    }

    /// The packages that were put into it.
    pub(crate) fn packages(&self) -> Result<usize, Failure> {
        let library = self.place.join("lib")?;
        if !library.exists()? {
            return Ok(0);
        }
        let mut packages = 0;
        for version in library.folder()?.entries(ENTRIES_MAX)?.iter().filter(|entry| entry.kind == Kind::Directory) {
            let site = library.join(&version.name.to_string_lossy())?.join("site-packages")?;
            if site.exists()? {
                packages += site.folder()?.entries(ENTRIES_MAX)?.iter().filter(|entry| is_added(&entry.name)).count();
            }
        }
        Ok(packages)
    }

    /// How a person enters it.
    pub(crate) fn activate_command(&self) -> Result<String, Failure> {
        let is_conda = self.place.join("conda-meta")?.exists()?;
        let quoted = |path: String| format!("'{}'", path.replace('\'', r"'\''"));
        if is_conda {
            return Ok(format!("conda activate {}", quoted(self.place.display())));
        }
        Ok(format!(". {}", quoted(self.place.join("bin/activate")?.display())))
    }
}

fn is_added(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.ends_with(".dist-info") && !GIVEN.iter().any(|given| name.starts_with(given))
}
