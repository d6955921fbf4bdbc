//! `create_directory`: a folder, and those on the way to it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};
use workbench::{Bench, Kind, Place, aside};

use super::CHANGED_FILES;

/// Makes folders.
pub(crate) struct CreateDirectory(pub(crate) Bench);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The folder.
    path: String,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The folder.
    path: String,
    /// The folders that were not there before.
    created: Vec<String>,
    /// What was done.
    message: String,
}

impl Tool for CreateDirectory {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "create_directory";
    const ABOUT: &'static str =
        "Makes a folder and those on the way to it; one that is there already is left as it is.";
    const MARKS: Marks = Marks::writes().idempotent();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_FILES);
    const EXAMPLES: &'static [&'static str] = &[r#"{"path": "app/tests"}"#];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        let place = self.0.roots.place("path", &input.path)?;
        aside(move |_| {
            check(&place)?;
            let created: Vec<String> = place.create_dirs()?.iter().map(|path| path.display().to_string()).collect();
            let message = match created.len() {
                0 => format!("`{}` was there already", place.display()),
                _ => format!("made `{}`", place.display()),
            };
            Ok(Output { path: place.display(), created, message })
        })
        .await
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        let place = self.0.roots.place("path", &input.path)?;
        aside(move |_| {
            check(&place)?;
            if place.exists()? { Ok(Vec::new()) } else { Ok(vec![format!("make the folder `{}`", place.display())]) }
        })
        .await
    }
}

/// Refuses a place where something else is.
fn check(place: &Place) -> Result<(), Failure> {
    if place.is_root() || place.look()?.is_none_or(|stat| stat.kind == Kind::Directory) {
        return Ok(());
    }
    // a link may lead to a folder
    if place.folder().is_ok() {
        return Ok(());
    }
    let text = format!("`{}` is there and is no folder", place.display());
    let failure = Failure::new(toolkit::Code::AlreadyExists, text).hint("choose another name");
    Err(Failure { field: Some("path".to_owned()), ..failure })
}
