//! `create_project`: a new project from a template, with its history; as a whole or not at all.

use std::time::{Instant, SystemTime};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Code, Failure, Marks, Tool, moment};
use workbench::{Bench, Place, Write, aside};

use super::{CHANGED_PROJECT, yes};
use crate::{
    git::{self, Author},
    name::ProjectName,
    template::{Filled, ProjectType, Template},
    unfinished::Unfinished,
};

/// Makes projects.
pub(crate) struct CreateProject(pub(crate) Bench);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// Its name: letters, digits, `-` and `_`, at most 100. Its folder is called the same.
    name: String,
    /// What it is written in.
    #[serde(rename = "type")]
    kind: ProjectType,
    /// The folder to make it in; the first allowed folder if it is left out.
    path: Option<String>,
    /// One of `list_templates`; the first of the type if it is left out.
    template: Option<String>,
    /// Whether it becomes a git repository with a first commit.
    #[serde(default = "yes")]
    git_init: bool,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The folder of the project.
    path: String,
    /// Its files, from its folder.
    created: Vec<String>,
    /// Its history, if it has one.
    git: Option<History>,
    /// What was done.
    message: String,
}

#[derive(Serialize, JsonSchema)]
struct History {
    branch: &'static str,
    commit: String,
}

impl Tool for CreateProject {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "create_project";
    const ABOUT: &'static str = "Makes a new project from a template: sources, tests, README, licence, ignore file, a git \
        repository and its first commit. Nothing that exists is touched.";
    const MARKS: Marks = Marks::writes();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_PROJECT);
    const TIMEOUT_S: u64 = 60;
    const EXAMPLES: &'static [&'static str] = &[
        r#"{"name": "web-shop", "type": "python"}"#,
        r#"{"name": "gateway", "type": "rust", "template": "rust-library", "git_init": false}"#,
    ];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let deadline = Instant::now() + call.shared.timeout;
        let wanted = self.wanted(&input)?;
        let (project, template) = (wanted.project.clone(), wanted.template);
        let created: Vec<String> = wanted.files.iter().map(|file| file.path.clone()).collect();
        call.progress(0, None, &format!("writing the files of {}", template.name));
        let begins_history = wanted.git_init;
        let unfinished = aside(move |stop| wanted.write(stop)).await?;
        let history = if begins_history {
            call.progress(1, None, "making the repository and its first commit");
            Some(History { branch: "main", commit: git::begin(&project, deadline).await? })
        } else {
            None
        };
        unfinished.finish();
        let message = format!("made `{}` from the template `{}`", project.display(), template.name);
        Ok(Output { path: project.display(), created, git: history, message })
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        let wanted = self.wanted(&input)?;
        let project = wanted.project.clone();
        let files = wanted.files.iter().map(|file| format!("write `{}`", file.path)).collect::<Vec<_>>();
        let git_steps = if wanted.git_init { git::steps(&project, &Author::default())? } else { Vec::new() };
        aside(move |_| wanted.check_free()).await?;
        let begin = format!("make the folder `{}`", project.display());
        Ok(std::iter::once(begin).chain(files).chain(git_steps.iter().map(workbench::Command::step)).collect())
    }
}

impl CreateProject {
    fn wanted(&self, input: &Input) -> Result<Wanted, Failure> {
        let name = ProjectName::new(&input.name)?;
        let template = Template::find(input.kind, input.template.as_deref())?;
        let parent = match &input.path {
            Some(path) => self.0.roots.place("path", path)?,
            None => self.0.roots.home("path"),
        };
        let year = moment::rfc3339(SystemTime::now())[..4].to_owned();
        let files = template.fill(&name, &year);
        Ok(Wanted { project: parent.join(name.as_str())?, template, files, git_init: input.git_init })
    }
}

/// A project that is wanted.
struct Wanted {
    project: Place,
    template: &'static Template,
    files: Vec<Filled>,
    git_init: bool,
}

impl Wanted {
    /// Writes all files into a new folder, which goes away again if one of them cannot be written.
    fn write(&self, stop: &workbench::Stop) -> Result<Unfinished, Failure> {
        self.check_free()?;
        let made = self.project.create_dirs()?;
        if made.last().is_none_or(|last| last != self.project.path()) {
            return Err(self.exists());
        }
        let unfinished = Unfinished::new(self.project.clone());
        let how = Write { create_backup: false, overwrite: false, ..Write::default() };
        for file in &self.files {
            stop.check()?;
            self.project.join(&file.path)?.write(file.text.as_bytes(), &how)?;
        }
        Ok(unfinished)
    }

    fn check_free(&self) -> Result<(), Failure> {
        if self.project.exists()? { Err(self.exists()) } else { Ok(()) }
    }

    fn exists(&self) -> Failure {
        let text = format!("`{}` exists already; nothing in it was touched", self.project.display());
        let failure = Failure::new(Code::AlreadyExists, text).hint("choose another `name`, or another `path` for it");
        Failure { field: Some("name".to_owned()), ..failure }
    }
}
