//! `git_commit`: the changes of a repository become a commit.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Code, Failure, Marks, Tool};

use super::{
    identity::{self, Person},
    message::{self, Style},
    repository::{Git, Repository, succeed},
    staging::{self, Staged},
    status::{self, Change},
};
use crate::{files::CHANGED_EVERYTHING, files::yes};

/// Bytes of a message: a long letter.
const MESSAGE_BYTES_MAX: usize = 64 << 10;
/// Files that one call can name.
const FILES_MAX: usize = 10_000;

/// Commits.
pub(crate) struct GitCommit(pub(crate) Git);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The repository, or a folder in it.
    path: String,
    /// What is to be remembered of the change. If it is empty, a plain one is made.
    #[serde(default)]
    message: String,
    /// Only these files and folders, absolute or from the top folder; with what is staged already.
    #[serde(default)]
    #[schemars(length(max = 10_000))]
    files: Vec<String>,
    /// Whether all changes are taken if `files` names none; otherwise only what is staged.
    #[serde(default = "yes")]
    add_all: bool,
    /// Who wrote it, for this commit only.
    author: Option<Person>,
    /// Whether an empty message is made from what is changed, by rules.
    #[serde(default)]
    auto_message: bool,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The commit.
    commit: String,
    /// The branch that has it; nothing if a commit was checked out by itself.
    branch: Option<String>,
    /// The first line of its message.
    summary: String,
    /// How many files it changes.
    files_changed: usize,
    /// What was done.
    message: String,
}

impl Tool for GitCommit {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "git_commit";
    const ABOUT: &'static str = "Commits the changes of a git repository: all of them, or those of some files.";
    const MARKS: Marks = Marks::writes();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_EVERYTHING);
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] =
        &[("addAll", "add_all"), ("autoMessage", "auto_message")];
    const EXAMPLES: &'static [&'static str] = &[
        r#"{"path": "app", "message": "say hello"}"#,
        r#"{"path": "app", "files": ["src/main.py"], "auto_message": true}"#,
    ];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        input.check()?;
        let repository = self.0.repository(&input.path).await?;
        let changes = input.changes(&repository).await?;
        staging::stage(&repository, &changes).await?;
        let staged = staging::staged(&repository).await?;
        let is_merge = status::in_progress(&repository)? == Some("merge");
        if staged.is_empty() && !is_merge {
            return Err(nothing(&repository));
        }
        let text = input.text(&staged);
        let (commit, branch) = commit(&repository, &text, input.author.as_ref()).await?;
        let summary = text.lines().next().unwrap_or_default().to_owned();
        let note = if repository.lacks_filters() {
            "; filters of the repository did not run, as it is not trusted"
        } else {
            ""
        };
        let message = format!("committed {} file(s) as {}{note}", staged.len(), &commit[..commit.len().min(10)]);
        Ok(Output { commit, branch, summary, files_changed: staged.len(), message })
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        input.check()?;
        let repository = self.0.repository(&input.path).await?;
        let paths: Vec<String> = input.changes(&repository).await?.into_iter().map(|change| change.path).collect();
        let staged = staging::staged(&repository).await?.len();
        if paths.is_empty() && staged == 0 {
            return Err(nothing(&repository));
        }
        let take = (!paths.is_empty()).then(|| format!("stage {}", staging::named(&paths)));
        let kept = (staged > 0).then(|| format!("keep the {staged} file(s) that are staged"));
        let commit = format!("commit in `{}`", repository.top().display());
        Ok([take, kept, Some(commit)].into_iter().flatten().collect())
    }
}

impl Input {
    fn check(&self) -> Result<(), Failure> {
        if self.message.len() > MESSAGE_BYTES_MAX {
            let text = format!("`message` has {} bytes; at most {MESSAGE_BYTES_MAX} fit", self.message.len());
            return Err(Failure { field: Some("message".to_owned()), ..Failure::new(Code::TooLarge, text) });
        }
        if self.message.contains('\0') {
            return Err(Failure::invalid("message", "`message` contains a NUL character"));
        }
        if self.files.len() > FILES_MAX {
            return Err(Failure::invalid("files", format!("`files` must name at most {FILES_MAX} files")));
        }
        self.author.as_ref().map_or(Ok(()), |author| author.check("author"))
    }

    /// What has to be staged.
    async fn changes(&self, repository: &Repository) -> Result<Vec<Change>, Failure> {
        let files = staging::files(repository, "files", &self.files)?;
        if files.is_empty() && !self.add_all {
            return Ok(Vec::new());
        }
        staging::changes(repository, &files).await
    }

    fn text(&self, staged: &[Staged]) -> String {
        match self.message.trim() {
            "" if self.auto_message => message::suggest(staged, Style::Conventional).message,
            "" => message::suggest(staged, Style::Plain).message,
            message => message.to_owned(),
        }
    }
}

fn nothing(repository: &Repository) -> Failure {
    let text = format!("nothing to commit: `{}` has no changes", repository.top().display());
    Failure::new(Code::GitError, text)
        .hint("`git_status` says what is changed; with `add_all: false` only what is staged counts")
}

/// Makes a commit of what is staged; gives it with its branch.
async fn commit(
    repository: &Repository,
    text: &str,
    author: Option<&Person>,
) -> Result<(String, Option<String>), Failure> {
    let command = repository.git(["commit", "--quiet", "--file=-"]).input(text);
    let command = identity::signed(command, repository, author).await?;
    succeed(command.why("keep the changes with their message"), "cannot commit").await?;
    head(repository).await
}

/// Commits the changes of these files, or all, with a message made by rules; gives the commit.
pub(super) async fn commit_all(repository: &Repository, files: &[String]) -> Result<String, Failure> {
    staging::stage(repository, &staging::changes(repository, files).await?).await?;
    let staged = staging::staged(repository).await?;
    if staged.is_empty() {
        return Err(nothing(repository));
    }
    let text = message::suggest(&staged, Style::Conventional).message;
    commit(repository, &text, None).await.map(|(commit, _)| commit)
}

/// The commit that is checked out, and its branch.
pub(super) async fn head(repository: &Repository) -> Result<(String, Option<String>), Failure> {
    let command = repository.git(["rev-parse", "HEAD", "--abbrev-ref", "HEAD"]);
    let outcome = succeed(command, "cannot see what is checked out").await?;
    let mut lines = outcome.stdout.lines();
    let commit = lines.next().unwrap_or_default().to_owned();
    Ok((commit, lines.next().filter(|branch| *branch != "HEAD").map(str::to_owned)))
}
