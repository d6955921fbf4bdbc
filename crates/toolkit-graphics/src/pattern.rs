//! Files by pattern: `photos/*.jpg`, `**/*.png`. The part before the first pattern letter is a place like any other; below
//! it folders are walked by descriptor, and no link is followed.

use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use toolkit::{Code, Failure};
use workbench::{Folder, Kind, Place, Roots, Stop};

use crate::limits::{BATCH_MAX, ENTRIES_MAX, FOLDER_DEPTH_MAX};

/// The argument that holds patterns.
const FIELD: &str = "inputs";

/// Whether a text is a pattern and not a path.
pub(crate) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '[', '{'])
}

/// The files that a pattern names, in the order of their names.
pub(crate) fn files(roots: &Roots, pattern: &str, stop: &Stop) -> Result<Vec<Place>, Failure> {
    let (base, rest) = split(pattern);
    let base = if base.is_empty() { roots.home(FIELD) } else { roots.place(FIELD, &base)? };
    let matcher = GlobBuilder::new(&rest).literal_separator(true).build().map_err(|error| {
        Failure::invalid(FIELD, format!("`{pattern}` is no pattern: {error}")).hint("write `folder/*.jpg`")
    })?;
    let deepest = if rest.contains("**") { FOLDER_DEPTH_MAX } else { rest.matches('/').count() };
    let mut walk = Walk { matcher: matcher.compile_matcher(), deepest, looked_at: 0, found: Vec::new(), stop };
    walk.folder(&base.folder()?, Path::new(""))?;
    walk.found.iter().map(|relative| base.join(&relative.to_string_lossy())).collect()
}

/// The folder before the first pattern letter, and the rest.
fn split(pattern: &str) -> (String, String) {
    let first = pattern.find(['*', '?', '[', '{']).unwrap_or(pattern.len());
    match pattern[..first].rfind('/') {
        Some(0) => ("/".to_owned(), pattern[1..].to_owned()),
        Some(slash) => (pattern[..slash].to_owned(), pattern[slash + 1..].to_owned()),
        None => (String::new(), pattern.to_owned()),
    }
}

/// A walk through folders.
struct Walk<'a> {
    matcher: GlobMatcher,
    deepest: usize,
    looked_at: usize,
    found: Vec<PathBuf>,
    stop: &'a Stop,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Folder, relative: &Path) -> Result<(), Failure> {
        self.stop.check()?;
        let entries = folder.entries(ENTRIES_MAX)?;
        self.looked_at += entries.len();
        if self.looked_at > ENTRIES_MAX {
            return Err(too_many(format!("there are more than {ENTRIES_MAX} files to look at")));
        }
        for entry in entries {
            let path = relative.join(&entry.name);
            match entry.kind {
                Kind::File if self.matcher.is_match(&path) => self.found.push(path),
                Kind::Directory if path.components().count() <= self.deepest => {
                    self.folder(&folder.enter(&entry.name)?, &path)?;
                }
                _ => {}
            }
            if self.found.len() > BATCH_MAX {
                return Err(too_many(format!("more than {BATCH_MAX} files fit")));
            }
        }
        Ok(())
    }
}

fn too_many(text: String) -> Failure {
    let failure = Failure::new(Code::TooLarge, text).hint("name a folder further down, or fewer files at a time");
    Failure { field: Some(FIELD.to_owned()), ..failure }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_begins_at_its_first_pattern_letter() {
        let check = |pattern, base: &str, rest: &str| {
            assert_eq!(split(pattern), (base.to_owned(), rest.to_owned()), "{pattern}");
        };
        check("a/b/*.jpg", "a/b", "*.jpg");
        check("*.jpg", "", "*.jpg");
        check("/a/**/b?.png", "/a", "**/b?.png");
        check("a/{b,c}/d.png", "a", "{b,c}/d.png");
        check("/*.png", "/", "*.png");
    }
}
