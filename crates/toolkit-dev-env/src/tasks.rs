//! The tasks of a project: those that it names itself (scripts, targets, recipes), and what its language always has. A task
//! knows the command that runs it.

use toolkit::Failure;
use workbench::{Command, Place};

use crate::{
    environment::Environment,
    findings::Language,
    install::maven,
    kinds::python,
    manager::Manager,
    programs::{BUN, BUNDLE, CARGO, GO, GRADLE, JUST, MAKE, NPM, PNPM, PROJECT_PYTHON, PYTHON, YARN},
    survey::Survey,
};

/// Tasks that are listed: more are no list.
const TASKS_MAX: usize = 500;

/// A task of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Task {
    /// What it is called.
    pub(crate) name: String,
    /// The file that it comes from.
    pub(crate) source: String,
    /// What the file says that it does, or the command.
    pub(crate) about: String,
    runner: Runner,
}

/// How a task is run.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Runner {
    Script(Manager, String),
    Target(String),
    Recipe(String),
    Cargo(&'static str),
    Python(Vec<&'static str>),
    Module(String),
    Go(&'static [&'static str]),
    Maven(&'static str),
    Gradle(&'static str),
    Rake(&'static str),
}

impl Task {
    /// All tasks of a project; where two have one name, the second has its source before it.
    pub(crate) fn all(survey: &Survey) -> Vec<Self> {
        let mut tasks: Vec<Self> = Vec::new();
        let named = scripts(survey).into_iter().chain(recipes(survey)).chain(targets(survey));
        for mut task in named.chain(of_languages(survey)).take(TASKS_MAX) {
            let is_own = matches!(task.runner, Runner::Script(..) | Runner::Target(_) | Runner::Recipe(_));
            if tasks.iter().any(|other| other.name == task.name) {
                let prefix = if is_own { task.source.clone() } else { task.language().as_str().to_owned() };
                task.name = format!("{prefix}:{}", task.name);
            }
            tasks.push(task);
        }
        tasks
    }

    /// The command that runs it, with these arguments for it.
    pub(crate) fn command(
        &self,
        project: &Place,
        args: &[String],
        environment: Option<&Environment>,
    ) -> Result<Command, Failure> {
        let command = match &self.runner {
            Runner::Script(manager, name) => {
                let program = match manager {
                    Manager::Yarn => &YARN,
                    Manager::Pnpm => &PNPM,
                    Manager::Bun => &BUN,
                    _ => &NPM,
                };
                program.subcommand("run")?.operand("task", name)?
            }
            Runner::Target(name) => MAKE.command().operand("task", name)?,
            Runner::Recipe(name) => JUST.command().operand("task", name)?,
            Runner::Cargo(subcommand) => CARGO.subcommand(subcommand)?,
            Runner::Python(words) => python_of(environment).words(words.iter().copied()),
            Runner::Module(module) => python_of(environment).words(["-m"]).operand("task", module)?,
            Runner::Go(words) => GO.subcommand(words[0])?.words(words[1..].iter().copied()),
            Runner::Maven(goal) => maven()?.words([*goal]),
            Runner::Gradle(task) => GRADLE.command().words([*task]),
            Runner::Rake(task) => BUNDLE.subcommand("exec")?.words(["rake", *task]),
        };
        let knows_rest =
            matches!(self.runner, Runner::Script(..) | Runner::Cargo("test" | "run" | "clippy") | Runner::Python(_));
        let command = match args {
            [] => command,
            args if knows_rest => command.rest("args", args.iter().map(String::as_str))?,
            args => args.iter().try_fold(command, |command, arg| command.operand("args", arg))?,
        };
        let command = environment.into_iter().fold(command, |command, environment| environment.around(command));
        Ok(command.within(project).why("the project names this task"))
    }

    fn language(&self) -> Language {
        match self.runner {
            Runner::Cargo(_) => Language::Rust,
            Runner::Python(_) | Runner::Module(_) => Language::Python,
            Runner::Go(_) => Language::Go,
            Runner::Maven(_) | Runner::Gradle(_) => Language::Java,
            Runner::Rake(_) => Language::Ruby,
            Runner::Script(..) | Runner::Target(_) | Runner::Recipe(_) => Language::Node,
        }
    }
}

/// The Python that a project's own programs run in.
fn python_of(environment: Option<&Environment>) -> Command {
    if environment.is_some() { PROJECT_PYTHON.command() } else { PYTHON.command() }
}

fn task(name: &str, source: &str, about: &str, runner: Runner) -> Task {
    Task { name: name.to_owned(), source: source.to_owned(), about: about.to_owned(), runner }
}

/// The scripts of `package.json`.
fn scripts(survey: &Survey) -> Vec<Task> {
    const SOURCE: &str = "package.json";
    let package: serde_json::Value =
        survey.text(SOURCE).and_then(|it| serde_json::from_str(it).ok()).unwrap_or_default();
    let mut managers = Manager::chosen_in(survey, "").into_iter().map(|(_, manager)| manager);
    let manager = managers.find(|manager| manager.language() == Language::Node).unwrap_or(Manager::Npm);
    let scripts = package["scripts"].as_object().into_iter().flatten();
    let scripts = scripts.filter_map(|(name, script)| Some((name, script.as_str()?)));
    scripts.map(|(name, script)| task(name, SOURCE, script, Runner::Script(manager, name.clone()))).collect()
}

/// The targets of a Makefile, without patterns, files and those that are meant for make itself.
fn targets(survey: &Survey) -> Vec<Task> {
    let Some((source, text)) =
        ["GNUmakefile", "Makefile"].into_iter().find_map(|name| Some((name, survey.text(name)?)))
    else {
        return Vec::new();
    };
    let target = |line: &str| {
        let (name, rest) = line.split_once(':')?;
        let is_name = !name.is_empty() && name.chars().all(|one| one.is_ascii_alphanumeric() || "-_".contains(one));
        let about = rest.split_once("##").map_or("", |(_, about)| about.trim());
        (is_name && !name.starts_with('-') && !rest.starts_with('='))
            .then(|| task(name, source, about, Runner::Target(name.to_owned())))
    };
    let mut tasks: Vec<Task> = text.lines().filter_map(target).collect();
    tasks.dedup_by(|one, other| one.name == other.name);
    tasks
}

/// The recipes of a justfile that need no arguments.
fn recipes(survey: &Survey) -> Vec<Task> {
    let Some((source, text)) = ["justfile", "Justfile"].into_iter().find_map(|name| Some((name, survey.text(name)?)))
    else {
        return Vec::new();
    };
    let mut about = "";
    let mut tasks = Vec::new();
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix('#') {
            about = comment.trim();
            continue;
        }
        if let Some((name, rest)) = line.split_once(':') {
            let is_name = name.chars().all(|one| one.is_ascii_alphanumeric() || "-_".contains(one));
            if is_name && name.starts_with(|first: char| first.is_ascii_alphabetic()) && !rest.starts_with('=') {
                tasks.push(task(name, source, about, Runner::Recipe(name.to_owned())));
            }
        }
        about = "";
    }
    tasks
}

/// What the languages of a project always have.
fn of_languages(survey: &Survey) -> Vec<Task> {
    let chosen = Manager::chosen_in(survey, "");
    chosen.iter().flat_map(|(file, manager)| of_manager(survey, file, *manager)).collect()
}

fn of_manager(survey: &Survey, file: &str, manager: Manager) -> Vec<Task> {
    match manager {
        Manager::Cargo => {
            let mut tasks = vec![
                task("build", "Cargo.toml", "cargo build", Runner::Cargo("build")),
                task("test", "Cargo.toml", "cargo test", Runner::Cargo("test")),
                task("lint", "Cargo.toml", "cargo clippy", Runner::Cargo("clippy")),
            ];
            if survey.has("src/main.rs") {
                tasks.push(task("run", "Cargo.toml", "cargo run", Runner::Cargo("run")));
            }
            tasks
        }
        Manager::Go => {
            let mut tasks = vec![
                task("build", "go.mod", "go build ./...", Runner::Go(&["build", "./..."])),
                task("test", "go.mod", "go test -v ./...", Runner::Go(&["test", "-v", "./..."])),
                task("lint", "go.mod", "go vet ./...", Runner::Go(&["vet", "./..."])),
            ];
            if survey.has("main.go") {
                tasks.push(task("run", "go.mod", "go run .", Runner::Go(&["run", "."])));
            }
            tasks
        }
        Manager::Maven => vec![
            task("build", file, "mvn package", Runner::Maven("package")),
            task("test", file, "mvn test", Runner::Maven("test")),
        ],
        Manager::Gradle => vec![
            task("build", file, "gradle build", Runner::Gradle("build")),
            task("test", file, "gradle test", Runner::Gradle("test")),
        ],
        Manager::Bundler if survey.has("Rakefile") => {
            vec![task("test", "Rakefile", "bundle exec rake test", Runner::Rake("test"))]
        }
        Manager::Pip | Manager::Uv | Manager::Poetry | Manager::Conda => of_python(survey, file),
        _ => Vec::new(),
    }
}

fn of_python(survey: &Survey, file: &str) -> Vec<Task> {
    let mut names = python::of_pyproject(survey.text("pyproject.toml").unwrap_or_default());
    names.extend(python::of_requirements(survey.text("requirements.txt").unwrap_or_default()));
    let has = |name: &str| names.iter().any(|other| other == name);
    let mut tasks = Vec::new();
    if has("pytest") {
        tasks.push(task("test", file, "python -m pytest", Runner::Python(vec!["-m", "pytest"])));
    } else if survey.files().any(|path| path.starts_with("tests/test_") || path.starts_with("test_")) {
        tasks.push(task("test", file, "python -m unittest", Runner::Python(vec!["-m", "unittest"])));
    }
    if has("ruff") {
        tasks.push(task("lint", file, "python -m ruff check", Runner::Python(vec!["-m", "ruff", "check"])));
    }
    let mains = survey.files().filter_map(|path| path.strip_prefix("src/")?.strip_suffix("/__main__.py"));
    if let Some(module) = mains.filter(|module| !module.contains('/')).min() {
        tasks.push(task("run", file, &format!("python -m {module}"), Runner::Module(module.to_owned())));
    }
    tasks
}

#[cfg(test)]
mod tests {
    use workbench::{Denied, Roots};

    use super::*;

    #[test]
    fn tasks_come_from_files_and_languages() {
        let folder = tempfile::tempdir().unwrap();
        let project = Roots::open([folder.path()], Denied::default()).unwrap().home("path");
        let check = |files: &[(&str, &str)], expected: &[(&str, &str)]| {
            let tasks = Task::all(&Survey::with(files));
            let shown: Vec<(String, String)> = tasks
                .iter()
                .map(|task| (task.name.clone(), task.command(&project, &[], None).unwrap().shown()))
                .collect();
            let shown: Vec<(&str, &str)> = shown.iter().map(|(name, command)| (&**name, &**command)).collect();
            assert_eq!(shown, expected);
        };
        check(
            &[("package.json", r#"{"scripts": {"test": "node --test", "dev": "vite"}}"#), ("yarn.lock", "")],
            &[("dev", "yarn run dev"), ("test", "yarn run test")],
        );
        let makefile = ".PHONY: all\nCC := gcc\nall: test ## everything\n%.o: %.c\ntest:\n\tpytest\nout/x: y\nA:=1\n";
        check(&[("Makefile", makefile)], &[("all", "make all"), ("test", "make test")]);
        check(
            &[("justfile", "set shell := ['sh']\n# checks all\ncheck:\n  x\nadd a b:\n  y\nv := '1'\n")],
            &[("check", "just check")],
        );
        check(
            &[("Cargo.toml", ""), ("src/main.rs", ""), ("Makefile", "test:\n")],
            &[
                ("test", "make test"),
                ("build", "cargo build"),
                ("rust:test", "cargo test"),
                ("lint", "cargo clippy"),
                ("run", "cargo run"),
            ],
        );
        check(
            &[("pyproject.toml", "[project]\ndependencies = ['pytest', 'ruff']\n"), ("src/shop/__main__.py", "")],
            &[("test", "python3 -m pytest"), ("lint", "python3 -m ruff check"), ("run", "python3 -m shop")],
        );
        check(&[("requirements.txt", "x"), ("tests/test_a.py", "")], &[("test", "python3 -m unittest")]);
        check(
            &[("go.mod", "")],
            &[("build", "go build ./..."), ("test", "go test -v ./..."), ("lint", "go vet ./...")],
        );
        check(&[("Gemfile", ""), ("Rakefile", "")], &[("test", "bundle exec rake test")]);
        check(&[("README.md", "")], &[]);
    }

    #[test]
    fn arguments_are_no_options() {
        let folder = tempfile::tempdir().unwrap();
        let project = Roots::open([folder.path()], Denied::default()).unwrap().home("path");
        let args = ["-k".to_owned(), "a b".to_owned()];
        let python = &Task::all(&Survey::with(&[("requirements.txt", "pytest")]))[0];
        assert_eq!(python.command(&project, &args, None).unwrap().shown(), "python3 -m pytest -- -k 'a b'");
        let make = &Task::all(&Survey::with(&[("Makefile", "a:\n")]))[0];
        assert_eq!(make.command(&project, &args, None).unwrap_err().field.as_deref(), Some("args"));
        let variable = ["MODE=fast".to_owned()];
        assert_eq!(make.command(&project, &variable, None).unwrap().shown(), "make a MODE=fast");
    }
}
