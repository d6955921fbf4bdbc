//! `git_checkout`: another branch or commit is checked out, or a new branch begins here. What is not committed is never
//! thrown away.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};
use workbench::Command;

use super::{
    git_commit::head,
    names,
    repository::{Git, Repository, succeed},
    status::{Status, Unknown},
};
use crate::files::CHANGED_EVERYTHING;

/// Checks out.
pub(crate) struct GitCheckout(pub(crate) Git);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The repository, or a folder in it.
    path: String,
    /// The branch, tag or commit; a branch that only a remote has becomes one here.
    #[serde(rename = "ref")]
    reference: String,
    /// Whether `ref` is a new branch that begins at what is checked out.
    #[serde(default)]
    create: bool,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The top folder of the repository.
    path: String,
    /// The branch; nothing if a commit is checked out by itself.
    branch: Option<String>,
    /// The commit; nothing before the first.
    commit: Option<String>,
    /// What was done.
    message: String,
}

impl Tool for GitCheckout {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "git_checkout";
    const ABOUT: &'static str =
        "Checks out a branch, a tag or a commit, or begins a new branch. Refuses where changes would be lost.";
    const MARKS: Marks = Marks::writes();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_EVERYTHING);
    const EXAMPLES: &'static [&'static str] =
        &[r#"{"path": "app", "ref": "main"}"#, r#"{"path": "app", "ref": "feature/login", "create": true}"#];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        let repository = self.0.repository(&input.path).await?;
        succeed(input.command(&repository)?, "cannot check out").await?;
        let path = repository.top().display();
        if Status::of(&repository, Unknown::Folded, &[]).await?.commit.is_none() {
            let message = format!("`{}` begins with the next commit", input.reference);
            return Ok(Output { path, branch: Some(input.reference), commit: None, message });
        }
        let (commit, branch) = head(&repository).await?;
        let message = match &branch {
            Some(branch) => format!("`{branch}` is checked out"),
            None => format!("`{}` is checked out without a branch: begin one before you commit", input.reference),
        };
        Ok(Output { path, branch, commit: Some(commit), message })
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        let repository = self.0.repository(&input.path).await?;
        Ok(vec![format!("in `{}` {}", repository.top().display(), input.command(&repository)?.step())])
    }
}

impl Input {
    fn command(&self, repository: &Repository) -> Result<Command, Failure> {
        let command = repository.git(["checkout", "--quiet", "--no-recurse-submodules"]);
        if self.create {
            names::branch("ref", &self.reference)?;
            return command.words(["-b"]).operand("ref", &self.reference);
        }
        names::revision("ref", &self.reference)?;
        // what stands before `--` is never taken for a file
        Ok(command.words(["--guess"]).operand("ref", &self.reference)?.words(["--"]))
    }
}
