//! The names that callers write: of containers, volumes and networks. It is a type that exists only for what can be
//! such a name, since names become parts of paths of the API and arguments of programs.

use toolkit::Failure;

use crate::shown;

/// Characters of a name; engines take fewer for most.
const CHARS_MAX: usize = 255;

/// The name of a container, a volume or a network, or the id of one or its beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name(String);

impl Name {
    /// Reads one; engines write a `/` before names of containers.
    pub(crate) fn parse(field: &str, text: &str) -> Result<Self, Failure> {
        let name = text.strip_prefix('/').unwrap_or(text);
        let mut letters = name.chars();
        let begins = letters.next().is_some_and(|first| first.is_ascii_alphanumeric() || first == '_');
        if begins && letters.all(|one| one.is_ascii_alphanumeric() || "_.-".contains(one)) && name.len() <= CHARS_MAX {
            return Ok(Self(name.to_owned()));
        }
        let failure = Failure::invalid(field, format!("`{}` is no name and no id", shown::short(text)));
        Err(failure.hint("names have letters, digits, `_`, `.` and `-`, and begin with a letter or a digit"))
    }

    /// As it is written.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_engines_take_for_names() {
        for good in ["web", "/web", "a1b2c3", "my_app-web.1", "_x"] {
            assert_eq!(Name::parse("container", good).unwrap().as_str(), good.trim_start_matches('/'));
        }
        let long = "x".repeat(256);
        for hostile in
            ["", "/", "../x", "a/../../info", "a?force=1", "a b", "-f", "a\n", "a%2f", "a;id", "é", "//x", &long]
        {
            assert!(Name::parse("container", hostile).is_err(), "{hostile}");
        }
    }
}
