//! `edit_file`: pieces of a text are replaced, each of which must stand there exactly once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};
use workbench::{Bench, Place, Write, aside};

use super::{
    CHANGED_FILES,
    content::{FILE_BYTES_MAX, text},
    difference, rules, yes,
};

/// Edits of one call.
const EDITS_MAX: usize = 1_000;

/// Edits a file.
pub(crate) struct EditFile(pub(crate) Bench);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The file.
    path: String,
    /// What to replace, in this order.
    #[schemars(length(min = 1, max = 1_000))]
    edits: Vec<Edit>,
    /// Whether what was there stays beside it as `NAME.backup.MILLISECONDS`.
    #[serde(default = "yes")]
    create_backup: bool,
}

/// One replacement.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Edit {
    /// What stands there, exactly once; with enough around it to be found.
    old: String,
    /// What shall stand there.
    new: String,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The file.
    path: String,
    /// What changed, as a unified diff.
    diff: String,
    /// Name of what is in it now.
    digest: String,
    /// Where the content from before is.
    backup_path: Option<String>,
    /// What was done.
    message: String,
}

impl Tool for EditFile {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "edit_file";
    const ABOUT: &'static str = "Replaces pieces of a text file, each of which must stand there exactly once.";
    const MARKS: Marks = Marks::destroys();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_FILES);
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] =
        &[("createBackup", "create_backup"), ("backup", "create_backup")];
    const EXAMPLES: &'static [&'static str] =
        &[r#"{"path": "app.py", "edits": [{"old": "debug=True", "new": "debug=False"}]}"#];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        let place = self.0.roots.place("path", &input.path)?;
        aside(move |_| {
            let edited = Edited::new(&place, &input.edits)?;
            let how = Write {
                create_backup: input.create_backup,
                expect_digest: Some(workbench::digest(edited.old.as_bytes())),
                ..Write::default()
            };
            let written = place.write(edited.new.as_bytes(), &how)?;
            Ok(Output {
                diff: edited.diff(&place),
                digest: written.digest,
                backup_path: written.backup_path.map(|path| path.display().to_string()),
                message: format!("replaced {} in `{}`", pieces(input.edits.len()), place.display()),
                path: place.display(),
            })
        })
        .await
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        let place = self.0.roots.place("path", &input.path)?;
        aside(move |_| {
            let edited = Edited::new(&place, &input.edits)?;
            Ok(vec![format!("change `{}`:\n{}", place.display(), edited.diff(&place))])
        })
        .await
    }
}

fn pieces(count: usize) -> String {
    if count == 1 { "1 piece".to_owned() } else { format!("{count} pieces") }
}

/// A text before and after its edits.
struct Edited {
    old: String,
    new: String,
}

impl Edited {
    fn new(place: &Place, edits: &[Edit]) -> Result<Self, Failure> {
        if edits.is_empty() || edits.len() > EDITS_MAX {
            return Err(Failure::invalid("edits", format!("`edits` must hold 1 to {EDITS_MAX} edits")));
        }
        rules::writable(place)?;
        let old = text(place.read(FILE_BYTES_MAX)?, &place.display())?;
        let apply = |text: String, (number, edit): (usize, &Edit)| edit.apply(&text, number);
        let new = edits.iter().enumerate().try_fold(old.clone(), apply)?;
        Ok(Self { old, new })
    }

    fn diff(&self, place: &Place) -> String {
        difference::unified(&self.old, &self.new, &place.display())
    }
}

impl Edit {
    fn apply(&self, text: &str, number: usize) -> Result<String, Failure> {
        let field = format!("edits[{number}].old");
        let refuse = |reason: &str, hint: &str| Err(Failure::invalid(&field, format!("`{field}` {reason}")).hint(hint));
        if self.old.is_empty() {
            return refuse("is empty", "say what stands there now");
        }
        match text.matches(&self.old).take(2).count() {
            1 => Ok(text.replacen(&self.old, &self.new, 1)),
            0 => refuse("does not stand in the file", "read the file again; spaces and line ends count"),
            _ => refuse("stands in the file more than once", "take more of what is around it"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_needs_its_one_place() {
        let check = |old: &str, expected: Option<&str>| {
            let edit = Edit { old: old.to_owned(), new: "X".to_owned() };
            assert_eq!(edit.apply("one two one", 0).ok().as_deref(), expected, "{old}");
        };
        check("two", Some("one X one"));
        check("one two", Some("X one"));
        check("one", None);
        check("three", None);
        check("", None);
    }
}
