//! How an environment of Python is made and filled: the commands for each of four tools. Nothing is run here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Code, Failure};
use workbench::{Command, Place, Program};

use crate::{
    environment::Environment,
    kinds::python,
    programs::{CONDA, ENVIRONMENT_PYTHON, POETRY, PYTHON3, PYTHONS, UV},
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

#[cfg(test)]
mod tests {
    use workbench::{Denied, Roots};

    use super::*;

    #[test]
    fn each_tool_makes_and_fills_an_environment_in_its_own_words() {
        let folder = tempfile::tempdir().unwrap();
        let project = Roots::open([folder.path()], Denied::default()).unwrap().home("path");
        let check =
            |maker, version: Option<&str>, requirements: Option<&str>, files: &[(&str, &str)], expected: [&str; 2]| {
                let environment = Environment::named(&project, "venv").unwrap();
                let (version, requirements) = (version.map(str::to_owned), requirements.map(str::to_owned));
                let wanted = Wanted { project: project.clone(), environment, maker, version, requirements };
                let survey = Survey::with(files);
                let shown =
                    |commands: Vec<Command>| commands.iter().map(Command::shown).collect::<Vec<_>>().join(" && ");
                let actual = [shown(wanted.make(&survey).unwrap()), shown(wanted.fill(&survey).unwrap())];
                assert_eq!(actual, expected);
            };
        let pip = "python -I -m pip install --quiet";
        let plain = &[("requirements.txt", "")];
        let package = &[("pyproject.toml", "[project]\nname = 'a'\n[project.optional-dependencies]\ndev = []\n")];
        let conda = &[("environment.yml", "")];
        let to_all = &format!("{pip} --requirement=requirements.txt");
        check(Maker::Venv, None, None, plain, ["python3 -I -m venv venv", to_all]);
        let to_dev = &format!("{pip} '--editable=.[dev]'");
        check(Maker::Venv, Some("3.12.1"), None, package, ["python3.12 -I -m venv venv", to_dev]);
        let to_one = &format!("{pip} --requirement=dev.txt");
        check(Maker::Venv, None, Some("dev.txt"), plain, ["python3 -I -m venv venv", to_one]);
        check(Maker::Venv, Some("3"), None, &[], ["python3 -I -m venv venv", ""]);
        let uv = "uv --no-progress";
        let make_uv = &format!("{uv} venv --python=3.13 venv");
        check(Maker::Uv, Some("3.13"), None, &[("uv.lock", "")], [make_uv, &format!("{uv} sync --all-extras")]);
        let fill_uv = &format!("{uv} pip install --requirement=requirements.txt");
        check(Maker::Uv, None, None, plain, [&format!("{uv} venv venv"), fill_uv]);
        let poetry = "poetry --no-interaction --no-ansi install";
        check(Maker::Poetry, None, None, package, ["python3 -I -m venv venv", poetry]);
        let create = "conda env create --yes --file=environment.yml --prefix=./venv";
        check(Maker::Conda, None, None, conda, [create, ""]);
        let create = "conda create --yes --quiet --prefix=./venv python=3.12";
        check(Maker::Conda, Some("3.12"), Some("r.txt"), conda, [create, &format!("{pip} --requirement=r.txt")]);
    }

    #[test]
    fn a_python_that_is_not_known_is_told() {
        let failure = interpreter(Some("2.7")).unwrap_err();
        assert_eq!((failure.code, failure.field.as_deref()), (Code::NotSupported, Some("python_version")));
    }
}
