//! Generated parts of Markdown pages: the text between `<!-- part:begin … -->` and `<!-- part:end -->`.
//! It reads, compares and writes pages; what stands in a part is the business of the task that asks.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What to do with a generated part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Write it into its page.
    Write,
    /// Only say whether the page already holds it.
    Check,
}

impl Wish {
    /// Reads the options of a task that generates: nothing, or `--check`.
    pub(crate) fn from_options(options: &[String]) -> Result<Self, Error> {
        match options {
            [] => Ok(Self::Write),
            [option] if option == "--check" => Ok(Self::Check),
            _ => Err(Error::Options { given: options.join(" ") }),
        }
    }
}

/// The folder that holds the root manifest.
pub(crate) fn root() -> PathBuf {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_folder.ancestors().nth(2).expect("xtask lives in crates/xtask").to_path_buf()
}

/// Writes `text` as the part of this name into the page, or checks that it stands there.
pub(crate) fn generate(page: &'static str, part: &'static str, text: &str, wish: Wish) -> Result<(), Error> {
    let path = root().join(page);
    let before = fs::read_to_string(&path).map_err(|source| Error::Read { page, source })?;
    let after = replace(&before, part, text).ok_or(Error::NoMarkers { page, part })?;
    match wish {
        _ if before == after => Ok(()),
        Wish::Check => Err(Error::Stale { page, part }),
        Wish::Write => fs::write(&path, after).map_err(|source| Error::Write { page, source }),
    }
}

/// The page with everything between the markers of the part replaced, or nothing if it has none.
fn replace(page: &str, part: &str, text: &str) -> Option<String> {
    let begin = page.find(&format!("<!-- {part}:begin"))?;
    let start = begin + page[begin..].find("-->\n")? + "-->\n".len();
    let end = start + page[start..].find(&format!("<!-- {part}:end -->"))?;
    Some(format!("{}{text}{}", &page[..start], &page[end..]))
}

/// What can go wrong with a generated part.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the task takes nothing or --check, not `{given}`")]
    Options { given: String },
    #[error("cannot read {page}")]
    Read { page: &'static str, source: io::Error },
    #[error("cannot write {page}")]
    Write { page: &'static str, source: io::Error },
    #[error("{page} has no markers `{part}:begin` and `{part}:end`")]
    NoMarkers { page: &'static str, part: &'static str },
    #[error("the part `{part}` of {page} is not current\nhint: run the task without --check")]
    Stale { page: &'static str, part: &'static str },
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "before\n<!-- drawing:begin (a task) -->\nold\n<!-- drawing:end -->\nafter\n";

    #[test]
    fn only_the_text_between_the_markers_changes() {
        let expected = PAGE.replace("old", "new");
        assert_eq!(replace(PAGE, "drawing", "new\n").unwrap(), expected);
    }

    #[test]
    fn a_page_without_both_markers_is_not_guessed_at() {
        assert_eq!(replace("no markers", "drawing", "new\n"), None);
        assert_eq!(replace(PAGE, "table", "new\n"), None);
        let half = PAGE.replace("<!-- drawing:end -->", "");
        assert_eq!(replace(&half, "drawing", "new\n"), None);
    }

    #[test]
    fn an_unknown_option_is_refused_by_name() {
        let error = Wish::from_options(&["--draw".to_owned()]).unwrap_err();
        assert_eq!(error.to_string(), "the task takes nothing or --check, not `--draw`");
    }
}
