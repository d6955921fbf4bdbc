//! `git_auto_commit`: a repository is watched, and what is changed there is committed once it has come to rest.

use std::time::{Duration, SystemTime};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};
use toolkit::{Call, Code, Failure, Marks, Tool};
use workbench::aside;

use super::{
    git_commit, names,
    repository::{Git, Repository},
    staging,
    status::{self, Change, Status, Unknown},
    tests_of_project,
    watches::{Last, Told},
};
use crate::files::CHANGED_EVERYTHING;

/// Seconds without a change before a commit, if the caller does not say.
const QUIET_S: u64 = 300;
/// Seconds without a change at most: a day.
const QUIET_S_MAX: u64 = 86_400;
/// The time between two looks; shorter where less quiet is asked for.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Lines that a rule can ask for.
const LINES_MAX: u64 = 1_000_000;
/// Paths that a rule can name.
const PATHS_MAX: usize = 100;
/// Bytes of a new file whose lines are counted; a longer one counts as if it had enough.
const COUNTED_BYTES_MAX: u64 = 4 << 20;

/// Watches repositories.
pub(crate) struct GitAutoCommit(pub(crate) Git);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The repository, or a folder in it.
    path: String,
    /// Whether it is watched from now on, or no longer.
    enabled: bool,
    /// When to commit.
    #[serde(default)]
    rules: Rules,
    /// Only while this branch is checked out; the present one if nothing is said.
    branch: Option<String>,
}

/// When a watch commits.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(inline)]
struct Rules {
    /// Changed lines, at least.
    #[schemars(range(min = 1, max = 1_000_000))]
    min_lines: u64,
    /// Only these files and folders, from the top folder; all if there are none.
    paths: Vec<String>,
    /// Seconds without a change before a commit.
    #[schemars(range(min = 1, max = 86_400))]
    quiet_s: u64,
    /// Whether the tests of the project have to pass first. They run only in a repository that the operator trusts.
    tests_must_pass: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self { min_lines: 1, paths: Vec::new(), quiet_s: QUIET_S, tests_must_pass: false }
    }
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The watch; nothing if there is none.
    watch_id: Option<String>,
    /// The last commit that it made.
    last_commit: Option<String>,
    /// Why it did not commit when it last could have.
    problem: Option<String>,
    /// What was done.
    message: String,
}

impl Tool for GitAutoCommit {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "git_auto_commit";
    const ABOUT: &'static str = "Watches a git repository and commits what is changed once it has come to rest. The watch \
        lives in the process of this toolkit: it ends when that is stopped, also when it is stopped because it is idle.";
    const MARKS: Marks = Marks::writes();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_EVERYTHING);
    const EXAMPLES: &'static [&'static str] =
        &[r#"{"path": "app", "enabled": true, "rules": {"min_lines": 10, "quiet_s": 120}}"#];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        input.check()?;
        let repository = self.0.repository(&input.path).await?;
        let top = repository.top().path().to_owned();
        if !input.enabled {
            let (watch_id, told) = self.0.watches.end(&top).unzip();
            let message = if watch_id.is_some() { "the watch has ended" } else { "there was no watch" };
            return Ok(output(watch_id, told, message.to_owned()));
        }
        let watch = self.watch(input, &repository).await?;
        let quiet_s = watch.rules.quiet_s;
        let told = self.0.watches.told(&top);
        let last = Last::default();
        last.note(told.clone().unwrap_or_default());
        let task = tokio::spawn(watch.keep(last.clone()));
        let id = self.0.watches.begin(top, last, task.abort_handle())?;
        let message = format!("changes are committed after {quiet_s} s of rest, as long as this process lives");
        Ok(output(Some(id), told, message))
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        input.check()?;
        let repository = self.0.repository(&input.path).await?;
        let top = repository.top().display();
        if !input.enabled {
            return Ok(vec![format!("no longer watch `{top}`")]);
        }
        let watch = self.watch(input, &repository).await?;
        let begin = format!("watch `{top}` and commit on `{}` after {} s of rest", watch.branch, watch.rules.quiet_s);
        let problem = self.0.watches.told(repository.top().path()).and_then(|told| told.problem);
        Ok(std::iter::once(begin).chain(problem.map(|problem| format!("the present watch says: {problem}"))).collect())
    }
}

fn output(watch_id: Option<String>, told: Option<Told>, message: String) -> Output {
    let told = told.unwrap_or_default();
    Output { watch_id, last_commit: told.commit, problem: told.problem, message }
}

impl Input {
    fn check(&self) -> Result<(), Failure> {
        let range = |field: &str, number: u64, max: u64| {
            if (1..=max).contains(&number) {
                return Ok(());
            }
            Err(Failure::invalid(field, format!("`{field}` must be a whole number from 1 to {max}")))
        };
        range("rules.min_lines", self.rules.min_lines, LINES_MAX)?;
        range("rules.quiet_s", self.rules.quiet_s, QUIET_S_MAX)?;
        if self.rules.paths.len() > PATHS_MAX {
            return Err(Failure::invalid("rules.paths", format!("`rules.paths` must name at most {PATHS_MAX} paths")));
        }
        self.branch.as_ref().map_or(Ok(()), |branch| names::branch("branch", branch))
    }
}

impl GitAutoCommit {
    async fn watch(&self, input: Input, repository: &Repository) -> Result<Watch, Failure> {
        let status = Status::of(repository, Unknown::Folded, &[]).await?;
        let branch = input.branch.or(status.branch).ok_or_else(|| {
            let failure = Failure::new(Code::GitError, "cannot watch: no branch is checked out");
            failure.hint("check one out with `git_checkout`, or name one in `branch`")
        })?;
        if input.rules.tests_must_pass {
            tests_of_project::command(repository)?;
        }
        let files = staging::files(repository, "rules.paths", &input.rules.paths)?;
        Ok(Watch { git: self.0.clone(), path: repository.top().display(), branch, rules: input.rules, files })
    }
}

/// A watch over one repository.
struct Watch {
    git: Git,
    path: String,
    branch: String,
    rules: Rules,
    files: Vec<String>,
}

/// What is changed, in a form that differs when it changes further.
type Trace = Vec<(String, u64, SystemTime)>;

impl Watch {
    /// Looks now and then, for ever.
    async fn keep(self, last: Last) {
        let quiet = Duration::from_secs(self.rules.quiet_s);
        let mut seen = (Trace::new(), Instant::now());
        loop {
            sleep(LOOK_EVERY.min(quiet / 2)).await;
            let told = last.told();
            match self.look(&mut seen, quiet).await {
                Ok(None) => {}
                Ok(Some(commit)) => last.note(Told { commit: Some(commit), problem: None }),
                Err(failure) => last.note(Told { problem: Some(failure.to_string()), ..told }),
            }
        }
    }

    /// Looks once, and commits if the rules say so. The repository is opened anew: its configuration may have changed.
    async fn look(&self, seen: &mut (Trace, Instant), quiet: Duration) -> Result<Option<String>, Failure> {
        let repository = self.git.repository(&self.path).await?;
        let status = Status::of(&repository, Unknown::Each, &self.files).await?;
        let trace = trace(&repository, &status).await?;
        if trace != seen.0 {
            *seen = (trace, Instant::now());
            return Ok(None);
        }
        let is_fit = status.branch.as_ref() == Some(&self.branch) && status::in_progress(&repository)?.is_none();
        if trace.is_empty() || !is_fit || seen.1.elapsed() < quiet {
            return Ok(None);
        }
        // whatever comes of it, the same changes are not tried again before as much rest
        seen.1 = Instant::now();
        if lines(&repository, &status, &self.files).await? < self.rules.min_lines {
            return Ok(None);
        }
        if self.rules.tests_must_pass {
            tests_of_project::pass(&repository).await?;
        }
        git_commit::commit_all(&repository, &self.files).await.map(Some)
    }
}

async fn trace(repository: &Repository, status: &Status) -> Result<Trace, Failure> {
    let (top, changes) = (repository.top().clone(), status.changes.clone());
    aside(move |stop| {
        let mark = |change: &Change| {
            stop.check()?;
            let stat = top.join(&change.path)?.look()?;
            let (size, modified) = stat.map_or((0, SystemTime::UNIX_EPOCH), |stat| (stat.size, stat.modified));
            Ok((change.path.clone(), size, modified))
        };
        changes.iter().map(mark).collect()
    })
    .await
}

/// Lines that are changed, with those of new files.
async fn lines(repository: &Repository, status: &Status, files: &[String]) -> Result<u64, Failure> {
    let mut lines = super::git_diff::changed_lines(repository, status.commit.is_some(), files).await?;
    for path in status.paths(Change::is_unknown).iter().filter(|path| !path.ends_with('/')) {
        lines += match repository.top().join(path)?.read(COUNTED_BYTES_MAX) {
            Ok(bytes) => bytes.split_inclusive(|byte| *byte == b'\n').count() as u64,
            Err(failure) if failure.code == Code::TooLarge => LINES_MAX,
            Err(_) => 0,
        };
    }
    Ok(lines)
}
