//! `setup_env`: a project in Rust, Go, Java or Ruby: what its language needs is there, and its dependencies are fetched.

use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};
use workbench::{Bench, Command, Program, aside};

use super::{CHANGED_PROJECT, yes};
use crate::{
    deadline::Deadline,
    findings::Language,
    install::Installation,
    manager::Manager,
    programs::{BUNDLE, CARGO, GO, GRADLE, JAVA, MAVEN, RUBY},
    survey::Survey,
    version,
};

/// Sets up projects in other languages.
pub(crate) struct SetupEnv(pub(crate) Bench);

/// A language without environments of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Compiled {
    Rust,
    Go,
    Java,
    Ruby,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The folder of the project.
    path: String,
    /// Its language.
    language: Compiled,
    /// The version that has to be there, such as `1.85`.
    version: Option<String>,
    /// Whether what the project needs is fetched.
    #[serde(default = "yes")]
    install_deps: bool,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    language: Language,
    version: String,
    /// The programs of the language, and where they are.
    tool_paths: BTreeMap<&'static str, PathBuf>,
    /// What can be done now.
    next_steps: Vec<String>,
    /// What was done.
    message: String,
}

impl Tool for SetupEnv {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "setup_env";
    const ABOUT: &'static str = "Sets up a project in Rust, Go, Java or Ruby: makes sure that the compiler is there in the \
        version that is wanted, and fetches what the project needs.";
    const MARKS: Marks = Marks::writes().open_world().long();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_PROJECT);
    const TIMEOUT_S: u64 = 600;
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] = &[("installDeps", "install_deps")];
    const EXAMPLES: &'static [&'static str] = &[r#"{"path": "gateway", "language": "rust"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let deadline = Deadline::of(call);
        let (installation, survey) = self.prepare(&input).await?;
        let there = deadline.succeed(ask_version(input.language)?).await?;
        let there = format!("{}{}", there.stdout, there.stderr);
        let there = version::printed(&there).unwrap_or_default();
        if let Some(wanted) = input.version.as_deref().filter(|wanted| !version::is_met(wanted, there)) {
            return Err(version::missing(
                "version",
                input.language.shown(),
                wanted,
                there,
                &input.language.how(wanted),
            ));
        }
        if let Some(installation) = installation.as_ref().filter(|_| input.install_deps) {
            deadline.all(installation.whole(&survey)?, call).await?;
        }
        let manager = installation.as_ref().map(|installation| installation.manager);
        Ok(Output {
            language: input.language.language(),
            version: there.to_owned(),
            tool_paths: input
                .language
                .programs()
                .into_iter()
                .filter_map(|it| Some((it.name(), find(it.name())?)))
                .collect(),
            next_steps: next_steps(input.language, manager),
            message: match manager {
                Some(manager) => format!("{} {there} is there, with {}", input.language.shown(), manager.as_str()),
                None => format!("{} {there} is there; the project has no manifest yet", input.language.shown()),
            },
        })
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        let (installation, survey) = self.prepare(&input).await?;
        let mut commands = vec![ask_version(input.language)?];
        if let Some(installation) = installation.filter(|_| input.install_deps) {
            commands.extend(installation.whole(&survey)?);
        }
        Ok(commands.iter().map(Command::step).collect())
    }
}

impl SetupEnv {
    /// What is installed, if the project has a manifest of this language.
    async fn prepare(&self, input: &Input) -> Result<(Option<Installation>, Survey), Failure> {
        let project = self.0.roots.place("path", &input.path)?;
        if let Some(wanted) = &input.version {
            version::check("version", wanted)?;
        }
        let place = project.clone();
        let survey = aside(move |stop| Survey::of(&place, stop)).await?;
        let mut chosen = Manager::chosen_in(&survey, "").into_iter().map(|(_, manager)| manager);
        let manager = chosen.find(|manager| manager.language() == input.language.language());
        let installation = manager.map(|manager| Installation {
            project,
            manager,
            environment: None,
            dev: false,
            upgrade: false,
            force: false,
        });
        Ok((installation, survey))
    }
}

impl Compiled {
    fn language(self) -> Language {
        match self {
            Self::Rust => Language::Rust,
            Self::Go => Language::Go,
            Self::Java => Language::Java,
            Self::Ruby => Language::Ruby,
        }
    }

    /// As a person calls it.
    fn shown(self) -> &'static str {
        match self {
            Self::Rust => "Rust",
            Self::Go => "Go",
            Self::Java => "Java",
            Self::Ruby => "Ruby",
        }
    }

    /// The programs that belong to it.
    fn programs(self) -> Vec<&'static Program> {
        match self {
            Self::Rust => vec![&CARGO],
            Self::Go => vec![&GO],
            Self::Java => vec![&JAVA, &MAVEN, &GRADLE],
            Self::Ruby => vec![&RUBY, &BUNDLE],
        }
    }

    /// How another version comes to be there.
    fn how(self, wanted: &str) -> String {
        match self {
            Self::Rust => format!("install it with `rustup toolchain install {wanted}` and `rustup default {wanted}`"),
            Self::Go => "install it from your distribution or from go.dev/dl".to_owned(),
            Self::Java => format!("install a JDK {wanted}, and set `JAVA_HOME` in the `env` of this server"),
            Self::Ruby => format!("install it, for instance with `rbenv install {wanted}`"),
        }
    }
}

fn ask_version(language: Compiled) -> Result<Command, Failure> {
    let command = match language {
        Compiled::Rust => CARGO.command().words(["--version"]),
        Compiled::Go => GO.subcommand("version")?,
        // Java takes one dash, and answers on stderr
        Compiled::Java => JAVA.command().words(["-version"]),
        Compiled::Ruby => RUBY.command().words(["--version"]),
    };
    Ok(command.why("which version is there?"))
}

fn next_steps(language: Compiled, manager: Option<Manager>) -> Vec<String> {
    let steps: &[&str] = match (language, manager) {
        (Compiled::Rust, Some(_)) => &["cargo build", "cargo test"],
        (Compiled::Rust, None) => &["cargo init"],
        (Compiled::Go, Some(_)) => &["go build ./...", "go test ./..."],
        (Compiled::Go, None) => &["go mod init example.com/name"],
        (Compiled::Java, Some(Manager::Gradle)) => &["gradle build", "gradle test"],
        (Compiled::Java, Some(_)) => &["mvn package", "mvn test"],
        (Compiled::Java, None) => &["create_project with type java"],
        (Compiled::Ruby, Some(_)) => &["bundle exec rake"],
        (Compiled::Ruby, None) => &["bundle init"],
    };
    steps.iter().map(ToString::to_string).collect()
}

/// Where a program is.
fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .map(|folder: PathBuf| folder.join(program))
        .find(|candidate: &PathBuf| Path::is_file(candidate))
}
