//! What goes into the next commit: files are put there one by one, so that a repository inside this one is not looked into,
//! and what is there is read back.

use toolkit::{Code, Failure};
use workbench::Place;

use super::{
    repository::{Repository, succeed},
    status::{Change, Status, Unknown},
};

/// Bytes of a list of files.
const LIST_BYTES_MAX: usize = 32 << 20;
/// Files that a message names.
const NAMED_MAX: usize = 5;

/// One file of the next commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Staged {
    /// What happens to it, as a letter of git: `A`, `M`, `D`, `R`, `T`.
    pub(super) letter: char,
    /// Its path from the top folder.
    pub(super) path: String,
    /// What it was called before.
    pub(super) from: Option<String>,
}

impl Staged {
    /// What a change would be if it were staged.
    pub(super) fn of(change: &Change) -> Self {
        let letter = if change.is_unknown() { 'A' } else { change.unstaged };
        Self { letter, path: change.path.clone(), from: None }
    }
}

/// The files that are meant, from the top folder: each is absolute or relative to it.
pub(super) fn files(repository: &Repository, field: &str, files: &[String]) -> Result<Vec<String>, Failure> {
    let top = repository.top();
    let relative = |file: &String| {
        let place = beneath(top, file)?;
        let path = place.path().strip_prefix(top.path()).map_err(|_| outside(file, top))?;
        path.to_str().map(str::to_owned).ok_or_else(|| outside(file, top))
    };
    let blame = |failure: Failure| Failure { field: Some(field.to_owned()), ..failure };
    files.iter().map(|file| relative(file).map_err(blame)).collect()
}

fn beneath(top: &Place, file: &str) -> Result<Place, Failure> {
    if file.is_empty() {
        return Err(Failure::new(Code::InvalidInput, "the name of a file is empty"));
    }
    let named = match file.strip_prefix(&top.display()) {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => rest.trim_start_matches('/'),
        _ => file,
    };
    if named.is_empty() { Ok(top.clone()) } else { top.join(named) }
}

fn outside(file: &str, top: &Place) -> Failure {
    let text = format!("`{file}` is not in the repository `{}`", top.display());
    Failure::new(Code::PathDenied, text)
}

/// The changes that staging would take up, of these files or of all; none may be in conflict.
pub(super) async fn changes(repository: &Repository, files: &[String]) -> Result<Vec<Change>, Failure> {
    let status = Status::of(repository, Unknown::Each, files).await?;
    if let [first, rest @ ..] = &*status.paths(Change::is_conflict) {
        let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
        return Err(Failure::new(Code::GitError, format!("`{first}`{more} is in conflict"))
            .hint("see it with `git_conflicts` and settle it with `git_resolve_conflict`"));
    }
    for file in files {
        let is_touched = |change: &Change| change.path == *file || change.path.starts_with(&format!("{file}/"));
        if !file.is_empty() && !status.changes.iter().any(is_touched) && !repository.top().join(file)?.exists()? {
            let failure = Failure::new(Code::NotFound, format!("there is no file `{file}` in the repository"));
            let failure = failure.hint("`git_status` says what is changed");
            return Err(Failure { field: Some("files".to_owned()), ..failure });
        }
    }
    // a repository of its own is listed as a folder
    let is_wanted = |change: &Change| (change.is_modified() || change.is_unknown()) && !change.path.ends_with('/');
    Ok(status.changes.into_iter().filter(is_wanted).collect())
}

/// Puts these changes into the next commit.
pub(super) async fn stage(repository: &Repository, changes: &[Change]) -> Result<(), Failure> {
    if changes.is_empty() {
        return Ok(());
    }
    let list: String = changes.iter().flat_map(|change| [change.path.as_str(), "\0"]).collect();
    let command = repository.git(["update-index", "--add", "--remove", "-z", "--stdin"]).input(list);
    succeed(command.why("put the changes into the next commit"), "cannot stage the changes").await.map(drop)
}

/// What the next commit would hold.
pub(super) async fn staged(repository: &Repository) -> Result<Vec<Staged>, Failure> {
    let words =
        ["diff", "--cached", "--name-status", "-z", "-M", "--no-ext-diff", "--no-textconv", "--ignore-submodules=none"];
    let command = repository.git(words).stdout_bytes_max(LIST_BYTES_MAX);
    let outcome = succeed(command, "cannot see what is staged").await?;
    Ok(parse(&outcome.stdout))
}

/// Reads what `git diff --name-status -z` prints.
fn parse(text: &str) -> Vec<Staged> {
    let mut fields = text.split_terminator('\0');
    let mut staged = Vec::new();
    while let (Some(letters), Some(path)) = (fields.next(), fields.next()) {
        let letter = letters.chars().next().unwrap_or('M');
        let to = if matches!(letter, 'R' | 'C') { fields.next() } else { None };
        staged.push(match to {
            Some(to) => Staged { letter, path: to.to_owned(), from: Some(path.to_owned()) },
            None => Staged { letter, path: path.to_owned(), from: None },
        });
    }
    staged
}

/// Some paths as a message names them.
pub(super) fn named(paths: &[String]) -> String {
    let shown: Vec<String> = paths.iter().take(NAMED_MAX).map(|path| format!("`{path}`")).collect();
    match paths.len().saturating_sub(NAMED_MAX) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_staged_is_read_with_renames() {
        let check = |text: &str, expected: &[(char, &str, Option<&str>)]| {
            let staged = parse(text);
            let short: Vec<_> = staged.iter().map(|one| (one.letter, one.path.as_str(), one.from.as_deref())).collect();
            assert_eq!(short, expected, "{text:?}");
        };
        check("A\0a b\0M\0c\0", &[('A', "a b", None), ('M', "c", None)]);
        check("R087\0old\0new\0D\0x\0", &[('R', "new", Some("old")), ('D', "x", None)]);
        check("R100\0old\0", &[('R', "old", None)]);
        check("", &[]);
        check("A\0", &[]);
    }

    #[test]
    fn many_names_are_counted() {
        let paths: Vec<String> = (0..7).map(|number| number.to_string()).collect();
        assert_eq!(named(&paths[..2]), "`0`, `1`");
        assert_eq!(named(&paths), "`0`, `1`, `2`, `3`, `4` and 2 more");
    }
}
