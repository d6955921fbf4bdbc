//! What is changed in a work tree: the form that `git status --porcelain=v2 -z` prints, read by a pure parser, and the state
//! that a merge or rebase has left.

use toolkit::Failure;
use workbench::Outcome;

use super::{refusal, repository::Repository};

/// Bytes of a status: a hundred thousand long names.
const STATUS_BYTES_MAX: usize = 32 << 20;

/// Which files are listed that git does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unknown {
    /// Folders of which git knows nothing as one name.
    Folded,
    /// Each file.
    Each,
}

/// What is changed in a work tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Status {
    /// The commit that is checked out; none before the first.
    pub(super) commit: Option<String>,
    /// The branch; none if a commit is checked out by itself.
    pub(super) branch: Option<String>,
    /// The branch of a remote that it follows.
    pub(super) upstream: Option<String>,
    /// Commits that the upstream lacks, and those that are only there.
    pub(super) ahead: u64,
    pub(super) behind: u64,
    /// What is changed, in the order of git.
    pub(super) changes: Vec<Change>,
}

/// One changed file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// Its path from the top folder.
    pub(super) path: String,
    /// What it was called before, if it was renamed.
    pub(super) from: Option<String>,
    /// What is staged, as a letter of git; `.` is nothing.
    pub(super) staged: char,
    /// What is changed beside that.
    pub(super) unstaged: char,
    /// What it is to git.
    pub(super) kind: ChangeKind,
}

/// What a changed file is to git.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChangeKind {
    /// Git knows it.
    Known,
    /// Git does not.
    Unknown,
    /// A merge could not decide.
    Conflict,
}

impl Change {
    pub(super) fn is_staged(&self) -> bool {
        self.kind == ChangeKind::Known && self.staged != '.'
    }

    pub(super) fn is_modified(&self) -> bool {
        self.kind == ChangeKind::Known && self.unstaged != '.'
    }

    pub(super) fn is_unknown(&self) -> bool {
        self.kind == ChangeKind::Unknown
    }

    pub(super) fn is_conflict(&self) -> bool {
        self.kind == ChangeKind::Conflict
    }
}

impl Status {
    /// Asks git; with `files`, only about them.
    pub(super) async fn of(repository: &Repository, unknown: Unknown, files: &[String]) -> Result<Self, Failure> {
        let listed = match unknown {
            Unknown::Folded => "--untracked-files=normal",
            Unknown::Each => "--untracked-files=all",
        };
        let words = ["status", "--porcelain=v2", "--branch", "--ahead-behind", "--ignore-submodules=all", "-z", listed];
        let command = repository.git(words).stdout_bytes_max(STATUS_BYTES_MAX);
        let outcome = command.rest("files", files.iter().map(String::as_str))?.run().await?;
        if outcome.exit_code != Some(0) {
            return Err(refusal::of(&outcome, "cannot look at the repository"));
        }
        Ok(Self::parse(whole(&outcome)))
    }

    /// Reads what git prints. What it does not know it leaves out: later versions may say more.
    fn parse(text: &str) -> Self {
        let mut status = Self::default();
        let mut records = text.split('\0');
        while let Some(record) = records.next() {
            let Some((kind, rest)) = record.split_once(' ') else { continue };
            match kind {
                "#" => status.header(rest),
                "1" => status.changes.extend(change(rest, 7, ChangeKind::Known)),
                "2" => {
                    let from = records.next().map(str::to_owned);
                    status.changes.extend(change(rest, 8, ChangeKind::Known).map(|change| Change { from, ..change }));
                }
                "u" => status.changes.extend(change(rest, 9, ChangeKind::Conflict)),
                "?" => status.changes.push(Change {
                    path: rest.to_owned(),
                    from: None,
                    staged: '.',
                    unstaged: '?',
                    kind: ChangeKind::Unknown,
                }),
                _ => {}
            }
        }
        status
    }

    fn header(&mut self, text: &str) {
        let Some((name, value)) = text.split_once(' ') else { return };
        let known = |none: &str| (value != none).then(|| value.to_owned());
        match name {
            "branch.oid" => self.commit = known("(initial)"),
            "branch.head" => self.branch = known("(detached)"),
            "branch.upstream" => self.upstream = Some(value.to_owned()),
            "branch.ab" => {
                let mut counts =
                    value.split(' ').map(|count| count.trim_start_matches(['+', '-']).parse().unwrap_or_default());
                (self.ahead, self.behind) = (counts.next().unwrap_or_default(), counts.next().unwrap_or_default());
            }
            _ => {}
        }
    }

    /// The paths of the changes that are so.
    pub(super) fn paths(&self, is: impl Fn(&Change) -> bool) -> Vec<String> {
        self.changes.iter().filter(|change| is(change)).map(|change| change.path.clone()).collect()
    }
}

/// A record of git: letters, then so many fields, then the path.
fn change(record: &str, fields: usize, kind: ChangeKind) -> Option<Change> {
    let mut letters = record.chars();
    let (staged, unstaged) = (letters.next()?, letters.next()?);
    let path = record.splitn(fields + 1, ' ').nth(fields)?.to_owned();
    Some(Change { path, from: None, staged, unstaged, kind })
}

/// What a command printed, as far as its records are whole.
fn whole(outcome: &Outcome) -> &str {
    if !outcome.truncated {
        return &outcome.stdout;
    }
    outcome.stdout.rfind('\0').map_or("", |end| &outcome.stdout[..end])
}

/// What a merge or the like has left to be ended, by the files that git keeps meanwhile.
pub(super) fn in_progress(repository: &Repository) -> Result<Option<&'static str>, Failure> {
    const MARKS: [(&str, &str); 6] = [
        ("rebase-merge", "rebase"),
        ("rebase-apply", "rebase"),
        ("MERGE_HEAD", "merge"),
        ("CHERRY_PICK_HEAD", "cherry-pick"),
        ("REVERT_HEAD", "revert"),
        ("BISECT_LOG", "bisect"),
    ];
    for (file, state) in MARKS {
        if repository.git_dir().join(file)?.exists()? {
            return Ok(Some(state));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(path: &str, staged: char, unstaged: char, kind: ChangeKind) -> Change {
        Change { path: path.to_owned(), from: None, staged, unstaged, kind }
    }

    #[test]
    fn a_status_is_read_record_by_record() {
        let text = "# branch.oid abc\0# branch.head main\0# branch.upstream origin/main\0# branch.ab +2 -1\0\
            1 M. N... 100644 100644 100644 a a one two.rs\0\
            1 .D N... 100644 100644 000000 a a gone.rs\0\
            2 R. N... 100644 100644 100644 a a R100 new.rs\0old name.rs\0\
            u UU N... 100644 100644 100644 100644 a b c both.rs\0\
            ? un\nknown.txt\0! ignored\0";
        let status = Status::parse(text);
        assert_eq!(
            (status.commit.as_deref(), status.branch.as_deref(), status.upstream.as_deref()),
            (Some("abc"), Some("main"), Some("origin/main"))
        );
        assert_eq!((status.ahead, status.behind), (2, 1));
        let renamed = Change { from: Some("old name.rs".to_owned()), ..plain("new.rs", 'R', '.', ChangeKind::Known) };
        assert_eq!(
            status.changes,
            [
                plain("one two.rs", 'M', '.', ChangeKind::Known),
                plain("gone.rs", '.', 'D', ChangeKind::Known),
                renamed,
                plain("both.rs", 'U', 'U', ChangeKind::Conflict),
                plain("un\nknown.txt", '.', '?', ChangeKind::Unknown),
            ]
        );
    }

    #[test]
    fn an_unborn_branch_and_a_detached_head_are_told() {
        let check = |text: &str, commit: Option<&str>, branch: Option<&str>| {
            let status = Status::parse(text);
            assert_eq!((status.commit.as_deref(), status.branch.as_deref()), (commit, branch), "{text:?}");
        };
        check("# branch.oid (initial)\0# branch.head main\0", None, Some("main"));
        check("# branch.oid abc\0# branch.head (detached)\0", Some("abc"), None);
        for broken in ["", "1", "1 M", "# branch.ab", "# branch.ab x y\0", "2 R. x\0", "u\0", "\0\0"] {
            check(broken, None, None);
        }
    }
}
