//! `git_branches`: the branches of a repository and of its remotes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use super::repository::{Git, succeed};

/// How git prints a branch: fields that end with NUL, and a line end.
const FORMAT: &str = "--format=%(refname)%00%(objectname)%00%(HEAD)%00%(upstream:short)%00%(upstream:track,nobracket)%00%(committerdate:iso-strict)%00%(contents:subject)%00";

/// Lists branches.
pub(crate) struct GitBranches(pub(crate) Git);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The repository, or a folder in it.
    path: String,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The top folder of the repository.
    path: String,
    /// The branches, first those of the repository itself.
    branches: Vec<Branch>,
    /// How many there are on all pages.
    total: usize,
    /// What to give as `cursor` for the next page.
    next_cursor: Option<String>,
}

/// One branch.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(inline)]
struct Branch {
    /// Its name; that of a remote's branch begins with the remote.
    name: String,
    /// Its newest commit.
    commit: String,
    /// Whether it is checked out.
    current: bool,
    /// Whether it is what a remote had when it was asked last.
    remote: bool,
    /// The branch of a remote that it follows.
    upstream: Option<String>,
    /// Commits that the upstream lacks.
    ahead: u64,
    /// Commits that only the upstream has.
    behind: u64,
    /// When its newest commit was made.
    date: String,
    /// The first line of that commit's message.
    summary: String,
}

impl Tool for GitBranches {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "git_branches";
    const ABOUT: &'static str =
        "Lists the branches of a git repository and of its remotes, with how far they are apart.";
    const MARKS: Marks = Marks::reads().idempotent().lists();
    const EXAMPLES: &'static [&'static str] = &[r#"{"path": "app"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let repository = self.0.repository(&input.path).await?;
        let command = repository.git(["for-each-ref", FORMAT, "--", "refs/heads", "refs/remotes"]);
        let outcome = succeed(command, "cannot list branches").await?;
        let page = call.shared.page(parse(&outcome.stdout));
        Ok(Output {
            path: repository.top().display(),
            branches: page.items,
            total: page.total,
            next_cursor: page.next_cursor,
        })
    }
}

/// Reads what git prints in our format.
fn parse(text: &str) -> Vec<Branch> {
    let fields: Vec<&str> = text.split('\0').collect();
    fields.chunks(7).filter_map(branch).collect()
}

fn branch(fields: &[&str]) -> Option<Branch> {
    let [reference, commit, head, upstream, track, date, summary]: [&str; 7] = fields.try_into().ok()?;
    let reference = reference.trim_start_matches('\n');
    let (name, remote) = match reference.strip_prefix("refs/heads/") {
        Some(name) => (name, false),
        None => (reference.strip_prefix("refs/remotes/")?, true),
    };
    if remote && name.ends_with("/HEAD") {
        return None;
    }
    let count = |word: &str| {
        let part = track.split(", ").find_map(|part| part.strip_prefix(word));
        part.and_then(|count| count.trim().parse().ok()).unwrap_or_default()
    };
    Some(Branch {
        name: name.to_owned(),
        commit: commit.to_owned(),
        current: head == "*",
        remote,
        upstream: (!upstream.is_empty()).then(|| upstream.to_owned()),
        ahead: count("ahead"),
        behind: count("behind"),
        date: date.to_owned(),
        summary: summary.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_are_read_with_how_far_they_are_apart() {
        let text = "refs/heads/main\0abc\0*\0origin/main\0ahead 2, behind 1\0d\0one\0\n\
            refs/heads/x/y\0abc\0 \0origin/y\0gone\0d\0two\0\n\
            refs/remotes/origin/HEAD\0abc\0 \0\0\0d\0\0\nrefs/remotes/origin/main\0abc\0 \0\0\0d\0one\0\n";
        let branches = parse(text);
        let short: Vec<_> =
            branches.iter().map(|one| (&*one.name, one.current, one.remote, one.ahead, one.behind)).collect();
        assert_eq!(
            short,
            [("main", true, false, 2, 1), ("x/y", false, false, 0, 0), ("origin/main", false, true, 0, 0)]
        );
        assert_eq!(branches[0].upstream.as_deref(), Some("origin/main"));
        assert_eq!(parse(""), []);
        assert_eq!(parse("refs/heads/x\0half\0"), []);
    }
}
