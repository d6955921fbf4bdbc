//! `replace_in_files`: a text or an expression is replaced wherever it stands, each file as a whole with its backup.

use std::sync::{Mutex, PoisonError};

use regex::{NoExpand, Regex, RegexBuilder};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Code, Failure, Marks, Tool};
use workbench::{Bench, Place, Stop, Write, aside};

use super::{
    CHANGED_FILES,
    content::FILE_BYTES_MAX,
    difference, rules,
    search::{Scope, expression},
    yes,
};

/// Files that one call changes.
const FILES_MAX: usize = 1_000;
/// Bytes of all diffs together in one result.
const DIFF_BYTES_MAX: usize = 256 << 10;
/// Bytes that one file may have afterwards.
const NEW_BYTES_MAX: usize = FILE_BYTES_MAX as usize;

/// Replaces in files.
pub(crate) struct ReplaceInFiles(pub(crate) Bench);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The folder to look through, or one file.
    path: String,
    /// What to look for.
    query: String,
    /// What to put in its place; with `regex`, `$1` is the first group and `$$` a dollar.
    replacement: String,
    /// Whether `query` is a regular expression.
    #[serde(default)]
    regex: bool,
    /// Whether capitals count.
    #[serde(default)]
    case_sensitive: bool,
    /// Only files that match one of these, such as `*.rs`.
    #[serde(default)]
    include: Vec<String>,
    /// No files that match one of these.
    #[serde(default)]
    exclude: Vec<String>,
    /// Whether each changed file keeps what was there beside it.
    #[serde(default = "yes")]
    create_backup: bool,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The files that were changed, in the order of names.
    files: Vec<Changed>,
    /// Replacements in all of them.
    total: usize,
    /// What was done.
    message: String,
}

/// A file that was changed.
#[derive(Serialize, JsonSchema)]
struct Changed {
    /// The file.
    file: String,
    /// Replacements in it.
    count: usize,
    /// What changed, as a unified diff.
    diff: String,
    /// Where the content from before is.
    backup_path: Option<String>,
}

impl Tool for ReplaceInFiles {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "replace_in_files";
    const ABOUT: &'static str =
        "Replaces a text or a regular expression in the files of a folder; each keeps a backup.";
    const MARKS: Marks = Marks::destroys().confirmed();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_FILES);
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] =
        &[("caseSensitive", "case_sensitive"), ("createBackup", "create_backup"), ("backup", "create_backup")];
    const EXAMPLES: &'static [&'static str] =
        &[r#"{"path": "src", "query": "old_name", "replacement": "new_name", "confirm": true}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let search = Search::new(&self.0, &input, call)?;
        aside(move |stop| {
            let mut files = Vec::new();
            let mut room = DIFF_BYTES_MAX;
            for change in search.changes(stop)? {
                stop.check()?;
                files.push(change.make(input.create_backup, &mut room)?);
            }
            let total = files.iter().map(|file| file.count).sum();
            let message = format!("replaced {total} in {} files", files.len());
            Ok(Output { files, total, message })
        })
        .await
    }

    async fn plan(&self, input: Input, call: &Call) -> Result<Vec<String>, Failure> {
        let search = Search::new(&self.0, &input, call)?;
        aside(move |stop| {
            let mut room = DIFF_BYTES_MAX;
            let changes = search.changes(stop)?;
            Ok(changes
                .iter()
                .map(|change| format!("change `{}`:\n{}", change.place.display(), change.diff(&mut room)))
                .collect())
        })
        .await
    }
}

/// What is replaced by what, and where.
struct Search {
    scope: Scope,
    matcher: Regex,
    replacement: String,
    is_regex: bool,
}

/// A file that is to be changed.
struct Change {
    place: Place,
    old: String,
    new: String,
    count: usize,
}

impl Search {
    fn new(bench: &Bench, input: &Input, call: &Call) -> Result<Self, Failure> {
        let place = bench.roots.place("path", &input.path)?;
        // the same rules for the expression as when it is only looked for
        expression(&input.query, input.regex, input.case_sensitive)?;
        let pattern = if input.regex { input.query.clone() } else { regex::escape(&input.query) };
        let matcher = RegexBuilder::new(&pattern).case_insensitive(!input.case_sensitive).multi_line(true).build();
        let matcher =
            matcher.map_err(|error| Failure::invalid("query", format!("`query` cannot be searched for: {error}")))?;
        if matcher.is_match("") {
            let failure = Failure::invalid("query", "`query` matches nothing at all, everywhere");
            return Err(failure.hint("look for at least one character"));
        }
        Ok(Self {
            scope: Scope::new(place, &input.include, &input.exclude, &call.shared)?,
            matcher,
            replacement: input.replacement.clone(),
            is_regex: input.regex,
        })
    }

    /// The files that would change, in the order of names. Nothing is written until all are known.
    fn changes(&self, stop: &Stop) -> Result<Vec<Change>, Failure> {
        let found = Mutex::new((Vec::new(), None));
        let complete = self.scope.visit(stop, || {
            let found = &found;
            move |place, _| {
                let change = self.change(place);
                let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                match change {
                    Ok(change) => found.0.extend(change),
                    Err(failure) => found.1 = Some(failure),
                }
                found.1.is_none() && found.0.len() <= FILES_MAX
            }
        })?;
        let (mut changes, failure) = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(failure) = failure {
            return Err(failure);
        }
        if changes.len() > FILES_MAX {
            let text = format!("more than {FILES_MAX} files would change");
            return Err(Failure::new(Code::TooLarge, text).hint("narrow it down with `path` or `include`"));
        }
        if !complete {
            let text = "not all files could be looked through in time, so nothing was changed";
            return Err(
                Failure::new(Code::Timeout, text).hint("narrow it down with `include`, or give more `timeout_s`")
            );
        }
        changes.sort_by(|one: &Change, other| one.place.path().cmp(other.place.path()));
        Ok(changes)
    }

    /// What would change in a file. A file that is long, no text, or not written by this toolkit is left alone.
    fn change(&self, place: &Place) -> Result<Option<Change>, Failure> {
        if rules::writable(place).is_err() {
            return Ok(None);
        }
        let Some(old) = place.read(FILE_BYTES_MAX).ok().and_then(|bytes| String::from_utf8(bytes).ok()) else {
            return Ok(None);
        };
        let count = if old.contains('\0') { 0 } else { self.matcher.find_iter(&old).count() };
        if count == 0 {
            return Ok(None);
        }
        if old.len().saturating_add(count.saturating_mul(self.replacement.len())) > NEW_BYTES_MAX {
            let text = format!("`{}` would have more than {NEW_BYTES_MAX} bytes", place.display());
            return Err(Failure::new(Code::TooLarge, text).hint("leave it out with `exclude`"));
        }
        let new = if self.is_regex {
            self.matcher.replace_all(&old, self.replacement.as_str())
        } else {
            self.matcher.replace_all(&old, NoExpand(&self.replacement))
        };
        let new = new.into_owned();
        Ok((new != old).then(|| Change { place: place.clone(), old, new, count }))
    }
}

impl Change {
    fn make(&self, create_backup: bool, room: &mut usize) -> Result<Changed, Failure> {
        let how =
            Write { create_backup, expect_digest: Some(workbench::digest(self.old.as_bytes())), ..Write::default() };
        let written = self.place.write(self.new.as_bytes(), &how)?;
        Ok(Changed {
            file: self.place.display(),
            count: self.count,
            diff: self.diff(room),
            backup_path: written.backup_path.map(|path| path.display().to_string()),
        })
    }

    /// What changes, as long as there is room for it in the result.
    fn diff(&self, room: &mut usize) -> String {
        if *room == 0 {
            return "[cut: the other diffs fill the result]\n".to_owned();
        }
        let diff = difference::unified(&self.old, &self.new, &self.place.display());
        *room = room.saturating_sub(diff.len());
        diff
    }
}
