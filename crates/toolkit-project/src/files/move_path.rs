//! `move_path`: a file or folder gets another name or place, where nothing may be.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Code, Failure, Marks, Tool};
use workbench::{Bench, Kind, Place, aside};

use super::{CHANGED_EVERYTHING, rules};

/// Moves and renames.
pub(crate) struct MovePath(pub(crate) Bench);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The file or folder.
    path: String,
    /// Its new place and name; the folders on the way are made.
    to: String,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// Where it is now.
    path: String,
    /// Where it was.
    from: String,
    /// What was done.
    message: String,
}

impl Tool for MovePath {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "move_path";
    const ABOUT: &'static str = "Moves or renames a file or folder; nothing is ever overwritten.";
    const MARKS: Marks = Marks::destroys();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_EVERYTHING);
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] =
        &[("from", "path"), ("source", "path"), ("destination", "to")];
    const EXAMPLES: &'static [&'static str] = &[r#"{"path": "draft.md", "to": "docs/guide.md"}"#];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        let (from, to) = (self.0.roots.place("path", &input.path)?, self.0.roots.place("to", &input.to)?);
        aside(move |_| {
            check(&from, &to)?;
            if let Some(parent) = to.parent() {
                parent.create_dirs()?;
            }
            from.move_to(&to)?;
            let message = format!("moved `{}` to `{}`", from.display(), to.display());
            Ok(Output { path: to.display(), from: from.display(), message })
        })
        .await
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        let (from, to) = (self.0.roots.place("path", &input.path)?, self.0.roots.place("to", &input.to)?);
        aside(move |_| {
            check(&from, &to)?;
            Ok(vec![format!("move `{}` to `{}`", from.display(), to.display())])
        })
        .await
    }
}

/// Refuses what is not there, a place that is taken, and a file that would become one that is not written here.
fn check(from: &Place, to: &Place) -> Result<(), Failure> {
    let Some(stat) = from.look()? else {
        return from.stat().map(drop);
    };
    if stat.kind == Kind::File {
        rules::writable(to)?;
    }
    if to.exists()? {
        let failure = Failure::new(Code::AlreadyExists, format!("`{}` is there already", to.display()));
        return Err(Failure {
            field: Some("to".to_owned()),
            ..failure.hint("choose another name, or delete it first")
        });
    }
    Ok(())
}
