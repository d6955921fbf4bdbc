//! Programs of Python under its own profiler, cProfile.

use std::env;

use serde::Deserialize;
use toolkit::{Code, Failure};
use workbench::{Command, Packages, Place, Program};

use super::{
    Run, Words,
    hot::{Hot, Measured},
    unmeasured,
};

/// Folders in which a project keeps its environment.
const ENVIRONMENTS: [&str; 3] = [".venv", "venv", "env"];
/// What makes a folder a project in Python.
const SIGNS: [&str; 5] = ["pyproject.toml", "requirements.txt", "setup.py", "setup.cfg", "tests/__init__.py"];
/// Where programs are when nothing tells.
const PATH_DEFAULT: &str = "/usr/local/bin:/usr/bin:/bin";
/// The name of the profile.
const PROFILE: &str = "profile.pstats";

const PACKAGES: Packages = Packages { arch: "python", fedora: "python3", ..Packages::same("python3") };
/// The Python of the machine, and that of an environment, which is found because the environment comes first.
static PYTHONS: [Program; 2] = [Program::new("python3").packages(PACKAGES), Program::new("python").packages(PACKAGES)];
/// The same, reading a profile: a project's own files do not stand in for modules of the library.
static READERS: [Program; 2] = [
    Program::new("python3").first(&["-I", "-c", include_str!("hot.py")]).packages(PACKAGES),
    Program::new("python").first(&["-I", "-c", include_str!("hot.py")]).packages(PACKAGES),
];
/// Ends with 0 if pytest is installed.
const HAS_PYTEST: &str = "import importlib.util, sys; sys.exit(importlib.util.find_spec('pytest') is None)";

/// What the reader prints.
#[derive(Deserialize)]
struct Read {
    total_s: f64,
    hot: Vec<ReadHot>,
}

#[derive(Deserialize)]
struct ReadHot {
    file: String,
    line: usize,
    name: String,
    seconds: f64,
    calls: u64,
}

/// Whether it is a project in Python.
pub(super) fn is_project(project: &Place) -> Result<bool, Failure> {
    for sign in SIGNS {
        if project.join(sign)?.exists()? {
            return Ok(true);
        }
    }
    let tests = project.join("tests")?;
    let is_test = |name: &str| name.strip_prefix("test_").is_some_and(|rest| rest.strip_suffix(".py").is_some());
    let entries = if tests.exists()? { tests.folder()?.entries(10_000)? } else { Vec::new() };
    Ok(entries.iter().any(|entry| entry.name.to_str().is_some_and(is_test)))
}

/// Measures the tests: by pytest if it is there, otherwise by what Python has.
pub(super) async fn tests(run: &Run<'_>) -> Result<Measured, Failure> {
    let python = Python::of(&run.project)?;
    let has_pytest = run.run(python.command(&PYTHONS).words(["-I", "-c", HAS_PYTEST])).await?.exit_code == Some(0);
    let words: &[&'static str] = if has_pytest { &["-m", "pytest", "-q"] } else { &["-m", "unittest", "discover"] };
    let command = python.profiler(run)?.words(words.iter().copied());
    let shown = command.shown();
    let outcome = run.run(command).await?;
    if !has_pytest && (outcome.stderr.contains("Ran 0 tests") || outcome.stderr.contains("NO TESTS RAN")) {
        let text = "`unittest` finds no tests here, and pytest is not installed";
        let hint = "install it into the environment of the project with `install_dependencies` of dev_env, `packages: [\"pytest\"]`";
        return Err(Failure::new(Code::DependencyMissing, text).hint(hint));
    }
    python.read(run, &outcome, &shown).await
}

/// Measures a script or a module.
pub(super) async fn command(run: &Run<'_>, words: &Words) -> Result<Measured, Failure> {
    let python = Python::of(&run.project)?;
    let mut rest = words.rest();
    let command = match rest.next() {
        Some("-m") => {
            let module = rest.next().unwrap_or_default();
            let is_name = !module.is_empty()
                && module
                    .split('.')
                    .all(|part| !part.is_empty() && part.chars().all(|one| one.is_alphanumeric() || one == '_'));
            if !is_name {
                return Err(Failure::invalid("command", "behind `-m` stands the name of a module"));
            }
            python.profiler(run)?.words(["-m"]).operand("command", module)?
        }
        script => python.profiler(run)?.operand("command", &super::script(&run.project, script)?)?,
    };
    let command = command.after_script("command", rest)?;
    let shown = command.shown();
    let outcome = run.run(command).await?;
    python.read(run, &outcome, &shown).await
}

/// The Python in which a project runs.
struct Python {
    environment: Option<Place>,
}

impl Python {
    fn of(project: &Place) -> Result<Self, Failure> {
        for name in ENVIRONMENTS {
            let place = project.join(name)?;
            if place.join("pyvenv.cfg")?.exists()? {
                return Ok(Self { environment: Some(place) });
            }
        }
        Ok(Self { environment: None })
    }

    fn command(&self, programs: &'static [Program; 2]) -> Command {
        let Some(environment) = &self.environment else { return programs[0].command() };
        let path = env::var("PATH").unwrap_or_else(|_| PATH_DEFAULT.to_owned());
        let own = environment.path().join("bin").display().to_string();
        programs[1].command().env("PATH", format!("{own}:{path}")).env("VIRTUAL_ENV", environment.display())
    }

    /// The beginning of a command that is measured.
    fn profiler(&self, run: &Run<'_>) -> Result<Command, Failure> {
        let profile = run.shelf.profile(PROFILE)?.display();
        self.command(&PYTHONS).words(["-m", "cProfile", "-o"]).operand("path", &profile)
    }

    /// Reads the profile that a run has left.
    async fn read(&self, run: &Run<'_>, outcome: &workbench::Outcome, shown: &str) -> Result<Measured, Failure> {
        let profile = run.shelf.profile(PROFILE)?;
        if !profile.exists()? {
            return Err(unmeasured(outcome, shown));
        }
        let reader = self.command(&READERS).operand("path", &profile.display())?;
        let printed = run.prepare(reader.operand("path", &run.project.display())?).succeed().await?.stdout;
        let read: Read = serde_json::from_str(&printed)
            .map_err(|error| Failure::new(Code::InternalError, format!("the profile cannot be read: {error}")))?;
        let hot = read.hot.into_iter().map(|it| Hot {
            kind: "hot_function",
            file: it.file,
            line: it.line,
            name: it.name,
            seconds: it.seconds,
            calls: Some(it.calls),
        });
        Ok(Measured { total_s: read.total_s, hot: hot.collect(), message: format!("`{shown}` was measured") })
    }
}
