//! `git_pull`: the commits of a remote's branch come here and become part of the branch that is checked out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Code, Failure, Marks, Tool};
use workbench::Command;

use super::{
    git_log::{self, Commit},
    identity, names, refusal,
    remote::Remote,
    repository::{Git, Repository, succeed},
    staging,
    status::{self, Change, Status, Unknown},
};
use crate::files::CHANGED_EVERYTHING;

/// Commits that one answer names.
const COMMITS_MAX: usize = 100;
/// What was fetched last.
const FETCHED: &str = "FETCH_HEAD";

/// Pulls.
pub(crate) struct GitPull(pub(crate) Git);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The repository, or a folder in it.
    path: String,
    /// The name of the remote; the one that the branch follows if nothing is said.
    remote: Option<String>,
    /// The branch of the remote; the one that is followed if nothing is said.
    branch: Option<String>,
    /// How the commits come together.
    #[serde(default)]
    mode: Mode,
}

/// How commits of both sides come together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Mode {
    /// Only if there are none here that the remote lacks.
    #[default]
    Ff,
    /// Those here are put after those of the remote.
    Rebase,
    /// By a commit that has both before it.
    Merge,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// Whether the branch has new commits.
    updated: bool,
    /// The commits that came, the newest first; at most 100.
    commits: Vec<Commit>,
    /// Files that a merge could not decide.
    conflicts: Vec<String>,
    /// What was done.
    message: String,
}

impl Tool for GitPull {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "git_pull";
    const ABOUT: &'static str = "Takes the commits of a remote's branch into the branch that is checked out.";
    const MARKS: Marks = Marks::writes().open_world();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_EVERYTHING);
    const TIMEOUT_S: u64 = 300;
    const EXAMPLES: &'static [&'static str] =
        &[r#"{"path": "app"}"#, r#"{"path": "app", "remote": "origin", "branch": "main", "mode": "rebase"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let repository = self.0.repository(&input.path).await?;
        if let Some(state) = status::in_progress(&repository)? {
            let failure = Failure::new(Code::GitError, format!("cannot pull: a {state} is in progress"));
            return Err(failure.hint("settle conflicts with `git_resolve_conflict`, then end it with `git_commit`"));
        }
        let before = Status::of(&repository, Unknown::Folded, &[]).await?;
        let fetch = self.fetch(&repository, &before, &input, call).await?;
        succeed(fetch.time_max(call.shared.timeout), "cannot fetch").await?;
        let command = input.mode.command(&repository).await?;
        let outcome = command.run().await?;
        let after = Status::of(&repository, Unknown::Folded, &[]).await?;
        if outcome.exit_code != Some(0) {
            let conflicts = after.paths(Change::is_conflict);
            if input.mode == Mode::Rebase {
                // whether a rebase has begun at all is not known here
                repository.git(["rebase", "--abort"]).run().await?;
            }
            return if conflicts.is_empty() {
                Err(refusal::of(&outcome, "cannot pull"))
            } else {
                Ok(input.mode.conflicting(conflicts))
            };
        }
        let commits = match (before.commit, after.commit) {
            (Some(old), Some(new)) if old == new => Vec::new(),
            (Some(old), Some(new)) => git_log::between(&repository, &format!("{old}..{new}"), COMMITS_MAX).await?,
            (None, Some(new)) => git_log::between(&repository, &new, COMMITS_MAX).await?,
            _ => Vec::new(),
        };
        let message = match commits.len() {
            0 => "there was nothing new".to_owned(),
            count => format!("the branch has {count} new commit(s)"),
        };
        Ok(Output { updated: !commits.is_empty(), commits, conflicts: Vec::new(), message })
    }

    async fn plan(&self, input: Input, call: &Call) -> Result<Vec<String>, Failure> {
        let repository = self.0.repository(&input.path).await?;
        let status = Status::of(&repository, Unknown::Folded, &[]).await?;
        let fetch = self.fetch(&repository, &status, &input, call).await?;
        Ok(vec![fetch.step(), input.mode.command(&repository).await?.step()])
    }
}

impl GitPull {
    async fn fetch(
        &self,
        repository: &Repository,
        status: &Status,
        input: &Input,
        call: &Call,
    ) -> Result<Command, Failure> {
        let (remote, branch) = source(repository, status, input)?;
        names::remote("remote", &remote)?;
        names::branch("branch", &branch)?;
        let reached = Remote::of(&self.0, repository, &remote, call).await?;
        let words = ["fetch", "--quiet", "--no-recurse-submodules", "--no-auto-maintenance", "--no-write-commit-graph"];
        let command = reached.reading(repository.git(words), Some(repository))?;
        let command = command.operand("remote", &remote)?.operand("branch", &format!("refs/heads/{branch}"))?;
        Ok(command.why("bring what the remote has"))
    }
}

/// The remote and its branch that are meant.
fn source(repository: &Repository, status: &Status, input: &Input) -> Result<(String, String), Failure> {
    let Some(current) = &status.branch else {
        let failure = Failure::new(Code::GitError, "cannot pull: no branch is checked out");
        return Err(failure.hint("check one out with `git_checkout`"));
    };
    let followed = |name: &str| repository.config().value(&format!("branch.{current}.{name}")).map(str::to_owned);
    let branch = followed("merge").and_then(|name| name.strip_prefix("refs/heads/").map(str::to_owned));
    let remote = input.remote.clone().or_else(|| followed("remote"));
    match (remote, input.branch.clone().or(branch)) {
        (Some(remote), Some(branch)) => Ok((remote, branch)),
        (_, Some(branch)) => Ok((super::git_push::origin(), branch)),
        _ => Err(Failure::new(Code::GitError, format!("cannot pull: `{current}` has no upstream"))
            .hint("name `remote` and `branch`, or push with `set_upstream: true` first")),
    }
}

impl Mode {
    /// The command that brings together what was fetched and what is here.
    async fn command(self, repository: &Repository) -> Result<Command, Failure> {
        Ok(match self {
            Self::Ff => repository.git(["merge", "--quiet", "--ff-only", FETCHED]).why("go on to what came"),
            Self::Merge => {
                let command = repository.git(["merge", "--quiet", "--no-edit", FETCHED]);
                identity::signed(command, repository, None).await?.why("merge what came")
            }
            Self::Rebase => {
                let command = repository.git(["rebase", "--quiet", "--no-autostash", FETCHED]);
                identity::signed(command, repository, None).await?.why("put own commits after what came")
            }
        })
    }

    fn conflicting(self, conflicts: Vec<String>) -> Output {
        let named = staging::named(&conflicts);
        let message = if self == Self::Rebase {
            format!("{named} would be in conflict, so nothing was changed: pull with `mode: \"merge\"` to settle it")
        } else {
            format!("{named} in conflict: see `git_conflicts`, settle with `git_resolve_conflict`, then `git_commit`")
        };
        Output { updated: false, commits: Vec::new(), conflicts, message }
    }
}
