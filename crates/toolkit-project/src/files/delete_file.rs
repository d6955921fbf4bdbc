//! `delete_file`: a file, or a folder with all that is in it, goes to the trash; or for good if no backup is wanted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};
use workbench::{Bench, Kind, Place, aside};

use super::{CHANGED_EVERYTHING, yes};

/// Deletes files and folders.
pub(crate) struct DeleteFile(pub(crate) Bench);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The file or folder.
    path: String,
    /// Whether a folder goes with all that is in it.
    #[serde(default)]
    recursive: bool,
    /// Whether it stays in the trash for a week.
    #[serde(default = "yes")]
    create_backup: bool,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// What was deleted.
    path: String,
    /// Its name in the trash.
    trash_id: Option<String>,
    /// Where it is in the trash; `move_path` brings it back from there.
    trash_path: Option<String>,
    /// What was done.
    message: String,
}

impl Tool for DeleteFile {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "delete_file";
    const ABOUT: &'static str =
        "Deletes a file or a folder; it stays in the trash for a week unless `create_backup` is false.";
    const MARKS: Marks = Marks::destroys().confirmed();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_EVERYTHING);
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] =
        &[("createBackup", "create_backup"), ("backup", "create_backup")];
    const EXAMPLES: &'static [&'static str] = &[r#"{"path": "old.txt", "confirm": true}"#];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        let place = self.0.roots.place("path", &input.path)?;
        aside(move |_| {
            check(&place, input.recursive)?;
            let trashed = if input.create_backup { Some(place.trash()?) } else { None };
            let message = if let Some(trashed) = &trashed {
                format!("moved `{}` to the trash as {}", place.display(), trashed.id)
            } else {
                place.remove()?;
                format!("deleted `{}` for good", place.display())
            };
            Ok(Output {
                path: place.display(),
                trash_path: trashed.as_ref().map(|trashed| trashed.path.display().to_string()),
                trash_id: trashed.map(|trashed| trashed.id),
                message,
            })
        })
        .await
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        let place = self.0.roots.place("path", &input.path)?;
        aside(move |_| {
            check(&place, input.recursive)?;
            let how = if input.create_backup { "move to the trash" } else { "delete for good" };
            Ok(vec![format!("{how}: `{}`", place.display())])
        })
        .await
    }
}

/// Refuses what is not there, and a folder that is not empty without a word for it.
fn check(place: &Place, recursive: bool) -> Result<(), Failure> {
    let Some(stat) = place.look()? else {
        return place.stat().map(drop);
    };
    if stat.kind == Kind::Directory && !recursive && !place.folder()?.entries(usize::MAX)?.is_empty() {
        let failure = Failure::invalid("recursive", format!("`{}` is a folder that is not empty", place.display()));
        return Err(failure.hint("give `recursive: true` if all of it shall go"));
    }
    Ok(())
}
