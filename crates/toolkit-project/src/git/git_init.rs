//! `git_init`: makes a repository of a folder.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};
use workbench::{Command, aside};

use super::{
    names,
    repository::{Git, alone, succeed},
    status::{Status, Unknown},
};
use crate::files::CHANGED_EVERYTHING;

/// Makes repositories.
pub(crate) struct GitInit(pub(crate) Git);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The folder; it is made if it is missing.
    path: String,
    /// The name of the first branch.
    #[serde(default = "main")]
    branch: String,
}

fn main() -> String {
    "main".to_owned()
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The folder.
    path: String,
    /// The branch that is checked out.
    branch: Option<String>,
    /// What was done.
    message: String,
}

impl Tool for GitInit {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "git_init";
    const ABOUT: &'static str = "Makes a git repository of a folder; one that is there already is left as it is.";
    const MARKS: Marks = Marks::writes().idempotent();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_EVERYTHING);
    const EXAMPLES: &'static [&'static str] = &[r#"{"path": "app"}"#];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        let command = command(&input)?;
        let place = self.0.bench.roots.place("path", &input.path)?;
        if let Some(repository) = self.0.repository_at(&place).await? {
            let status = Status::of(&repository, Unknown::Folded, &[]).await?;
            let message = format!("`{}` was a repository already", place.display());
            return Ok(Output { path: place.display(), branch: status.branch, message });
        }
        let folder = place.clone();
        aside(move |_| folder.create_dirs()).await?;
        succeed(command.within(&place), "cannot make a repository").await?;
        let message = format!("made a repository in `{}`", place.display());
        Ok(Output { path: place.display(), branch: Some(input.branch), message })
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        let command = command(&input)?;
        let place = self.0.bench.roots.place("path", &input.path)?;
        match self.0.repository_at(&place).await? {
            Some(_) => Ok(Vec::new()),
            None => Ok(vec![format!("in `{}` {}", place.display(), command.step())]),
        }
    }
}

fn command(input: &Input) -> Result<Command, Failure> {
    names::branch("branch", &input.branch)?;
    // without a template nothing is copied into the new repository, hooks above all
    alone(["init", "--quiet", "--template="]).option("--initial-branch", &input.branch)
}
