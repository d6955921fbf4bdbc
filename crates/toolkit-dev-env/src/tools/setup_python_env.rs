//! `setup_python_env`: an environment of Python for a project, filled with what the project needs.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::Value;
use toolkit::{Call, Code, Failure, Marks, Tool};
use workbench::{Bench, Command, Kind, aside};

use super::{CHANGED_PROJECT, yes};
use crate::{
    deadline::Deadline,
    environment::Environment,
    programs::ENVIRONMENT_PYTHON,
    python::{Maker, Wanted},
    survey::Survey,
    unfinished::Unfinished,
    version,
};

/// Makes environments of Python.
pub(crate) struct SetupPythonEnv(pub(crate) Bench);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The folder of the project.
    path: String,
    /// The version, such as `3.12`; the one of the machine if it is left out.
    python_version: Option<String>,
    /// The name of the environment's folder.
    #[serde(default = "venv")]
    env_name: String,
    /// What makes it.
    #[serde(default, deserialize_with = "maker")]
    tool: Maker,
    /// A file of requirements in the project; if it is left out, what the project has.
    requirements: Option<String>,
    /// Whether what the project needs is installed.
    #[serde(default = "yes")]
    install_deps: bool,
}

/// A maker, or the earlier `useConda: true`.
fn maker<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Maker, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Bool(true) => Ok(Maker::Conda),
        Value::Bool(false) => Ok(Maker::default()),
        name => Maker::deserialize(name).map_err(D::Error::custom),
    }
}

fn venv() -> String {
    "venv".to_owned()
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The folder of the environment.
    env_path: String,
    /// Its interpreter.
    python_path: String,
    python_version: String,
    /// How many packages it has, without those that every environment has.
    packages_installed: usize,
    /// How a person enters it.
    activate_command: String,
    /// What was done.
    message: String,
}

impl Tool for SetupPythonEnv {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "setup_python_env";
    const ABOUT: &'static str = "Makes an environment of Python for a project with venv, uv, Poetry or conda, and installs \
        what the project needs. One that is there already is kept and filled.";
    const MARKS: Marks = Marks::writes().open_world().long();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_PROJECT);
    const TIMEOUT_S: u64 = 600;
    const ALIASES: &'static [&'static str] = &["setup_python"];
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] = &[
        ("pythonVersion", "python_version"),
        ("envName", "env_name"),
        ("installDeps", "install_deps"),
        ("useConda", "tool"),
    ];
    const EXAMPLES: &'static [&'static str] =
        &[r#"{"path": "web-shop"}"#, r#"{"path": "web-shop", "tool": "uv", "python_version": "3.12"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let deadline = Deadline::of(call);
        let installs = input.install_deps;
        let (wanted, survey) = self.wanted(input).await?;
        let environment = wanted.environment.clone();
        let is_new = !environment.is_there()?;
        if is_new {
            let unfinished = Unfinished::new(environment.place().clone());
            deadline.all(wanted.make(&survey)?, call).await?;
            unfinished.finish();
        }
        if installs {
            deadline.all(wanted.fill(&survey)?, call).await?;
        }
        let version = environment.around(ENVIRONMENT_PYTHON.command().words(["--version"]));
        let version = deadline.succeed(version).await?.stdout.trim().trim_start_matches("Python ").to_owned();
        let act = if is_new { "made" } else { "kept" };
        Ok(Output {
            env_path: environment.place().display(),
            python_path: environment.place().join("bin")?.path().join("python").display().to_string(),
            python_version: version,
            packages_installed: environment.packages()?,
            activate_command: environment.activate_command()?,
            message: format!("{act} the environment `{}`", environment.place().display()),
        })
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        let installs = input.install_deps;
        let (wanted, survey) = self.wanted(input).await?;
        let mut commands = if wanted.environment.is_there()? { Vec::new() } else { wanted.make(&survey)? };
        if installs {
            commands.extend(wanted.fill(&survey)?);
        }
        if commands.is_empty() {
            return Ok(vec!["keep the environment as it is".to_owned()]);
        }
        Ok(commands.iter().map(Command::step).collect())
    }
}

impl SetupPythonEnv {
    async fn wanted(&self, input: Input) -> Result<(Wanted, Survey), Failure> {
        let project = self.0.roots.place("path", &input.path)?;
        if let Some(version) = &input.python_version {
            version::check("python_version", version)?;
        }
        aside(move |stop| {
            let survey = Survey::of(&project, stop)?;
            let environment = Environment::named(&project, &input.env_name)?;
            environment.check_free()?;
            let requirements = input.requirements.map(|file| requirements(&project, file)).transpose()?;
            let (maker, version) = (input.tool, input.python_version);
            Ok((Wanted { project, environment, maker, version, requirements }, survey))
        })
        .await
    }
}

/// A file of requirements that is really there, from the project.
fn requirements(project: &workbench::Place, file: String) -> Result<String, Failure> {
    let blame = |failure: Failure| Failure { field: Some("requirements".to_owned()), ..failure };
    let stat = project.join(&file).and_then(|place| place.stat()).map_err(blame)?;
    if stat.kind == Kind::File {
        return Ok(file);
    }
    Err(blame(Failure::new(Code::InvalidInput, "`requirements` is no file")))
}
