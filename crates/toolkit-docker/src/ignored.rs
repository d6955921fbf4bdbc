//! What `.dockerignore` leaves out of a build, as Docker reads it: patterns from the root, `!` takes back, the last one wins.

use globset::{GlobBuilder, GlobMatcher};
use toolkit::Failure;

/// Patterns of one file.
const PATTERNS_MAX: usize = 1_000;

/// The rules of one file.
#[derive(Debug, Default)]
pub(crate) struct Ignored {
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    takes_back: bool,
    pattern: GlobMatcher,
}

impl Ignored {
    /// Reads the file.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let rules: Vec<Rule> = lines.take(PATTERNS_MAX).map(Rule::parse).collect::<Result<_, _>>()?;
        Ok(Self { rules })
    }

    /// Whether the path, from the root of the build, is left out.
    pub(crate) fn leaves_out(&self, path: &str) -> bool {
        let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
        let ways: Vec<&str> = ends.map(|end| &path[..end]).collect();
        let fits = |rule: &&Rule| ways.iter().any(|way| rule.pattern.is_match(way));
        self.rules.iter().rfind(fits).is_some_and(|rule| !rule.takes_back)
    }

    /// Whether something below a folder that is left out may be taken back.
    pub(crate) fn takes_back(&self) -> bool {
        self.rules.iter().any(|rule| rule.takes_back)
    }
}

impl Rule {
    fn parse(line: &str) -> Result<Self, Failure> {
        let (takes_back, text) = match line.strip_prefix('!') {
            Some(rest) => (true, rest.trim()),
            None => (false, line),
        };
        let text = text.trim_start_matches("./").trim_matches('/');
        let built = GlobBuilder::new(text).literal_separator(true).build();
        let pattern = built.map_err(|error| {
            Failure::invalid("path", format!("`.dockerignore` has a pattern that cannot be read: {}", error.kind()))
        })?;
        Ok(Self { takes_back, pattern: pattern.compile_matcher() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_read_as_docker_reads_them() {
        let check = |text: &str, path: &str, expected| {
            assert_eq!(Ignored::parse(text).unwrap().leaves_out(path), expected, "{text:?} {path}");
        };
        check("", "a", false);
        check("# a", "a", false);
        check("node_modules", "node_modules/x/y.js", true);
        // a pattern begins at the root
        check("node_modules", "deep/node_modules/x", false);
        check("**/node_modules", "deep/node_modules/x", true);
        check("**/node_modules", "node_modules", true);
        check("/target/", "target/debug", true);
        check("*.md", "README.md", true);
        check("*.md", "docs/README.md", false);
        check("*.md\n!README.md", "README.md", false);
        check("!README.md\n*.md", "README.md", true);
        check("docs\n!docs/keep", "docs/keep", false);
        check("docs\n!docs/keep", "docs/other", true);
        check("*\n!src", "src/main.rs", false);
        check("*\n!src", "secret.env", true);
    }

    #[test]
    fn a_pattern_that_is_none_is_told() {
        assert_eq!(Ignored::parse("a[").unwrap_err().field.as_deref(), Some("path"));
    }
}
