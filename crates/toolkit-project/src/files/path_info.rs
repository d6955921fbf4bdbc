//! `path_info`: whether something is there, and what.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool, moment};
use workbench::{Bench, aside};

/// Looks at one path.
pub(crate) struct PathInfo(pub(crate) Bench);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The file or folder.
    path: String,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The path, absolute.
    path: String,
    /// Whether something is there.
    exists: bool,
    /// What it is: file, directory, symlink or other.
    #[serde(rename = "type")]
    kind: Option<&'static str>,
    /// Its length in bytes.
    size: Option<u64>,
    /// When its content changed last, as RFC 3339 in UTC.
    modified: Option<String>,
    /// Who may do what, as `rwxr-xr-x`.
    permissions: Option<String>,
}

impl Tool for PathInfo {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "path_info";
    const ABOUT: &'static str = "Says whether a file or folder is there, what it is, its size and age.";
    const MARKS: Marks = Marks::reads().idempotent();
    const EXAMPLES: &'static [&'static str] = &[r#"{"path": "Cargo.toml"}"#];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        let place = self.0.roots.place("path", &input.path)?;
        aside(move |_| {
            let stat = if place.is_root() { Some(place.stat()?) } else { place.look()? };
            Ok(Output {
                path: place.display(),
                exists: stat.is_some(),
                kind: stat.map(|stat| stat.kind.as_str()),
                size: stat.map(|stat| stat.size),
                modified: stat.map(|stat| moment::rfc3339(stat.modified)),
                permissions: stat.map(|stat| stat.permission_letters()),
            })
        })
        .await
    }
}
