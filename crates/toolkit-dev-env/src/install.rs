//! What each manager is told in order to install: the whole project, or packages by name. Nothing is run here.

use toolkit::{Code, Failure};
use workbench::{Command, Place, Program, surroundings};

use crate::{
    environment::Environment,
    kinds::python,
    manager::Manager,
    package::Package,
    programs::{BUN, BUNDLE, CARGO, CONDA, ENVIRONMENT_PYTHON, GO, GRADLE, MAVEN, NPM, PNPM, POETRY, UV, YARN},
    survey::Survey,
};

/// An installation that is wanted.
#[derive(Clone, Debug)]
pub(crate) struct Installation {
    pub(crate) project: Place,
    pub(crate) manager: Manager,
    /// The environment of a project in Python.
    pub(crate) environment: Option<Environment>,
    /// Whether what is named is only needed to work on the project.
    pub(crate) dev: bool,
    /// Whether what is installed becomes as new as it may be.
    pub(crate) upgrade: bool,
    /// Whether what is installed is installed again.
    pub(crate) force: bool,
}

impl Installation {
    /// The commands that install what the project says it needs.
    pub(crate) fn whole(&self, survey: &Survey) -> Result<Vec<Command>, Failure> {
        let commands = match self.manager {
            Manager::Pip => vec![self.pip(survey)],
            Manager::Uv => {
                let command = self.flags(UV.subcommand("sync")?.words(["--all-extras"]), "--upgrade", "--reinstall");
                let environment = self.environment.as_ref().map(Environment::name);
                vec![environment.into_iter().fold(command, |it, name| it.env("UV_PROJECT_ENVIRONMENT", name))]
            }
            Manager::Poetry => vec![POETRY.subcommand(if self.upgrade { "update" } else { "install" })?],
            Manager::Conda => {
                let file = ["environment.yml", "environment.yaml"].into_iter().find(|file| survey.has(file));
                let command = CONDA.subcommand("env")?.words(["update", "--quiet"]);
                let command = command.option("--file", file.unwrap_or("environment.yml"))?;
                vec![self.prefixed(command)?]
            }
            Manager::Npm => vec![self.npm(survey)?],
            Manager::Yarn => vec![self.node(&YARN, "upgrade", "--force")?],
            Manager::Pnpm => {
                vec![with_cache(self.node(&PNPM, "update", "--force")?, "--store-dir", surroundings::PNPM)?]
            }
            Manager::Bun => vec![self.node(&BUN, "update", "--force")?],
            Manager::Cargo if self.upgrade => vec![CARGO.subcommand("update")?, CARGO.subcommand("fetch")?],
            Manager::Cargo => vec![CARGO.subcommand("fetch")?],
            Manager::Go if self.upgrade => vec![GO.subcommand("get")?.words(["-u", "./..."])],
            Manager::Go => vec![GO.subcommand("mod")?.words(["download"])],
            Manager::Maven => {
                let command = self.flags(maven()?, "--update-snapshots", "--update-snapshots");
                vec![command.words(["--quiet", "dependency:go-offline"])]
            }
            Manager::Gradle => {
                vec![
                    self.flags(GRADLE.command(), "--refresh-dependencies", "--refresh-dependencies")
                        .words(["dependencies"]),
                ]
            }
            Manager::Bundler if self.upgrade => vec![BUNDLE.subcommand("update")?.words(["--all"])],
            Manager::Bundler => vec![self.flags(BUNDLE.subcommand("install")?, "", "--redownload")],
        };
        Ok(commands.into_iter().map(|command| self.finish(command, "the project gets what it says it needs")).collect())
    }

    /// The command that installs these packages.
    pub(crate) fn packages(&self, packages: &[Package]) -> Result<Command, Failure> {
        let dev = |command: Command, word: &'static str| if self.dev { command.words([word]) } else { command };
        let command = match self.manager {
            Manager::Pip => {
                let command = ENVIRONMENT_PYTHON.command().words(["-m", "pip", "install"]);
                self.flags(command, "--upgrade", "--force-reinstall")
            }
            Manager::Uv => self.flags(dev(UV.subcommand("add")?, "--dev"), "--upgrade", "--reinstall"),
            Manager::Poetry => dev(POETRY.subcommand("add")?, "--group=dev"),
            Manager::Conda => self.prefixed(CONDA.subcommand("install")?.words(["--yes", "--quiet"]))?,
            Manager::Npm => self.flags(dev(NPM.subcommand("install")?, "--save-dev"), "", "--force"),
            Manager::Yarn => self.flags(dev(YARN.subcommand("add")?, "--dev"), "", "--force"),
            Manager::Pnpm => {
                let command = self.flags(dev(PNPM.subcommand("add")?, "--save-dev"), "", "--force");
                with_cache(command, "--store-dir", surroundings::PNPM)?
            }
            Manager::Bun => self.flags(dev(BUN.subcommand("add")?, "--dev"), "", "--force"),
            Manager::Cargo => return self.cargo(packages),
            Manager::Go => self.flags(GO.subcommand("get")?, "-u", ""),
            Manager::Bundler => dev(BUNDLE.subcommand("add")?, "--group=development"),
            Manager::Maven | Manager::Gradle => {
                let text = format!("{} adds no packages: they are written into its file", self.manager.as_str());
                let failure = Failure::new(Code::NotSupported, text)
                    .hint("add them to `pom.xml` or `build.gradle`, then call again without `packages`");
                return Err(Failure { field: Some("packages".to_owned()), ..failure });
            }
        };
        let operand = |command: Command, package: &Package| command.operand("packages", &package.operand(self.manager));
        let command = packages.iter().try_fold(command, operand)?;
        Ok(self.finish(command, "the packages that were named are added to the project"))
    }

    fn pip(&self, survey: &Survey) -> Command {
        let pyproject = survey.text("pyproject.toml");
        let what = if survey.has("requirements.txt") {
            "--requirement=requirements.txt"
        } else if pyproject.is_some_and(|text| python::has_extra(text, "dev")) {
            "--editable=.[dev]"
        } else {
            "--editable=."
        };
        let command = ENVIRONMENT_PYTHON.command().words(["-m", "pip", "install", "--quiet"]);
        self.flags(command, "--upgrade", "--force-reinstall").words([what])
    }

    fn npm(&self, survey: &Survey) -> Result<Command, Failure> {
        if self.upgrade {
            return NPM.subcommand("update");
        }
        // what is locked is installed exactly, unless somebody is at work there already
        let is_locked = survey.has("package-lock.json") || survey.has("npm-shrinkwrap.json");
        let is_new = !self.project.join("node_modules")?.exists()?;
        let subcommand = if is_locked && (is_new || self.force) { "ci" } else { "install" };
        NPM.subcommand(subcommand)
    }

    fn node(&self, program: &'static Program, upgrade: &str, force: &'static str) -> Result<Command, Failure> {
        if self.upgrade {
            return program.subcommand(upgrade);
        }
        Ok(self.flags(program.subcommand("install")?, "", force))
    }

    /// Cargo takes a place by an option, and only one at a time.
    fn cargo(&self, packages: &[Package]) -> Result<Command, Failure> {
        let command = CARGO.subcommand("add")?;
        let command = if self.dev { command.words(["--dev"]) } else { command };
        let add = |command: Command, package: &Package| match package {
            Package::There(path) => command.option("--path", path),
            Package::Named(name) => command.operand("packages", name),
        };
        let command = packages.iter().try_fold(command, add)?;
        Ok(self.finish(command, "the packages that were named are added to the project"))
    }

    fn prefixed(&self, command: Command) -> Result<Command, Failure> {
        match &self.environment {
            Some(environment) => command.option("--prefix", &format!("./{}", environment.name())),
            None => Ok(command),
        }
    }

    fn flags(&self, command: Command, upgrade: &'static str, force: &'static str) -> Command {
        let flags = [(self.upgrade, upgrade), (self.force, force)];
        let words = flags.into_iter().filter(|(is_wanted, word)| *is_wanted && !word.is_empty()).map(|(_, word)| word);
        let mut words: Vec<&'static str> = words.collect();
        words.dedup();
        command.words(words)
    }

    fn finish(&self, command: Command, why: &'static str) -> Command {
        let command = command.within(&self.project).why(why);
        match &self.environment {
            Some(environment) => environment.around(command),
            None => command,
        }
    }
}

/// Maven with its cache where ours are.
pub(crate) fn maven() -> Result<Command, Failure> {
    with_cache(MAVEN.command(), "-Dmaven.repo.local", surroundings::MAVEN)
}

/// A command that is told by an option where its cache is.
fn with_cache(command: Command, option: &'static str, name: &str) -> Result<Command, Failure> {
    match surroundings::cache(name) {
        Some(folder) => command.option(option, &folder),
        None => Ok(command),
    }
}

#[cfg(test)]
mod tests {
    use workbench::{Denied, Roots};

    use super::*;

    fn installation(folder: &tempfile::TempDir, manager: Manager) -> Installation {
        let roots = Roots::open([folder.path()], Denied::default()).unwrap();
        let project = roots.home("path");
        let environment = (manager.language() == crate::findings::Language::Python)
            .then(|| Environment::named(&project, ".venv").unwrap());
        Installation { project, manager, environment, dev: false, upgrade: false, force: false }
    }

    fn shown(commands: &[Command]) -> String {
        let shown: Vec<String> = commands.iter().map(Command::shown).collect();
        shown.join(" && ").replace(&surroundings::cache("").unwrap_or_default(), "CACHE/")
    }

    #[test]
    fn each_manager_installs_a_whole_project_in_its_own_words() {
        let folder = tempfile::tempdir().unwrap();
        let check = |manager, files: &[(&str, &str)], expected: [&str; 3]| {
            let plain = installation(&folder, manager);
            let upgrade = Installation { upgrade: true, ..plain.clone() };
            let force = Installation { force: true, ..plain.clone() };
            let survey = Survey::with(files);
            let actual = [&plain, &upgrade, &force].map(|it| shown(&it.whole(&survey).unwrap()));
            assert_eq!(actual, expected, "{manager:?}");
        };
        let pip = "python -I -m pip install --quiet";
        check(
            Manager::Pip,
            &[("requirements.txt", "")],
            [
                &format!("{pip} --requirement=requirements.txt"),
                &format!("{pip} --upgrade --requirement=requirements.txt"),
                &format!("{pip} --force-reinstall --requirement=requirements.txt"),
            ],
        );
        check(
            Manager::Pip,
            &[("pyproject.toml", "[project.optional-dependencies]\ndev = []\n")],
            [
                &format!("{pip} '--editable=.[dev]'"),
                &format!("{pip} --upgrade '--editable=.[dev]'"),
                &format!("{pip} --force-reinstall '--editable=.[dev]'"),
            ],
        );
        let uv = "uv --no-progress sync --all-extras";
        check(Manager::Uv, &[], [uv, &format!("{uv} --upgrade"), &format!("{uv} --reinstall")]);
        let poetry = "poetry --no-interaction --no-ansi";
        check(
            Manager::Poetry,
            &[],
            [&format!("{poetry} install"), &format!("{poetry} update"), &format!("{poetry} install")],
        );
        let conda = "conda env update --quiet --file=environment.yml --prefix=./.venv";
        check(Manager::Conda, &[("environment.yml", "")], [conda; 3]);
        check(Manager::Npm, &[], ["npm install", "npm update", "npm install"]);
        check(Manager::Npm, &[("package-lock.json", "")], ["npm ci", "npm update", "npm ci"]);
        check(Manager::Yarn, &[], ["yarn install", "yarn upgrade", "yarn install --force"]);
        let store = "--store-dir=CACHE/pnpm";
        check(
            Manager::Pnpm,
            &[],
            [
                &format!("pnpm install {store}"),
                &format!("pnpm update {store}"),
                &format!("pnpm install --force {store}"),
            ],
        );
        check(Manager::Bun, &[], ["bun install", "bun update", "bun install --force"]);
        check(Manager::Cargo, &[], ["cargo fetch", "cargo update && cargo fetch", "cargo fetch"]);
        check(Manager::Go, &[], ["go mod download", "go get -u ./...", "go mod download"]);
        let maven = "mvn --batch-mode -Dmaven.repo.local=CACHE/maven";
        let updated = format!("{maven} --update-snapshots --quiet dependency:go-offline");
        check(Manager::Maven, &[], [&format!("{maven} --quiet dependency:go-offline"), &updated, &updated]);
        let gradle = "gradle --console=plain --no-daemon";
        let fresh = format!("{gradle} --refresh-dependencies dependencies");
        check(Manager::Gradle, &[], [&format!("{gradle} dependencies"), &fresh, &fresh]);
        check(Manager::Bundler, &[], ["bundle install", "bundle update --all", "bundle install --redownload"]);
    }

    #[test]
    fn each_manager_adds_packages_in_its_own_words() {
        let folder = tempfile::tempdir().unwrap();
        let check = |manager, expected: &str| {
            let dev = Installation { dev: true, ..installation(&folder, manager) };
            let packages = [Package::Named("a".to_owned()), Package::There("/p/b".to_owned())];
            assert_eq!(shown(&[dev.packages(&packages).unwrap()]), expected);
        };
        check(Manager::Pip, "python -I -m pip install a /p/b");
        check(Manager::Uv, "uv --no-progress add --dev a /p/b");
        check(Manager::Poetry, "poetry --no-interaction --no-ansi add --group=dev a /p/b");
        check(Manager::Conda, "conda install --yes --quiet --prefix=./.venv a /p/b");
        check(Manager::Npm, "npm install --save-dev a file:/p/b");
        check(Manager::Yarn, "yarn add --dev a file:/p/b");
        check(Manager::Pnpm, "pnpm add --save-dev --store-dir=CACHE/pnpm a file:/p/b");
        check(Manager::Bun, "bun add --dev a file:/p/b");
        check(Manager::Cargo, "cargo add --dev a --path=/p/b");
        check(Manager::Go, "go get a /p/b");
        check(Manager::Bundler, "bundle add --group=development a /p/b");
        let maven = installation(&folder, Manager::Maven).packages(&[]).unwrap_err();
        assert_eq!(maven.code, Code::NotSupported);
    }
}
