//! `git_log`: the commits of a repository, the newest first.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};
use workbench::Command;

use super::{
    identity::Named,
    names,
    repository::{Git, Repository, succeed},
    staging,
    status::{Status, Unknown},
};

/// How git prints a commit: fields that end with NUL.
const FORMAT: &str = "--format=tformat:%H%x00%P%x00%an%x00%ae%x00%aI%x00%s%x00%b";
/// Fields of one commit.
const FIELDS: usize = 7;

/// Lists commits.
pub(crate) struct GitLog(pub(crate) Git);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The repository, or a folder in it.
    path: String,
    /// From where, such as `main`, `v1.0..HEAD`; what is checked out if nothing is said.
    range: Option<String>,
    /// Only commits that change this file or folder.
    file: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The top folder of the repository.
    path: String,
    /// The commits, the newest first.
    commits: Vec<Commit>,
    /// What to give as `cursor` for the next page.
    next_cursor: Option<String>,
}

/// One commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(inline)]
#[expect(clippy::struct_field_names, reason = "callers know the name of a commit as `commit`")]
pub(super) struct Commit {
    /// Its name.
    pub(super) commit: String,
    /// The names of those before it; more than one for a merge.
    parents: Vec<String>,
    /// Who wrote it.
    author: Named,
    /// When.
    date: String,
    /// The first line of its message.
    pub(super) summary: String,
    /// The rest of its message.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(default)]
    pub(super) body: String,
}

impl Tool for GitLog {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "git_log";
    const ABOUT: &'static str = "Lists the commits of a git repository, the newest first, page by page.";
    const MARKS: Marks = Marks::reads().idempotent().lists();
    const EXAMPLES: &'static [&'static str] =
        &[r#"{"path": "app", "limit": 10}"#, r#"{"path": "app", "range": "main..feature", "file": "src"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let repository = self.0.repository(&input.path).await?;
        let path = repository.top().display();
        if input.range.is_none() && Status::of(&repository, Unknown::Folded, &[]).await?.commit.is_none() {
            return Ok(Output { path, commits: Vec::new(), next_cursor: None });
        }
        let (limit, offset) = (call.shared.limit, call.shared.offset);
        let command = repository
            .git(["log", "-z", "--no-color", "--no-decorate", "--no-ext-diff", "--no-textconv", FORMAT])
            .option("--max-count", &(limit + 1).to_string())?
            .option("--skip", &offset.to_string())?;
        let mut commits = commits(&repository, command, input.range.as_deref(), input.file.as_ref()).await?;
        let next_cursor = (commits.len() > limit).then(|| (offset + limit).to_string());
        commits.truncate(limit);
        Ok(Output { path, commits, next_cursor })
    }
}

async fn commits(
    repository: &Repository,
    command: Command,
    range: Option<&str>,
    file: Option<&String>,
) -> Result<Vec<Commit>, Failure> {
    let command = match range {
        Some(range) => {
            names::revision("range", range)?;
            command.operand("range", range)?
        }
        None => command,
    };
    let files = staging::files(repository, "file", file.map(std::slice::from_ref).unwrap_or_default())?;
    let command = command.rest("file", files.iter().map(String::as_str))?;
    Ok(parse(&succeed(command, "cannot list commits").await?.stdout))
}

/// The commits of a range, at most so many.
pub(super) async fn between(repository: &Repository, range: &str, most: usize) -> Result<Vec<Commit>, Failure> {
    let command = repository.git(["log", "-z", "--no-color", "--no-decorate", FORMAT]);
    commits(repository, command.option("--max-count", &most.to_string())?, Some(range), None).await
}

/// Reads what git prints in our format.
fn parse(text: &str) -> Vec<Commit> {
    let fields: Vec<&str> = text.split('\0').collect();
    let owned = |text: &str| text.to_owned();
    let commit = |fields: &[&str]| {
        let [commit, parents, name, email, date, summary, body]: [&str; FIELDS] = fields.try_into().ok()?;
        Some(Commit {
            commit: owned(commit),
            parents: parents.split_whitespace().map(str::to_owned).collect(),
            author: Named { name: owned(name), email: owned(email) },
            date: owned(date),
            summary: owned(summary),
            body: owned(body.trim_end()),
        })
    };
    fields.chunks(FIELDS).filter_map(commit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_are_read_field_by_field() {
        let text = "abc\0d e\0Ada\0a@x\x002026-01-02T03:04:05+01:00\0one: two\0body\nmore\n\0f\0\0B\0b@x\0t\0s\0\0";
        let commits = parse(text);
        assert_eq!(commits.len(), 2);
        assert_eq!((&*commits[0].commit, &*commits[0].summary, &*commits[0].body), ("abc", "one: two", "body\nmore"));
        assert_eq!((commits[0].parents.len(), commits[1].parents.len(), &*commits[1].body), (2, 0, ""));
        assert_eq!(parse(""), []);
        assert_eq!(parse("half\0a\0"), []);
    }
}
