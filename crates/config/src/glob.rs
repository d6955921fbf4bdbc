//! A glob over tool names, compiled once: `*`, `?`, `[abc]` and `{one,two}`.
//! It owns the matching; which names it is asked about is the catalogue's affair.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use globset::GlobMatcher;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// A glob over tool names.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Glob(GlobMatcher);

/// A text that is no glob.
#[derive(Clone, Debug, thiserror::Error)]
#[error("`{glob}` is no glob")]
pub struct GlobError {
    glob: String,
    source: globset::Error,
}

impl Glob {
    /// What a glob looks like, for hints.
    pub const HINT: &str =
        "write `*` for any text, `?` for one character, `[ab]` or `{one,two}` for a choice";

    /// Whether `name` as a whole matches.
    pub fn matches(&self, name: &str) -> bool {
        self.0.is_match(name)
    }

    /// The glob as it was written.
    pub fn as_str(&self) -> &str {
        self.0.glob().glob()
    }
}

impl FromStr for Glob {
    type Err = GlobError;

    fn from_str(text: &str) -> Result<Self, GlobError> {
        globset::Glob::new(text)
            .map(|glob| Self(glob.compile_matcher()))
            .map_err(|source| GlobError {
                glob: text.to_owned(),
                source,
            })
    }
}

impl TryFrom<String> for Glob {
    type Error = GlobError;

    fn try_from(text: String) -> Result<Self, GlobError> {
        text.parse()
    }
}

impl From<Glob> for String {
    fn from(glob: Glob) -> Self {
        glob.as_str().to_owned()
    }
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Glob {}

impl fmt::Debug for Glob {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(out)
    }
}

impl JsonSchema for Glob {
    fn schema_name() -> Cow<'static, str> {
        "Glob".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "glob",
            "description": "A glob over tool names: `*`, `?`, `[ab]`, `{one,two}`.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Glob;

    #[test]
    fn glob_matches_the_whole_name() {
        let glob: Glob = "git_{log,show*}".parse().unwrap();
        assert!(glob.matches("git_log"));
        assert!(glob.matches("git_show_branch"));
        assert!(!glob.matches("git_logs"));
        assert!(!glob.matches("my_git_log"));
    }

    #[test]
    fn open_bracket_is_no_glob() {
        assert!("git_[".parse::<Glob>().is_err());
    }
}
