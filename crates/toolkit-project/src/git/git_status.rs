//! `git_status`: what is changed in a repository and not committed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use super::{
    repository::Git,
    status::{self, Change, Status, Unknown},
};

/// Names in one list: more than a model reads.
const NAMES_MAX: usize = 10_000;

/// Says what is changed.
pub(crate) struct GitStatus(pub(crate) Git);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The repository, or a folder in it.
    path: String,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The top folder of the repository; the names below are from there.
    path: String,
    /// The branch; nothing if a commit is checked out by itself.
    branch: Option<String>,
    /// The commit that is checked out; nothing before the first.
    commit: Option<String>,
    /// The branch of a remote that it follows.
    upstream: Option<String>,
    /// Commits that the upstream lacks.
    ahead: u64,
    /// Commits that only the upstream has.
    behind: u64,
    /// What the next commit holds.
    staged: Vec<String>,
    /// What is changed beside that.
    modified: Vec<String>,
    /// What git does not know; a folder of such files ends with `/`.
    untracked: Vec<String>,
    /// What a merge could not decide.
    conflicts: Vec<String>,
    /// Whether nothing is changed.
    clean: bool,
    /// What has to be ended: `merge`, `rebase`, `cherry-pick`, `revert` or `bisect`.
    in_progress: Option<String>,
    /// Whether names are missing because there are too many.
    truncated: bool,
}

impl Tool for GitStatus {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "git_status";
    const ABOUT: &'static str = "Says what is changed in a git repository, and how it stands to its upstream.";
    const MARKS: Marks = Marks::reads().idempotent();
    const EXAMPLES: &'static [&'static str] = &[r#"{"path": "app"}"#];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        let repository = self.0.repository(&input.path).await?;
        let status = Status::of(&repository, Unknown::Folded, &[]).await?;
        let mut truncated = false;
        let mut names = |is: fn(&Change) -> bool| {
            let mut names = status.paths(is);
            truncated |= names.len() > NAMES_MAX;
            names.truncate(NAMES_MAX);
            names
        };
        Ok(Output {
            path: repository.top().display(),
            staged: names(Change::is_staged),
            modified: names(Change::is_modified),
            untracked: names(Change::is_unknown),
            conflicts: names(Change::is_conflict),
            clean: status.changes.is_empty(),
            in_progress: status::in_progress(&repository)?.map(str::to_owned),
            truncated,
            branch: status.branch,
            commit: status.commit,
            upstream: status.upstream,
            ahead: status.ahead,
            behind: status.behind,
        })
    }
}
