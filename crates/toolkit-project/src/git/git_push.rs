//! `git_push`: the commits of a branch go to a remote.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Code, Failure, Marks, Tool};
use workbench::Command;

use super::{
    names,
    remote::Remote,
    repository::{Git, Repository, succeed},
    status::{Status, Unknown},
};

/// Pushes.
pub(crate) struct GitPush(pub(crate) Git);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The repository, or a folder in it.
    path: String,
    /// The name of the remote.
    #[serde(default = "origin")]
    remote: String,
    /// The branch; the one that is checked out if nothing is said.
    branch: Option<String>,
    /// Whether the branch shall follow that of the remote from now on.
    #[serde(default)]
    set_upstream: bool,
    /// Whether commits of the remote may be replaced, if they are those that were seen last. Needs `confirm`.
    #[serde(default)]
    force: bool,
    /// Must be true with `force`: what the remote loses does not come back by itself.
    #[serde(default)]
    confirm: bool,
}

pub(super) fn origin() -> String {
    "origin".to_owned()
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The name of the remote.
    remote: String,
    /// The branch.
    branch: String,
    /// Whether something was sent; false if the remote had it all.
    pushed: bool,
    /// What was done.
    message: String,
}

impl Tool for GitPush {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "git_push";
    const ABOUT: &'static str =
        "Sends the commits of a branch to a remote. With `force` only if nobody else has pushed meanwhile.";
    const MARKS: Marks = Marks::writes().open_world();
    const INVALIDATES: Option<&'static [&'static str]> = Some(&["git_*"]);
    const TIMEOUT_S: u64 = 300;
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] = &[("setUpstream", "set_upstream")];
    const EXAMPLES: &'static [&'static str] = &[r#"{"path": "app", "set_upstream": true}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        if input.force && !input.confirm {
            let text = "a forced push takes commits away from the remote and was not confirmed";
            let failure = Failure::new(Code::ConfirmationRequired, text);
            let failure = failure.hint("ask the user, then call again with `confirm: true`");
            return Err(Failure { field: Some("confirm".to_owned()), ..failure });
        }
        let (branch, command) = self.command(&input, call).await?;
        let outcome = succeed(command.time_max(call.shared.timeout), "cannot push").await?;
        let pushed = !outcome.stdout.lines().any(|line| line.starts_with("=\t"));
        let message = if pushed {
            format!("sent `{branch}` to `{}`", input.remote)
        } else {
            format!("`{}` had all of `{branch}` already", input.remote)
        };
        Ok(Output { remote: input.remote, branch, pushed, message })
    }

    async fn plan(&self, input: Input, call: &Call) -> Result<Vec<String>, Failure> {
        Ok(vec![self.command(&input, call).await?.1.step()])
    }
}

impl GitPush {
    /// The branch, and the command that sends it.
    async fn command(&self, input: &Input, call: &Call) -> Result<(String, Command), Failure> {
        names::remote("remote", &input.remote)?;
        let repository = self.0.repository(&input.path).await?;
        let branch = branch(&repository, input).await?;
        let remote = Remote::of(&self.0, &repository, &input.remote, call).await?;
        let reference = format!("refs/heads/{branch}");
        let mut command = repository.git(["push", "--porcelain", "--recurse-submodules=no"]);
        if input.set_upstream {
            command = command.words(["--set-upstream"]);
        }
        if input.force {
            command = command.option("--force-with-lease", &reference)?;
        }
        let command = remote.writing(command, &repository)?;
        let command =
            command.operand("remote", &input.remote)?.operand("branch", &format!("{reference}:{reference}"))?;
        Ok((branch, command.why("send the commits to the remote")))
    }
}

/// The branch that is meant.
async fn branch(repository: &Repository, input: &Input) -> Result<String, Failure> {
    if let Some(branch) = &input.branch {
        names::branch("branch", branch)?;
        return Ok(branch.clone());
    }
    let refuse = |text: String, hint: &str| Err(Failure::new(Code::GitError, text).hint(hint));
    let status = Status::of(repository, Unknown::Folded, &[]).await?;
    let Some(branch) = status.branch else {
        let hint = "begin a branch with `git_checkout` and `create: true`, or name one in `branch`";
        return refuse("cannot push: no branch is checked out".to_owned(), hint);
    };
    if status.commit.is_none() {
        return refuse(format!("cannot push: `{branch}` has no commit yet"), "make the first with `git_commit`");
    }
    if !input.set_upstream && status.upstream.is_none() {
        let text = format!("cannot push: `{branch}` has no upstream");
        return refuse(text, "call `git_push` again with `set_upstream: true`, or name the branch in `branch`");
    }
    Ok(branch)
}
