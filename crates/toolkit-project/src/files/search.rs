//! What finding, replacing and analysing share: which files are looked through, and the expression that is looked for. It walks as
//! ripgrep does, with its libraries; each file is then opened beneath its root, whatever the walk has seen.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use globset::GlobSet;
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use ignore::{WalkBuilder, WalkState};
use toolkit::{Failure, Shared};
use workbench::{Kind, Place, Stop};

use super::globs;

/// Threads that look through files: more do not help on one disk.
const THREADS_MAX: usize = 8;
/// Levels of folders.
const DEPTH_MAX: usize = 64;
/// Bytes of an expression.
const QUERY_BYTES_MAX: usize = 4_096;
/// Bytes that a compiled expression may take; the engine then runs in linear time.
const EXPRESSION_BYTES_MAX: usize = 8 << 20;
/// Share of the time of a call after which a search gives what it has.
const TIME_SHARE: u32 = 90;

/// Which files of a place are looked through.
pub(crate) struct Scope {
    place: Place,
    include: Option<GlobSet>,
    exclude: GlobSet,
    until: Instant,
}

impl Scope {
    /// The files at a place whose names fit the patterns, as long as the call has time.
    pub(crate) fn new(place: Place, include: &[String], exclude: &[String], shared: &Shared) -> Result<Self, Failure> {
        Ok(Self {
            place,
            include: if include.is_empty() { None } else { Some(globs::set("include", include)?) },
            exclude: globs::set("exclude", exclude)?,
            until: Instant::now() + time_of(shared.timeout),
        })
    }

    /// Hands every file to one of the visitors, until one has had enough or the time is over. Says whether all were seen.
    pub(crate) fn visit<'s, V>(&'s self, stop: &'s Stop, visitor: impl Fn() -> V) -> Result<bool, Failure>
    where
        V: FnMut(&Place, &str) -> bool + Send + 's,
    {
        if self.place.stat()?.kind == Kind::File {
            let name = self.place.name().unwrap_or_default().to_string_lossy().into_owned();
            return Ok(visitor()(&self.place, &name));
        }
        // the folder is opened by the rules before anything walks it
        self.place.folder()?;
        let complete = std::sync::atomic::AtomicBool::new(true);
        let end = || {
            complete.store(false, std::sync::atomic::Ordering::Relaxed);
            WalkState::Quit
        };
        self.walk().run(|| {
            let mut visit = visitor();
            let end = &end;
            Box::new(move |entry| {
                if stop.is_set() || Instant::now() > self.until {
                    return end();
                }
                let Ok(entry) = entry else { return WalkState::Continue };
                if !entry.file_type().is_some_and(|kind| kind.is_file()) {
                    return WalkState::Continue;
                }
                let Some(below) = self.fitting(entry.path()) else { return WalkState::Continue };
                let Ok(place) = self.place.join(&below) else { return WalkState::Continue };
                if visit(&place, &below) { WalkState::Continue } else { end() }
            })
        });
        stop.check()?;
        Ok(complete.into_inner())
    }

    fn walk(&self) -> ignore::WalkParallel {
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
        let mut walk = WalkBuilder::new(self.place.path());
        walk.threads(threads)
            .max_depth(Some(DEPTH_MAX))
            .follow_links(false)
            .require_git(false)
            .parents(false)
            .git_global(false);
        walk.build_parallel()
    }

    /// The path of a file below the place, if its name fits.
    fn fitting(&self, path: &Path) -> Option<String> {
        let below = path.strip_prefix(self.place.path()).ok()?;
        let fits = self.include.as_ref().is_none_or(|include| include.is_match(below)) && !self.exclude.is_match(below);
        fits.then(|| PathBuf::from(".").join(below)).and_then(|below| below.to_str().map(|below| below[2..].to_owned()))
    }
}

/// The time that a search has of its call.
fn time_of(timeout: Duration) -> Duration {
    timeout * TIME_SHARE / 100
}

/// What is looked for.
pub(super) fn expression(query: &str, regex: bool, case_sensitive: bool) -> Result<RegexMatcher, Failure> {
    if query.is_empty() || query.len() > QUERY_BYTES_MAX {
        return Err(Failure::invalid("query", format!("`query` must have 1 to {QUERY_BYTES_MAX} bytes")));
    }
    let mut builder = RegexMatcherBuilder::new();
    builder.fixed_strings(!regex).case_insensitive(!case_sensitive).line_terminator(Some(b'\n'));
    builder.size_limit(EXPRESSION_BYTES_MAX).dfa_size_limit(EXPRESSION_BYTES_MAX);
    builder.build(query).map_err(|error| {
        let failure = Failure::invalid("query", format!("`query` cannot be searched for: {error}"));
        failure.hint("a match lies within one line; look-around and back references do not exist here")
    })
}

#[cfg(test)]
mod tests {
    use grep_matcher::Matcher as _;

    use super::*;

    #[test]
    fn an_expression_is_literal_unless_asked_otherwise() {
        let check = |query: &str, regex, case_sensitive, text: &str, expected| {
            let matcher = expression(query, regex, case_sensitive).unwrap();
            assert_eq!(matcher.is_match(text.as_bytes()).unwrap(), expected, "{query} in {text}");
        };
        check("a.c", false, false, "abc", false);
        check("a.c", false, false, "A.C", true);
        check("a.c", false, true, "A.C", false);
        check("a.c", true, true, "abc", true);
        check("(", false, true, "f(x)", true);
    }

    #[test]
    fn what_cannot_be_searched_for_says_so() {
        for query in ["", "(", "a\nb", "(?=x)", &"x".repeat(5_000), "(((((a{100}){100}){100}){100}){100})"] {
            let failure = expression(query, true, false).unwrap_err();
            assert_eq!(failure.field.as_deref(), Some("query"), "{query}: {failure}");
        }
    }
}
