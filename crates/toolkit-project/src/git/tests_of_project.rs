//! The tests of a project, by the files that say how they are run. They are the project's own code, so they run only where
//! the operator trusts the repository.

use std::time::Duration;

use toolkit::{Code, Failure};
use workbench::{Command, Packages, Program};

use super::repository::Repository;

/// How long the tests of a project may take.
const TIME_MAX: Duration = Duration::from_mins(15);

static CARGO: Program = Program::new("cargo").first(&["test", "--quiet"]).packages(Packages::same("cargo"));
static NPM: Program = Program::new("npm").first(&["test", "--silent"]).packages(Packages::same("npm"));
static PYTHON: Program = Program::new("python3").first(&["-m", "pytest", "-q"]).packages(Packages::same("python3"));
static GO: Program = Program::new("go").first(&["test", "./..."]).packages(Packages::same("golang"));
static MAKE: Program = Program::new("make").first(&["test"]).packages(Packages::same("make"));

/// The file that tells of tests, and how they are run.
const KINDS: [(&str, &Program); 5] =
    [("Cargo.toml", &CARGO), ("package.json", &NPM), ("pyproject.toml", &PYTHON), ("go.mod", &GO), ("Makefile", &MAKE)];

/// The command that runs the tests.
pub(super) fn command(repository: &Repository) -> Result<Command, Failure> {
    let refuse = |code, text: &str, hint: &str| {
        let failure = Failure::new(code, text).hint(hint);
        Err(Failure { field: Some("rules.tests_must_pass".to_owned()), ..failure })
    };
    if !repository.is_trusted() {
        let hint = "the operator can name it in SWITCHBOARD_TRUSTED_REPOSITORIES";
        return refuse(Code::Forbidden, "tests are code of the repository, which is not trusted", hint);
    }
    for (file, program) in KINDS {
        if repository.top().join(file)?.exists()? {
            return Ok(program.command().within(repository.top()).time_max(TIME_MAX));
        }
    }
    let hint = "a `Cargo.toml`, `package.json`, `pyproject.toml`, `go.mod` or `Makefile` in the top folder tells";
    refuse(Code::NotSupported, "nothing tells how the tests of this project are run", hint)
}

/// Runs the tests; they have to pass.
pub(super) async fn pass(repository: &Repository) -> Result<(), Failure> {
    command(repository)?.succeed().await.map(drop)
}
