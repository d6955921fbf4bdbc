//! How an environment of Python is made and filled: the commands for each of four tools. Nothing is run here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Code, Failure};
use workbench::{Command, Place, Program};

use crate::{
    environment::Environment,
    kinds::python,
    programs::{CONDA, ENVIRONMENT_PYTHON, POETRY, PYTHON3, PYTHONS, UV},
    shown,
    survey::Survey,
};

/// What makes an environment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Maker {
    /// Python itself, by its module `venv`.
    #[default]
    Venv,
    /// uv, which is fast, and fetches the Python that is wanted.
    Uv,
    /// Poetry, in an environment made by Python.
    Poetry,
    /// conda, from `environment.yml` where there is one.
    Conda,
}

/// An environment that is wanted.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) project: Place,
    pub(crate) environment: Environment,
    pub(crate) maker: Maker,
    pub(crate) version: Option<String>,
    /// A file of requirements, from the project.
    pub(crate) requirements: Option<String>,
}

/// Checks a version such as `3.12`.
pub(crate) fn check_version(version: &str) -> Result<(), Failure> {
    let parts: Vec<&str> = version.split('.').collect();
    let is_number = |part: &&str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if (1..=3).contains(&parts.len()) && parts.iter().all(is_number) {
        return Ok(());
    }
    let text = format!("`{}` is no version of Python", shown::short(version));
    Err(Failure::invalid("python_version", text).hint("give it as `3.12`"))
}

impl Wanted {
    /// The commands that make it.
    pub(crate) fn make(&self, survey: &Survey) -> Result<Vec<Command>, Failure> {
        let name = self.environment.name();
        let why = "packages of the project stay apart from those of the machine";
        let command = match self.maker {
            // Poetry fills the environment that it finds itself in
            Maker::Venv | Maker::Poetry => {
                interpreter(self.version.as_deref())?.command().words(["-m", "venv"]).operand("env_name", &name)?
            }
            Maker::Uv => {
                let command = UV.subcommand("venv")?;
                let command = match &self.version {
                    Some(version) => command.option("--python", version)?,
                    None => command,
                };
                command.operand("env_name", &name)?
            }
            Maker::Conda => match conda_file(survey) {
                Some(file) if self.requirements.is_none() => CONDA
                    .subcommand("env")?
                    .words(["create", "--yes"])
                    .option("--file", file)?
                    .option("--prefix", &format!("./{name}"))?,
                _ => {
                    let python = self.version.as_ref().map_or("python".to_owned(), |it| format!("python={it}"));
                    let command = CONDA.subcommand("create")?.words(["--yes", "--quiet"]);
                    command.option("--prefix", &format!("./{name}"))?.operand("python_version", &python)?
                }
            },
        };
        Ok(vec![command.within(&self.project).why(why)])
    }

    /// The commands that fill it with what the project needs.
    pub(crate) fn fill(&self, survey: &Survey) -> Result<Vec<Command>, Failure> {
        let pyproject = survey.text("pyproject.toml");
        let command = match (self.maker, &self.requirements) {
            (Maker::Poetry, None) => Some(POETRY.subcommand("install")?),
            (Maker::Uv, None) if survey.has("uv.lock") => {
                let command = UV.subcommand("sync")?.words(["--all-extras"]);
                Some(command.env("UV_PROJECT_ENVIRONMENT", self.environment.name()))
            }
            (_, Some(file)) => Some(self.install()?.option("--requirement", file)?),
            (_, None) if survey.has("requirements.txt") => {
                Some(self.install()?.words(["--requirement=requirements.txt"]))
            }
            (_, None) if pyproject.is_some_and(python::is_package) || survey.has("setup.py") => {
                let has_tests = pyproject.is_some_and(|text| python::has_extra(text, "dev"));
                let own = if has_tests { "--editable=.[dev]" } else { "--editable=." };
                Some(self.install()?.words([own]))
            }
            _ => None,
        };
        let finish = |command: Command| {
            self.environment.around(command).within(&self.project).why("the project gets what it says it needs")
        };
        Ok(command.map(finish).into_iter().collect())
    }

    /// An installation into the environment.
    fn install(&self) -> Result<Command, Failure> {
        match self.maker {
            Maker::Uv => Ok(UV.subcommand("pip")?.words(["install"])),
            _ => Ok(ENVIRONMENT_PYTHON.command().words(["-m", "pip", "install", "--quiet"])),
        }
    }
}

/// The interpreter of this version.
fn interpreter(version: Option<&str>) -> Result<&'static Program, Failure> {
    let Some(version) = version.filter(|version| *version != "3") else { return Ok(&PYTHON3) };
    let minor = version.split('.').take(2).collect::<Vec<_>>().join(".");
    PYTHONS.iter().find(|(known, _)| *known == minor).map(|(_, program)| program).ok_or_else(|| {
        let text = format!("Python {version} is not known here");
        let hint = "known are 3.8 to 3.15; `tool: \"uv\"` fetches others";
        Failure { field: Some("python_version".to_owned()), ..Failure::new(Code::NotSupported, text).hint(hint) }
    })
}

fn conda_file(survey: &Survey) -> Option<&'static str> {
    ["environment.yml", "environment.yaml"].into_iter().find(|file| survey.has(file))
}
