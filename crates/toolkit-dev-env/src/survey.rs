//! What lies in a project: the paths of its files, and the texts of those that say what it is made of. Conclusions are
//! drawn from it elsewhere, without another look at the disk.

use std::collections::BTreeMap;

use toolkit::Failure;
use workbench::{Folder, Kind, Place, Stop};

/// Levels of folders that are looked into: a program in Java lies seven deep.
const DEPTH_MAX: usize = 9;
/// Files that are noted: more do not change what a project is.
const FILES_MAX: usize = 10_000;
/// Entries of one folder that are looked at.
const ENTRIES_MAX: usize = 100_000;
/// Files whose text is read.
const TEXTS_MAX: usize = 200;
/// Bytes of a file whose text is read: a manifest of a large monorepo has 100 KiB.
const TEXT_BYTES_MAX: u64 = 1 << 20;
/// Folders that tools make and download, or keep for themselves.
const CLOSED: [&str; 19] = [
    ".git",
    ".hg",
    ".svn",
    ".tox",
    ".venv",
    ".switchboard",
    "node_modules",
    "target",
    "venv",
    "env",
    "__pycache__",
    "dist",
    "build",
    "vendor",
    "coverage",
    "htmlcov",
    "site-packages",
    ".gradle",
    ".next",
];
/// Files whose text says what a project is made of.
const TELLING: [&str; 34] = [
    "pyproject.toml",
    "requirements.txt",
    "environment.yml",
    "environment.yaml",
    "setup.cfg",
    ".python-version",
    "package.json",
    ".nvmrc",
    ".node-version",
    "Cargo.toml",
    "rust-toolchain.toml",
    "rust-toolchain",
    "go.mod",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "settings.gradle",
    "settings.gradle.kts",
    "Gemfile",
    ".ruby-version",
    "Dockerfile",
    "Containerfile",
    "compose.yaml",
    "compose.yml",
    "docker-compose.yaml",
    "docker-compose.yml",
    "Makefile",
    "GNUmakefile",
    "justfile",
    "Justfile",
    "Procfile",
    "Rakefile",
    ".env.example",
    "tox.ini",
];

/// What lies in a project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Survey {
    files: Vec<String>,
    texts: BTreeMap<String, String>,
}

impl Survey {
    /// Looks through the folder of a project.
    pub(crate) fn of(project: &Place, stop: &Stop) -> Result<Self, Failure> {
        let mut survey = Self::default();
        survey.walk(&project.folder()?, "", 1, stop)?;
        Ok(survey)
    }

    fn walk(&mut self, folder: &Folder, prefix: &str, depth: usize, stop: &Stop) -> Result<(), Failure> {
        let entries = folder.entries(ENTRIES_MAX)?;
        // files first: those near the top say most
        for entry in entries.iter().filter(|entry| entry.kind == Kind::File) {
            stop.check()?;
            if self.files.len() >= FILES_MAX {
                return Ok(());
            }
            let name = entry.name.to_string_lossy();
            let path = format!("{prefix}{name}");
            if TELLING.contains(&&*name) && self.texts.len() < TEXTS_MAX {
                // what cannot be read as text tells nothing
                let text =
                    folder.read(&entry.name, TEXT_BYTES_MAX).ok().and_then(|bytes| String::from_utf8(bytes).ok());
                self.texts.extend(text.map(|text| (path.clone(), text)));
            }
            self.files.push(path);
        }
        if depth >= DEPTH_MAX {
            return Ok(());
        }
        for entry in entries.iter().filter(|entry| entry.kind == Kind::Directory) {
            let name = entry.name.to_string_lossy();
            if CLOSED.contains(&&*name) {
                continue;
            }
            // a folder that cannot be opened is as if it were empty
            if let Ok(inner) = folder.enter(&entry.name) {
                self.walk(&inner, &format!("{prefix}{name}/"), depth + 1, stop)?;
            }
        }
        Ok(())
    }

    /// All files, by their path from the project's folder.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(String::as_str)
    }

    /// Whether there is a file of this path.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.files.iter().any(|file| file == path)
    }

    /// The text of the file of this path, if it was read.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    /// The files of this name in any folder with their texts, those at the top first.
    pub(crate) fn named(&self, name: &str) -> Vec<(&str, &str)> {
        let is_named = |path: &str| path == name || path.strip_suffix(name).is_some_and(|rest| rest.ends_with('/'));
        let texts = self.texts.iter().filter(|(path, _)| is_named(path));
        let mut found: Vec<(&str, &str)> = texts.map(|(path, text)| (path.as_str(), text.as_str())).collect();
        found.sort_by_key(|(path, _)| (path.matches('/').count(), *path));
        found
    }

    /// A survey of files as a test writes them.
    #[cfg(test)]
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        Self {
            files: files.iter().map(|(path, _)| (*path).to_owned()).collect(),
            texts: files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect(),
        }
    }
}

/// The folder of a path, with `/` at its end; nothing for a file at the top.
pub(crate) fn folder_of(path: &str) -> &str {
    path.rfind('/').map_or("", |end| &path[..=end])
}
