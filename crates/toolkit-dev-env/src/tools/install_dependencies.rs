//! `install_dependencies`: what a project needs, or packages by name, by the manager that the project has chosen.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use toolkit::{Call, Code, Failure, Marks, Tool};
use workbench::{Bench, Command, Place, aside};

use super::CHANGED_PROJECT;
use crate::{
    deadline::Deadline,
    environment::Environment,
    findings::Language,
    install::Installation,
    kinds::{go, java, node, python, ruby, rust},
    manager::Manager,
    package::Package,
    survey::Survey,
};

/// Installs dependencies.
pub(crate) struct InstallDependencies(pub(crate) Bench);

/// The language whose dependencies are meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    Auto,
    Python,
    Node,
    Rust,
    Go,
    Java,
    Ruby,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The folder of the project.
    path: String,
    /// The language whose dependencies are meant; `auto` is the one that the project has.
    #[serde(default, rename = "type")]
    kind: Kind,
    /// Packages to add, as names with versions or as paths; if there are none, what the project says it needs.
    #[serde(default)]
    packages: Vec<String>,
    /// Whether the packages are only needed to work on the project.
    #[serde(default)]
    dev: bool,
    /// Whether what is installed becomes as new as it may be.
    #[serde(default)]
    upgrade: bool,
    /// Whether what is installed is installed again.
    #[serde(default)]
    force: bool,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    manager: Manager,
    /// The packages that were named, or those that the project names directly.
    installed: Vec<String>,
    /// What could not be installed; the others stay.
    failed: Vec<Failed>,
    duration_ms: u64,
    /// What was done.
    message: String,
}

#[derive(Serialize, JsonSchema)]
struct Failed {
    name: String,
    error: String,
}

impl Tool for InstallDependencies {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "install_dependencies";
    const ABOUT: &'static str = "Installs what a project says it needs, or packages by name, with the manager that its lock \
        file or manifest chooses: pip, uv, Poetry, conda, npm, Yarn, pnpm, Bun, Cargo, Go, Maven, Gradle or Bundler.";
    const MARKS: Marks = Marks::writes().open_world().long();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_PROJECT);
    const TIMEOUT_S: u64 = 600;
    const EXAMPLES: &'static [&'static str] =
        &[r#"{"path": "web-shop"}"#, r#"{"path": "web-shop", "packages": ["requests>=2"]}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let deadline = Deadline::of(call);
        let manifest = self.prepare(&input).await?;
        let manager = manifest.installation.manager;
        let (installed, failed) = if manifest.packages.is_empty() {
            deadline.all(manifest.installation.whole(&manifest.survey)?, call).await?;
            (direct(&manifest), Vec::new())
        } else {
            add(&manifest, deadline, call).await?
        };
        let message = format!("{} installed {}", manager.as_str(), counted(installed.len(), failed.len()));
        Ok(Output { manager, installed, failed, duration_ms: deadline.elapsed_ms(), message })
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        let prepared = self.prepare(&input).await?;
        let commands = if prepared.packages.is_empty() {
            prepared.installation.whole(&prepared.survey)?
        } else {
            vec![prepared.installation.packages(&prepared.packages)?]
        };
        Ok(commands.iter().map(Command::step).collect())
    }
}

/// An installation with all that is known of it.
struct Prepared {
    installation: Installation,
    packages: Vec<Package>,
    survey: Survey,
    /// The file that chose the manager.
    file: String,
}

impl InstallDependencies {
    async fn prepare(&self, input: &Input) -> Result<Prepared, Failure> {
        let project = self.0.roots.place("path", &input.path)?;
        let place = project.clone();
        let (survey, environment) =
            aside(move |stop| Ok((Survey::of(&place, stop)?, Environment::of(&place)?))).await?;
        let (file, manager) = choose(&survey, input.kind, &project)?;
        let packages = Package::all(&input.packages, manager, &project, &self.0.roots)?;
        let environment = environment.filter(|_| manager.language() == Language::Python);
        if environment.is_none() && matches!(manager, Manager::Pip | Manager::Poetry | Manager::Conda) {
            let text =
                format!("`{}` has no environment, and nothing is installed into the machine's own", project.display());
            let failure = Failure::new(Code::NotFound, text).hint("call `setup_python_env` first");
            return Err(Failure { field: Some("path".to_owned()), ..failure });
        }
        let Input { dev, upgrade, force, .. } = *input;
        let installation = Installation { project, manager, environment, dev, upgrade, force };
        Ok(Prepared { installation, packages, survey, file })
    }
}

/// The manager of the project for this language.
fn choose(survey: &Survey, kind: Kind, project: &Place) -> Result<(String, Manager), Failure> {
    let language = match kind {
        Kind::Auto => None,
        Kind::Python => Some(Language::Python),
        Kind::Node => Some(Language::Node),
        Kind::Rust => Some(Language::Rust),
        Kind::Go => Some(Language::Go),
        Kind::Java => Some(Language::Java),
        Kind::Ruby => Some(Language::Ruby),
    };
    let mut chosen = Manager::chosen_in(survey, "");
    chosen.retain(|(_, manager)| language.is_none_or(|language| manager.language() == language));
    if chosen.len() > 1 {
        let languages: Vec<&str> = chosen.iter().map(|(_, manager)| manager.language().as_str()).collect();
        let text = format!("`{}` is a project in {}", project.display(), languages.join(" and "));
        return Err(Failure::invalid("type", text).hint("say with `type` which of them is meant"));
    }
    chosen.pop().ok_or_else(|| {
        let text = format!("`{}` has no file that says what it needs", project.display());
        let failure = Failure::new(Code::NotFound, text)
            .hint("such as `pyproject.toml`, `package.json` or `Cargo.toml`; `detect_project` says what is there");
        Failure { field: Some("path".to_owned()), ..failure }
    })
}

/// Adds packages: all at once, and if that does not work, one by one.
async fn add(prepared: &Prepared, deadline: Deadline, call: &Call) -> Result<(Vec<String>, Vec<Failed>), Failure> {
    let Prepared { installation, packages, .. } = prepared;
    let names = || packages.iter().map(|package| package.name().to_owned());
    let all = installation.packages(packages)?;
    call.progress(0, Some(1 + packages.len() as u64), &all.shown());
    match deadline.succeed(all).await {
        Ok(_) => return Ok((names().collect(), Vec::new())),
        Err(failure) if failure.code != Code::CommandFailed || packages.len() == 1 => return Err(failure),
        Err(_) => {}
    }
    let (mut installed, mut failed) = (Vec::new(), Vec::new());
    for (place, package) in packages.iter().enumerate() {
        let command = installation.packages(std::slice::from_ref(package))?;
        call.progress(1 + place as u64, Some(1 + packages.len() as u64), &command.shown());
        let name = package.name().to_owned();
        match deadline.succeed(command).await {
            Ok(_) => installed.push(name),
            Err(failure) => failed.push(Failed { name, error: failure.message }),
        }
    }
    if installed.is_empty() {
        let text = format!("none of the {} packages could be installed", packages.len());
        let failed: Vec<_> = failed.iter().map(|it| json!({"name": it.name, "error": it.error})).collect();
        return Err(Failure::new(Code::CommandFailed, text)
            .hint("look at the errors in the details, one for each package")
            .details(json!({"failed": failed})));
    }
    Ok((installed, failed))
}

/// The packages that the project names directly.
fn direct(prepared: &Prepared) -> Vec<String> {
    let text = |file: &str| prepared.survey.text(file).unwrap_or_default();
    let mut names = match prepared.installation.manager.language() {
        Language::Python if prepared.file == "requirements.txt" => python::of_requirements(text("requirements.txt")),
        Language::Python => python::of_pyproject(text("pyproject.toml")),
        Language::Node => node::dependencies(&serde_json::from_str(text("package.json")).unwrap_or_default()),
        Language::Rust => rust::dependencies(text("Cargo.toml")),
        Language::Go => go::dependencies(text("go.mod")),
        Language::Java => java::of_gradle(&format!("{}{}", text("build.gradle"), text("build.gradle.kts"))),
        Language::Ruby => ruby::dependencies(text("Gemfile")),
    };
    if prepared.file == "pom.xml" {
        names = java::of_pom(text("pom.xml"));
    }
    names.sort();
    names.dedup();
    names
}

fn counted(installed: usize, failed: usize) -> String {
    let packages = if installed == 1 { "1 package".to_owned() } else { format!("{installed} packages") };
    if failed == 0 { packages } else { format!("{packages}; {failed} could not be") }
}
