//! Looks through the source of a project for what is slow, without running anything.

use std::sync::{Mutex, PoisonError};

use toolkit::Failure;
use workbench::{Place, Stop};

use super::{
    finding::Finding,
    indexes::{Declared, Indexes},
    language::Language,
    rules::{Rules, unusable},
    source::Source,
};
use crate::files::search::Scope;

/// Bytes of a file of source; longer ones are written by programs.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// Bytes of a line; files with longer ones are written by programs.
const LINE_BYTES_MAX: usize = 2_000;
/// Findings that are gathered before some are chosen.
const FINDINGS_MAX: usize = 10_000;
/// What is left out beside what ignore files name: what tools make and download, and tests, which nobody waits for.
pub(super) const LEFT_OUT: [&str; 18] = [
    "**/node_modules/**",
    "**/target/**",
    "**/vendor/**",
    "**/venv/**",
    "**/site-packages/**",
    "**/dist/**",
    "**/build/**",
    "**/__pycache__/**",
    "**/third_party/**",
    "**/test/**",
    "**/tests/**",
    "**/__tests__/**",
    "test_*.py",
    "*_test.py",
    "*_test.go",
    "*.test.*",
    "*.spec.*",
    "*Test.java",
];

/// What was found in the source of a project.
pub(super) struct Found {
    pub(super) findings: Vec<Finding>,
    /// Files that were read.
    pub(super) files: usize,
    /// Whether all were read.
    pub(super) is_whole: bool,
}

/// Looks through the files of a scope.
pub(super) fn of(scope: &Scope, stop: &Stop) -> Result<Found, Failure> {
    let indexes = Indexes::new().map_err(|error| unusable(&error))?;
    let reader = Reader { rules: Rules::ready()?, indexes, so_far: Mutex::default() };
    let is_whole = scope.visit(stop, || |place, file| reader.visit(place, file))?;
    let SoFar { mut findings, files, declared } = reader.so_far.into_inner().unwrap_or_else(PoisonError::into_inner);
    findings.extend(declared.findings());
    Ok(Found { is_whole: is_whole && findings.len() < FINDINGS_MAX, findings, files })
}

struct Reader {
    rules: Rules,
    indexes: Indexes,
    so_far: Mutex<SoFar>,
}

#[derive(Default)]
struct SoFar {
    findings: Vec<Finding>,
    files: usize,
    declared: Declared,
}

impl Reader {
    /// Looks at one file; says whether there is room for more.
    fn visit(&self, place: &Place, file: &str) -> bool {
        let Some(language) = Language::of(file) else { return true };
        // what cannot be read, and what is no text, has no findings
        let Some(text) = place.read(FILE_BYTES_MAX).ok().and_then(|bytes| String::from_utf8(bytes).ok()) else {
            return true;
        };
        if text.lines().any(|line| line.len() > LINE_BYTES_MAX) {
            return true;
        }
        let Ok(source) = Source::read(&text, language) else { return true };
        let mut findings = self.rules.findings(&source, file);
        if language == Language::Sql {
            findings.extend(self.indexes.searches(&source, file));
        }
        let mut so_far = self.so_far.lock().unwrap_or_else(PoisonError::into_inner);
        so_far.files += 1;
        so_far.findings.append(&mut findings);
        if language == Language::Sql {
            self.indexes.note(&source, file, &mut so_far.declared);
        }
        so_far.findings.len() < FINDINGS_MAX
    }
}
