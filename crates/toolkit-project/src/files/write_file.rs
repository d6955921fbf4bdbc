//! `write_file`: a file gets a new content, or more at its end, as a whole or not at all.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Code, Failure, Marks, Tool};
use workbench::{Bench, Place, Write, aside};

use super::{
    CHANGED_FILES,
    content::{Encoding, FILE_BYTES_MAX},
    rules, yes,
};

/// Writes a file.
pub(crate) struct WriteFile(pub(crate) Bench);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The file.
    path: String,
    /// What shall be in it.
    content: String,
    /// How the content is written here.
    #[serde(default)]
    encoding: Encoding,
    /// Whether what was there stays beside it as `NAME.backup.MILLISECONDS`.
    #[serde(default = "yes")]
    create_backup: bool,
    /// Whether folders that are missing on the way are made.
    #[serde(default = "yes")]
    create_dirs: bool,
    /// Whether the content comes behind what is there.
    #[serde(default)]
    append: bool,
    /// Only write if this is the `digest` of what is there: nobody has written since it was read.
    expect_digest: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The file.
    path: String,
    /// Its length in bytes.
    size: u64,
    /// Where the content from before is.
    backup_path: Option<String>,
    /// Name of what is in it now.
    digest: String,
    /// What was done.
    message: String,
}

impl Tool for WriteFile {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "write_file";
    const ABOUT: &'static str =
        "Writes a file, making it and its folders where they are missing; what was there stays as a backup.";
    const MARKS: Marks = Marks::destroys().idempotent();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_FILES);
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] =
        &[("createBackup", "create_backup"), ("backup", "create_backup"), ("createDirs", "create_dirs")];
    const EXAMPLES: &'static [&'static str] = &[r#"{"path": "notes/today.md", "content": "hello\n"}"#];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        let place = self.0.roots.place("path", &input.path)?;
        aside(move |_| {
            let (bytes, how) = prepare(&place, input)?;
            let is_new = !place.exists()?;
            let written = place.write(&bytes, &how)?;
            Ok(Output {
                path: place.display(),
                size: written.size,
                backup_path: written.backup_path.map(|path| path.display().to_string()),
                digest: written.digest,
                message: format!("{} `{}`", if is_new { "made" } else { "wrote" }, place.display()),
            })
        })
        .await
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        let place = self.0.roots.place("path", &input.path)?;
        aside(move |_| {
            let (bytes, how) = prepare(&place, input)?;
            let is_there = place.exists()?;
            let mut plan = Vec::new();
            if is_there && how.create_backup {
                plan.push(format!("keep the content of `{}` as a backup beside it", place.display()));
            }
            let act = if is_there { "replace" } else { "make" };
            plan.push(format!("{act} `{}` with {} bytes", place.display(), bytes.len()));
            Ok(plan)
        })
        .await
    }
}

/// The bytes that the file shall have, and how they are written.
fn prepare(place: &Place, input: Input) -> Result<(Vec<u8>, Write), Failure> {
    rules::writable(place)?;
    let bytes = input.encoding.decode(input.content)?;
    let how = Write {
        create_backup: input.create_backup,
        create_dirs: input.create_dirs,
        expect_digest: input.expect_digest,
        ..Write::default()
    };
    if !input.append || !place.exists()? {
        return Ok((bytes, how));
    }
    let before = place.read(FILE_BYTES_MAX)?;
    // what is appended to must not change between reading and writing
    let how = Write { expect_digest: how.expect_digest.or_else(|| Some(workbench::digest(&before))), ..how };
    let whole = [before, bytes].concat();
    if whole.len() as u64 > FILE_BYTES_MAX {
        let text =
            format!("`{}` would have {} bytes; at most {FILE_BYTES_MAX} are written", place.display(), whole.len());
        return Err(Failure::new(Code::TooLarge, text).hint("write to another file"));
    }
    Ok((whole, how))
}
