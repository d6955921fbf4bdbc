//! `setup_node_env`: a project on Node.js gets its manifest and its packages.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use toolkit::{Call, Failure, Marks, Tool};
use workbench::{Bench, Command, Place, Write, aside};

use super::{CHANGED_PROJECT, yes};
use crate::{
    deadline::Deadline, findings::Language, install::Installation, manager::Manager, name::ProjectName, programs::NODE,
    survey::Survey, version,
};

/// The file that makes a folder a project on Node.js.
const MANIFEST: &str = "package.json";

/// Sets up projects on Node.js.
pub(crate) struct SetupNodeEnv(pub(crate) Bench);

/// The manager that is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Wanted {
    #[default]
    Auto,
    Npm,
    Yarn,
    Pnpm,
    Bun,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The folder of the project.
    path: String,
    /// What installs its packages; `auto` is what the lock file or the manifest names, otherwise npm.
    #[serde(default)]
    package_manager: Wanted,
    /// The version of Node.js that has to be there, such as `22`.
    node_version: Option<String>,
    /// Whether what the project needs is installed.
    #[serde(default = "yes")]
    install_deps: bool,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// Its manifest.
    package_json: String,
    node_version: String,
    package_manager: Manager,
    /// Whether the manifest was made.
    created: bool,
    /// What was done.
    message: String,
}

impl Tool for SetupNodeEnv {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "setup_node_env";
    const ABOUT: &'static str = "Sets up a project on Node.js: a `package.json` where there is none, and the packages that it \
        names, by npm, Yarn, pnpm or Bun as its lock file says.";
    const MARKS: Marks = Marks::writes().open_world().long();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_PROJECT);
    const TIMEOUT_S: u64 = 600;
    const ALIASES: &'static [&'static str] = &["setup_node"];
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] =
        &[("packageManager", "package_manager"), ("nodeVersion", "node_version"), ("installDeps", "install_deps")];
    const EXAMPLES: &'static [&'static str] = &[r#"{"path": "web-shop"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let deadline = Deadline::of(call);
        let prepared = self.prepare(&input).await?;
        let installation = &prepared.installation;
        let node_version = node_version(deadline, input.node_version.as_deref()).await?;
        let manifest = installation.project.join(MANIFEST)?;
        if prepared.creates {
            let (manifest, text) = (manifest.clone(), first_manifest(&installation.project));
            let how = Write { create_backup: false, overwrite: false, ..Write::default() };
            aside(move |_| manifest.write(text.as_bytes(), &how)).await?;
        }
        if input.install_deps {
            deadline.all(installation.whole(&prepared.survey)?, call).await?;
        }
        Ok(Output {
            package_json: manifest.display(),
            node_version,
            package_manager: installation.manager,
            created: prepared.creates,
            message: format!("`{}` is set up with {}", installation.project.display(), installation.manager.as_str()),
        })
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        let prepared = self.prepare(&input).await?;
        let mut steps = Vec::new();
        if prepared.creates {
            steps.push(format!("write `{}`", prepared.installation.project.join(MANIFEST)?.display()));
        }
        if input.install_deps {
            steps.extend(prepared.installation.whole(&prepared.survey)?.iter().map(Command::step));
        }
        Ok(steps)
    }
}

/// A set-up with all that is known of it.
struct Prepared {
    installation: Installation,
    survey: Survey,
    creates: bool,
}

impl SetupNodeEnv {
    async fn prepare(&self, input: &Input) -> Result<Prepared, Failure> {
        let project = self.0.roots.place("path", &input.path)?;
        if let Some(wanted) = &input.node_version {
            version::check("node_version", wanted)?;
        }
        let place = project.clone();
        let survey = aside(move |stop| Survey::of(&place, stop)).await?;
        let manager = match input.package_manager {
            Wanted::Auto => of_project(&survey),
            Wanted::Npm => Manager::Npm,
            Wanted::Yarn => Manager::Yarn,
            Wanted::Pnpm => Manager::Pnpm,
            Wanted::Bun => Manager::Bun,
        };
        let installation =
            Installation { project, manager, environment: None, dev: false, upgrade: false, force: false };
        Ok(Prepared { installation, creates: !survey.has(MANIFEST), survey })
    }
}

fn of_project(survey: &Survey) -> Manager {
    let mut chosen = Manager::chosen_in(survey, "").into_iter().map(|(_, manager)| manager);
    chosen.find(|manager| manager.language() == Language::Node).unwrap_or(Manager::Npm)
}

/// The version of Node.js that is there, if it is the one that is wanted.
async fn node_version(deadline: Deadline, wanted: Option<&str>) -> Result<String, Failure> {
    let printed = deadline.succeed(NODE.command().words(["--version"])).await?.stdout;
    let there = version::printed(&printed).unwrap_or_default();
    match wanted.filter(|wanted| !version::is_met(wanted, there)) {
        None => Ok(there.to_owned()),
        Some(wanted) => {
            let how = format!("install it, for instance with `nvm install {wanted}`, and start Switchboard with it");
            Err(version::missing("node_version", "Node.js", wanted, there, &how))
        }
    }
}

/// The manifest of a project that has none.
fn first_manifest(project: &Place) -> String {
    let folder = project.name().unwrap_or_default().to_string_lossy();
    let name = ProjectName::new(&folder).map_or_else(|_| "project".to_owned(), |name| name.package());
    let manifest = json!({"name": name, "version": "0.1.0", "private": true, "type": "module"});
    format!("{manifest:#}\n")
}
