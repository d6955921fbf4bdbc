//! `git_diff`: what is different between commits, or between the last commit and the files.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};
use workbench::Command;

use super::{
    names,
    repository::{Git, Repository, succeed},
    staging,
    status::{Status, Unknown},
};

/// The tree without files, which git knows everywhere: what the first commit is compared with.
const EMPTY_TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
/// Lines of one answer.
const LINES: usize = 2_000;
/// Lines of one answer at most.
const LINES_MAX: usize = 50_000;
/// Bytes of a difference that are read from git.
const DIFF_BYTES_MAX: usize = 16 << 20;
/// Files in the statistics: more than a model reads.
const FILES_MAX: usize = 2_000;

/// Compares.
pub(crate) struct GitDiff(pub(crate) Git);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The repository, or a folder in it.
    path: String,
    /// What to compare: two commits as `main..feature`, or one commit with the files. What is not committed if nothing is
    /// said; files that git does not know are not in it.
    range: Option<String>,
    /// Only this file or folder.
    file: Option<String>,
    /// Lines of the difference.
    #[serde(default = "lines")]
    #[schemars(range(min = 1, max = 50_000))]
    limit: usize,
}

fn lines() -> usize {
    LINES
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The top folder of the repository.
    path: String,
    /// The difference, as `patch` reads it.
    diff: String,
    /// How much is changed in each file.
    stats: Stats,
    /// Whether lines are missing at the end.
    truncated: bool,
}

/// How much is changed.
#[derive(Default, Serialize, JsonSchema)]
#[schemars(inline)]
struct Stats {
    /// Files that are changed.
    files_changed: usize,
    /// Lines that came.
    insertions: u64,
    /// Lines that went.
    deletions: u64,
    /// Each file.
    files: Vec<Changed>,
}

/// How much is changed in one file.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(inline)]
struct Changed {
    /// The file.
    file: String,
    /// Lines that came; nothing for a file that is no text.
    insertions: Option<u64>,
    /// Lines that went; nothing for a file that is no text.
    deletions: Option<u64>,
}

impl Tool for GitDiff {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "git_diff";
    const ABOUT: &'static str = "Shows what is different between two commits, or between a commit and the files: a unified diff with statistics.";
    const MARKS: Marks = Marks::reads().idempotent();
    const EXAMPLES: &'static [&'static str] =
        &[r#"{"path": "app"}"#, r#"{"path": "app", "range": "HEAD~1..HEAD", "file": "src/main.py"}"#];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        if !(1..=LINES_MAX).contains(&input.limit) {
            return Err(Failure::invalid("limit", format!("`limit` must be a whole number from 1 to {LINES_MAX}")));
        }
        let repository = self.0.repository(&input.path).await?;
        let range = match &input.range {
            Some(range) => range.clone(),
            None if Status::of(&repository, Unknown::Folded, &[]).await?.commit.is_none() => EMPTY_TREE.to_owned(),
            None => "HEAD".to_owned(),
        };
        let files = staging::files(&repository, "file", input.file.as_slice())?;
        let command = |form| command(&repository, form, &range, &files);
        let stats = parse(&succeed(command(["--numstat", "-z"])?, "cannot compare").await?.stdout);
        let outcome = succeed(command(["--patch", "--no-color"])?, "cannot compare").await?;
        let diff: String = outcome.stdout.split_inclusive('\n').take(input.limit).collect();
        let truncated = outcome.truncated || diff.len() < outcome.stdout.len();
        Ok(Output { path: repository.top().display(), diff, stats, truncated })
    }

    fn text(output: &Output) -> Option<String> {
        Some(output.diff.clone())
    }
}

fn command(
    repository: &Repository,
    form: [&'static str; 2],
    range: &str,
    files: &[String],
) -> Result<Command, Failure> {
    names::revision("range", range)?;
    let words = ["diff", "--no-ext-diff", "--no-textconv", "--ignore-submodules=all"];
    let command = repository.git(words).words(form).stdout_bytes_max(DIFF_BYTES_MAX);
    command.operand("range", range)?.rest("file", files.iter().map(String::as_str))
}

/// Lines that are changed and not committed, of these files or of all.
pub(super) async fn changed_lines(repository: &Repository, has_commit: bool, files: &[String]) -> Result<u64, Failure> {
    let range = if has_commit { "HEAD" } else { EMPTY_TREE };
    let command = command(repository, ["--numstat", "-z"], range, files)?;
    let stats = parse(&succeed(command, "cannot count lines").await?.stdout);
    Ok(stats.insertions + stats.deletions)
}

/// Reads what `git diff --numstat -z` prints.
fn parse(text: &str) -> Stats {
    let mut stats = Stats::default();
    let mut records = text.split_terminator('\0');
    while let Some(record) = records.next() {
        let mut fields = record.splitn(3, '\t');
        let (Some(came), Some(went), Some(path)) = (fields.next(), fields.next(), fields.next()) else { continue };
        // a renamed file comes as its old and its new name
        let file = if path.is_empty() { records.nth(1).unwrap_or_default() } else { path };
        let (insertions, deletions) = (came.parse().ok(), went.parse().ok());
        stats.files_changed += 1;
        stats.insertions += insertions.unwrap_or_default();
        stats.deletions += deletions.unwrap_or_default();
        if stats.files.len() < FILES_MAX {
            stats.files.push(Changed { file: file.to_owned(), insertions, deletions });
        }
    }
    stats
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_are_read_with_renames_and_files_that_are_no_text() {
        let stats = parse("1\t2\ta b.rs\0-\t-\tp.png\x000\t3\t\0old.rs\0new.rs\0");
        let file = |file: &str, insertions, deletions| Changed { file: file.to_owned(), insertions, deletions };
        assert_eq!(
            stats.files,
            [file("a b.rs", Some(1), Some(2)), file("p.png", None, None), file("new.rs", Some(0), Some(3))]
        );
        assert_eq!((stats.files_changed, stats.insertions, stats.deletions), (3, 1, 5));
        for broken in ["", "\0", "1\0", "1\t2\0", "1\t2\t\0"] {
            assert!(parse(broken).files_changed <= 1, "{broken:?}");
        }
    }
}
