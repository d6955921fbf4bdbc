//! `auto_setup`: an existing project gets what it lacks, in one call with one preview and one way back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Code, Failure, Marks, Tool};
use workbench::{Bench, Command, Place, Write, aside, digest};

use super::CHANGED_PROJECT;
use crate::{
    additions::Project,
    deadline::Deadline,
    environment::Environment,
    findings::Language,
    git,
    install::Installation,
    manager::Manager,
    name::ProjectName,
    python::{Maker, Wanted},
    survey::Survey,
    template::Filled,
    undo::Record,
};

/// The name of a new environment.
const ENVIRONMENT: &str = "venv";
/// What git and package managers make in a project.
const MADE: [&str; 14] = [
    ".git",
    ENVIRONMENT,
    "node_modules",
    "package-lock.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    "uv.lock",
    "poetry.lock",
    "Cargo.lock",
    "target",
    "go.sum",
    "Gemfile.lock",
    "vendor",
];

/// Sets projects up.
pub(crate) struct AutoSetup(pub(crate) Bench);

/// A part of a set-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Step {
    /// An environment, and what the project needs.
    Deps,
    /// A Dockerfile.
    Docker,
    /// A repository, and what it leaves alone.
    Git,
    /// Tests on each change, by GitHub.
    Ci,
    /// Rules for editors.
    Editor,
    /// A container to develop in.
    Devcontainer,
}

impl Step {
    const ALL: [Self; 6] = [Self::Deps, Self::Docker, Self::Git, Self::Ci, Self::Editor, Self::Devcontainer];
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The folder of the project.
    path: String,
    /// What it gets; everything if it is left out.
    steps: Option<Vec<Step>>,
    /// Whether it is done, or only said what would be.
    #[serde(default)]
    apply: bool,
    /// The `undo_id` of an earlier call: what that made is taken back.
    undo: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// What the project lacks, step by step.
    plan: Vec<Planned>,
    /// What was done.
    done: Vec<String>,
    /// With this as `undo`, all of it is taken back; files that somebody has changed since stay.
    undo_id: Option<String>,
    message: String,
}

#[derive(Clone, Serialize, JsonSchema)]
struct Planned {
    step: Step,
    act: String,
}

impl Tool for AutoSetup {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "auto_setup";
    const ABOUT: &'static str = "Gives an existing project what it lacks: its environment and packages, a Dockerfile, a git \
        repository, tests on each change, rules for editors and a dev container. Without `apply` it only says what it would \
        do; nothing that is there is replaced, and `undo` takes everything back.";
    const MARKS: Marks = Marks::writes().open_world().long();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_PROJECT);
    const TIMEOUT_S: u64 = 900;
    const EXAMPLES: &'static [&'static str] =
        &[r#"{"path": "web-shop"}"#, r#"{"path": "web-shop", "steps": ["deps", "ci"], "apply": true}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let project = self.0.roots.place("path", &input.path)?;
        if let Some(id) = input.undo {
            return take_back(project, id).await;
        }
        let items = items(&project, input.steps).await?;
        let plan: Vec<Planned> = items.iter().map(Item::planned).collect();
        if !input.apply {
            let message = format!("{} acts would be done; call again with `apply: true`", plan.len());
            return Ok(Output { plan, done: Vec::new(), undo_id: None, message });
        }
        let done: Vec<String> = plan.iter().map(|planned| planned.act.clone()).collect();
        let record = apply(&project, items, Deadline::of(call), call).await?;
        let id = aside(move |_| record.keep(&project)).await?;
        let message = format!("{} acts were done; `undo` with this `undo_id` takes them back", done.len());
        Ok(Output { plan, done, undo_id: Some(id), message })
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        let project = self.0.roots.place("path", &input.path)?;
        if let Some(id) = input.undo {
            let record = aside(move |_| Record::find(&project, &id)).await?;
            let made = record.files.into_iter().map(|(file, _)| file).chain(record.made);
            return Ok(made.map(|it| format!("move `{it}` to the trash, unless it has changed since")).collect());
        }
        let items = items(&project, input.steps).await?;
        Ok(items.iter().map(|item| item.planned().act).collect())
    }
}

/// One act of a set-up.
struct Item {
    step: Step,
    act: Act,
}

enum Act {
    Write(Filled),
    Run(Command),
}

impl Item {
    fn planned(&self) -> Planned {
        let act = match &self.act {
            Act::Write(file) => format!("write `{}` with {} bytes", file.path, file.text.len()),
            Act::Run(command) => command.step(),
        };
        Planned { step: self.step, act }
    }
}

/// What a project lacks.
async fn items(project: &Place, steps: Option<Vec<Step>>) -> Result<Vec<Item>, Failure> {
    let project = project.clone();
    aside(move |stop| {
        let survey = Survey::of(&project, stop)?;
        let managers: Vec<Manager> = Manager::chosen_in(&survey, "").into_iter().map(|(_, manager)| manager).collect();
        let Some(first) = managers.first() else {
            let text = format!("`{}` has no file that says what it is", project.display());
            let failure = Failure::new(Code::NotFound, text)
                .hint("such as `pyproject.toml` or `package.json`; `create_project` begins new ones");
            return Err(Failure { field: Some("path".to_owned()), ..failure });
        };
        let name = project.name().unwrap_or_default().to_string_lossy();
        let name = ProjectName::new(&name).map_or_else(|_| "project".to_owned(), |name| name.package());
        let about = Project { name, manager: *first, survey: &survey };
        let mut items = Vec::new();
        let wanted = steps.unwrap_or_else(|| Step::ALL.to_vec());
        for step in Step::ALL.into_iter().filter(|step| wanted.contains(step)) {
            let acts = match step {
                Step::Deps => dependencies(&project, &managers, &survey)?,
                Step::Docker => writes(&project, about.container())?,
                Step::Git => history(&project, about.ignored())?,
                Step::Ci => writes(&project, about.checks())?,
                Step::Editor => writes(&project, about.editor())?,
                Step::Devcontainer => writes(&project, about.development_container())?,
            };
            items.extend(acts.into_iter().map(|act| Item { step, act }));
        }
        Ok(items)
    })
    .await
}

/// Those of the files that are not there.
fn writes(project: &Place, files: Vec<Filled>) -> Result<Vec<Act>, Failure> {
    let mut acts = Vec::new();
    for file in files {
        if !project.join(&file.path)?.exists()? {
            acts.push(Act::Write(file));
        }
    }
    Ok(acts)
}

fn history(project: &Place, ignored: Vec<Filled>) -> Result<Vec<Act>, Failure> {
    let mut acts = writes(project, ignored)?;
    if !project.join(".git")?.exists()? {
        acts.push(Act::Run(git::init(project)?));
    }
    Ok(acts)
}

fn dependencies(project: &Place, managers: &[Manager], survey: &Survey) -> Result<Vec<Act>, Failure> {
    let mut acts = Vec::new();
    for manager in managers {
        let environment = Environment::of(project)?.filter(|_| manager.language() == Language::Python);
        if manager.language() == Language::Python && environment.is_none() {
            acts.extend(new_environment(project, *manager, survey)?);
            continue;
        }
        let project = project.clone();
        let installation =
            Installation { project, manager: *manager, environment, dev: false, upgrade: false, force: false };
        acts.extend(installation.whole(survey)?.into_iter().map(Act::Run));
    }
    Ok(acts)
}

fn new_environment(project: &Place, manager: Manager, survey: &Survey) -> Result<Vec<Act>, Failure> {
    let maker = match manager {
        Manager::Uv => Maker::Uv,
        Manager::Poetry => Maker::Poetry,
        Manager::Conda => Maker::Conda,
        _ => Maker::Venv,
    };
    let environment = Environment::named(project, ENVIRONMENT)?;
    environment.check_free()?;
    let wanted = Wanted { project: project.clone(), environment, maker, version: None, requirements: None };
    let make = wanted.make(survey)?.into_iter();
    Ok(make.chain(wanted.fill(survey)?).map(Act::Run).collect())
}

/// Does everything, or takes back what was done before something failed.
async fn apply(project: &Place, items: Vec<Item>, deadline: Deadline, call: &Call) -> Result<Record, Failure> {
    let mut record = Record { project: project.display(), ..Record::default() };
    let total = items.len() as u64;
    for (done, item) in items.into_iter().enumerate() {
        call.progress(done as u64, Some(total), &item.planned().act);
        let Err(failure) = do_one(project, item.act, &mut record, deadline).await else { continue };
        let project = project.clone();
        // the failure that counts is the first
        let _ = aside(move |_| record.take_back(&project)).await;
        let hint = "what was done before it was taken back; call with `steps` to leave this one out";
        let hint = if failure.hint.is_empty() { hint.to_owned() } else { format!("{}; {hint}", failure.hint) };
        return Err(failure.hint(hint));
    }
    Ok(record)
}

async fn do_one(project: &Place, act: Act, record: &mut Record, deadline: Deadline) -> Result<(), Failure> {
    match act {
        Act::Write(file) => {
            let place = project.join(&file.path)?;
            record.files.push((file.path, digest(file.text.as_bytes())));
            let how = Write { create_backup: false, overwrite: false, ..Write::default() };
            aside(move |_| place.write(file.text.as_bytes(), &how)).await.map(drop)
        }
        Act::Run(command) => {
            let absent = those(project, false).await?;
            let known = record.made.len();
            // a command that fails may have made some of them all the same
            record.made.extend(absent.iter().map(ToString::to_string));
            deadline.succeed(command).await?;
            let there = those(project, true).await?;
            record.made.truncate(known);
            record.made.extend(absent.into_iter().filter(|it| there.contains(it)).map(str::to_owned));
            Ok(())
        }
    }
}

/// Those of the things that managers make which are there, or are not.
async fn those(project: &Place, are_there: bool) -> Result<Vec<&'static str>, Failure> {
    let project = project.clone();
    aside(move |_| {
        let mut found = Vec::new();
        for name in MADE {
            if project.join(name)?.exists()? == are_there {
                found.push(name);
            }
        }
        Ok(found)
    })
    .await
}

async fn take_back(project: Place, id: String) -> Result<Output, Failure> {
    aside(move |_| {
        let record = Record::find(&project, &id)?;
        let (taken, left) = record.take_back(&project)?;
        Record::forget(&project, &id)?;
        let left =
            if left.is_empty() { String::new() } else { format!("; changed since, and left: {}", left.join(", ")) };
        let message = format!("{} things are in the trash{left}", taken.len());
        let done = taken.into_iter().map(|it| format!("moved `{it}` to the trash")).collect();
        Ok(Output { plan: Vec::new(), done, undo_id: None, message })
    })
    .await
}
