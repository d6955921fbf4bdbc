//! What the tools and the native commands work on: a folder of many entries, a folder of much text, a repository of many
//! files. All of it is the same in every run.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::{Error, beside::output};
use crate::program::command;

/// Entries of the folder that is listed, and files of the repository.
pub(super) const ENTRIES: usize = 10_000;
/// Files of the text that is searched.
const TEXT_FILES: usize = 1_000;
/// Bytes of each of them: 100 MB together.
const TEXT_FILE_BYTES: usize = 100_000;
/// Files of the text of which one has what is looked for.
const FILES_PER_MATCH: usize = 20;
/// What is looked for.
pub(super) const NEEDLE: &str = "needle_of_the_haystack";

/// The folders; they are removed when dropped.
pub(super) struct Data {
    folder: TempDir,
}

impl Data {
    /// Makes them.
    pub(super) fn make() -> Result<Self, Error> {
        let failed = |source| Error::System { doing: "make the folders to work on".to_owned(), source };
        let data = Self { folder: tempfile::tempdir().map_err(failed)? };
        entries(&data.entries())
            .and_then(|()| text(&data.text()))
            .and_then(|()| tree(&data.repository()))
            .map_err(failed)?;
        for words in [&["init", "--quiet"][..], &["add", "--all"], COMMIT] {
            let mut git = command("git");
            git.arg("-C").arg(data.repository()).args(words);
            output(&mut git)?;
        }
        Ok(data)
    }

    /// The folder that has the others.
    pub(super) fn root(&self) -> &Path {
        self.folder.path()
    }

    /// A folder with many entries.
    pub(super) fn entries(&self) -> PathBuf {
        self.root().join("entries")
    }

    /// A folder with much text.
    pub(super) fn text(&self) -> PathBuf {
        self.root().join("text")
    }

    /// A repository with many files, all of them committed.
    pub(super) fn repository(&self) -> PathBuf {
        self.root().join("repository")
    }
}

const COMMIT: &[&str] =
    &["-c", "user.name=bench", "-c", "user.email=bench@example.org", "commit", "--quiet", "--message", "all of it"];

fn entries(folder: &Path) -> std::io::Result<()> {
    fs::create_dir(folder)?;
    (0..ENTRIES).try_for_each(|number| fs::write(folder.join(format!("entry-{number:05}.txt")), "x"))
}

/// Lines as source code has them, each a little different.
fn text(folder: &Path) -> std::io::Result<()> {
    fs::create_dir(folder)?;
    for file in 0..TEXT_FILES {
        let mut text = String::with_capacity(TEXT_FILE_BYTES + 128);
        while text.len() < TEXT_FILE_BYTES {
            let line = text.len();
            let _ = writeln!(text, "    let value_{line} = compute(input_{file}, {line}); // a line like many others");
        }
        if file % FILES_PER_MATCH == 0 {
            let _ = writeln!(text, "    {NEEDLE}();");
        }
        fs::write(folder.join(format!("file-{file:04}.rs")), text)?;
    }
    Ok(())
}

fn tree(folder: &Path) -> std::io::Result<()> {
    for number in 0..ENTRIES {
        let inner = folder.join(format!("folder-{:03}", number / 100));
        fs::create_dir_all(&inner)?;
        fs::write(inner.join(format!("file-{number:05}.txt")), format!("{number}\n"))?;
    }
    Ok(())
}
