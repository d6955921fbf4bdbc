//! `git_create_pr`: the branch that is checked out is proposed as a change, on GitHub or GitLab.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Code, Failure, Marks, Tool};

use super::{
    address,
    forge::{Forge, Proposal},
    git_log::{self, Commit},
    names,
    repository::{Git, Repository},
    status::{Status, Unknown},
};

/// Commits that the text of a change names.
const COMMITS_MAX: usize = 100;
/// Bytes of a title and of a body: what the forges take.
const TITLE_BYTES_MAX: usize = 255;
const BODY_BYTES_MAX: usize = 60_000;
/// People who can be asked to look.
const REVIEWERS_MAX: usize = 15;

/// Proposes changes.
pub(crate) struct GitCreatePr(pub(crate) Git);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The repository, or a folder in it.
    path: String,
    /// The title; made from the commits if nothing is said.
    title: Option<String>,
    /// What is said of the change; made from the commits if nothing is said.
    body: Option<String>,
    /// The branch that the change is for.
    #[serde(default = "main")]
    base: String,
    /// Whether it is not finished yet.
    #[serde(default)]
    draft: bool,
    /// Who shall look at it, by their names there.
    #[serde(default)]
    #[schemars(length(max = 15))]
    reviewers: Vec<String>,
}

fn main() -> String {
    "main".to_owned()
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// Its page.
    url: String,
    /// Its number there.
    number: u64,
    /// What was made from the commits.
    generated: Generated,
    /// What was done.
    message: String,
}

/// What was made from the commits, by rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(inline)]
struct Generated {
    /// The title, if none was given.
    title: Option<String>,
    /// The body, if none was given.
    body: Option<String>,
}

/// A change as it will be proposed.
struct Prepared {
    project: String,
    head: String,
    title: String,
    body: String,
    generated: Generated,
}

impl Tool for GitCreatePr {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "git_create_pr";
    const ABOUT: &'static str = "Opens a pull request on GitHub, or a merge request on GitLab, for the branch that is \
        checked out and pushed. The connection says which forge it is.";
    const MARKS: Marks = Marks::writes().open_world().connects();
    const INVALIDATES: Option<&'static [&'static str]> = Some(&[]);
    const EXAMPLES: &'static [&'static str] =
        &[r#"{"path": "app", "base": "main", "draft": true, "connection": "github"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let forge = Forge::of(call.connection()?)?;
        let prepared = self.prepare(&input).await?;
        let proposal = Proposal {
            project: &prepared.project,
            title: &prepared.title,
            body: &prepared.body,
            head: &prepared.head,
            base: &input.base,
            draft: input.draft,
        };
        let proposed = forge.propose(&proposal, &input.reviewers).await?;
        let asked = forge.ask_reviewers(&prepared.project, proposed.number, &input.reviewers).await;
        let message = match asked {
            Ok(()) => format!("`{}` is proposed for `{}`", prepared.head, input.base),
            // the change is there, whatever else goes wrong
            Err(failure) => format!("`{}` is proposed, but its reviewers were not asked: {failure}", prepared.head),
        };
        Ok(Output { url: proposed.url, number: proposed.number, generated: prepared.generated, message })
    }

    async fn plan(&self, input: Input, call: &Call) -> Result<Vec<String>, Failure> {
        Forge::of(call.connection()?)?;
        let Prepared { project, head, title, .. } = self.prepare(&input).await?;
        Ok(vec![format!("propose `{head}` of `{project}` for `{}` as `{title}`", input.base)])
    }
}

impl GitCreatePr {
    async fn prepare(&self, input: &Input) -> Result<Prepared, Failure> {
        input.check()?;
        let repository = self.0.repository(&input.path).await?;
        let head = pushed_branch(&repository, &input.base).await?;
        let project = project(&repository, &head)?;
        let commits = commits(&repository, &head, &input.base).await?;
        let written = written(&commits, &head);
        let title = input.title.clone().unwrap_or_else(|| written.0.clone());
        let body = input.body.clone().unwrap_or_else(|| written.1.clone());
        let generated = Generated {
            title: input.title.is_none().then_some(written.0),
            body: input.body.is_none().then_some(written.1),
        };
        Ok(Prepared { project, head, title, body, generated })
    }
}

impl Input {
    fn check(&self) -> Result<(), Failure> {
        names::branch("base", &self.base)?;
        let is_long =
            |text: &Option<String>, bytes_max: usize| text.as_ref().is_some_and(|text| text.len() > bytes_max);
        if is_long(&self.title, TITLE_BYTES_MAX) || self.title.as_ref().is_some_and(|title| title.trim().is_empty()) {
            return Err(Failure::invalid("title", format!("`title` must be 1 to {TITLE_BYTES_MAX} bytes long")));
        }
        if is_long(&self.body, BODY_BYTES_MAX) {
            return Err(Failure::invalid("body", format!("`body` must be at most {BODY_BYTES_MAX} bytes long")));
        }
        let is_name = |name: &String| {
            !name.is_empty() && name.chars().all(|one| one.is_ascii_alphanumeric() || "-_.".contains(one))
        };
        if self.reviewers.len() > REVIEWERS_MAX || !self.reviewers.iter().all(is_name) {
            let text =
                format!("`reviewers` must be at most {REVIEWERS_MAX} names of letters, digits, `-`, `_` and `.`");
            return Err(Failure::invalid("reviewers", text));
        }
        Ok(())
    }
}

/// The branch that is checked out, if the remote has all of it.
async fn pushed_branch(repository: &Repository, base: &str) -> Result<String, Failure> {
    let refuse = |text: String, hint: &str| Err(Failure::new(Code::GitError, text).hint(hint));
    let status = Status::of(repository, Unknown::Folded, &[]).await?;
    let Some(branch) = status.branch else {
        let hint = "begin a branch with `git_checkout` and `create: true`";
        return refuse("cannot propose a change: no branch is checked out".to_owned(), hint);
    };
    if branch == base {
        let hint = "begin a branch with `git_checkout` and `create: true`, and commit there";
        return refuse(format!("cannot propose a change: `{base}` is checked out, which it would be for"), hint);
    }
    if status.upstream.is_none() || status.ahead > 0 {
        let hint = "push it first: `git_push` with `set_upstream: true`";
        return refuse(format!("cannot propose a change: the remote lacks commits of `{branch}`"), hint);
    }
    Ok(branch)
}

/// Owner and name of the repository on the forge, by the address of the remote that the branch follows.
fn project(repository: &Repository, branch: &str) -> Result<String, Failure> {
    let config = repository.config();
    let remote = config.value(&format!("branch.{branch}.remote")).unwrap_or("origin");
    let url = config.value(&format!("remote.{remote}.url")).unwrap_or_default();
    address::project(url).map(str::to_owned).ok_or_else(|| {
        let failure = Failure::new(Code::NotSupported, format!("the remote `{remote}` is no repository of a forge"));
        failure.hint("its address has to be like `https://github.com/owner/name.git`")
    })
}

/// The commits of the change.
async fn commits(repository: &Repository, head: &str, base: &str) -> Result<Vec<Commit>, Failure> {
    let remote = repository.config().value(&format!("branch.{head}.remote")).unwrap_or("origin").to_owned();
    for start in [format!("refs/remotes/{remote}/{base}"), format!("refs/heads/{base}")] {
        let command = repository.git(["rev-parse", "--verify", "--quiet"]).operand("base", &start)?;
        if command.run().await?.exit_code != Some(0) {
            continue;
        }
        let commits = git_log::between(repository, &format!("{start}..HEAD"), COMMITS_MAX).await?;
        if commits.is_empty() {
            let failure = Failure::new(Code::GitError, format!("`{head}` has no commit that `{base}` lacks"));
            return Err(failure.hint("commit something first"));
        }
        return Ok(commits);
    }
    let failure = Failure::new(Code::NotFound, format!("there is no branch `{base}`"));
    Err(Failure { field: Some("base".to_owned()), ..failure.hint("`git_branches` says what there is") })
}

/// A title and a body, made from commits by rules: of one commit its own, of several the branch and their list.
fn written(commits: &[Commit], branch: &str) -> (String, String) {
    if let [one] = commits {
        return (one.summary.clone(), one.body.clone());
    }
    let words = branch.rsplit('/').next().unwrap_or(branch).replace(['-', '_'], " ");
    let list: Vec<String> = commits.iter().rev().map(|commit| format!("- {}", commit.summary)).collect();
    (words, list.join("\n"))
}
