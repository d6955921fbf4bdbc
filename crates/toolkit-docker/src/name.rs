//! The names that callers write: of containers, images, volumes and networks. Each is a type that exists only for what can be
//! such a name, since names become parts of paths of the API and arguments of programs.

use toolkit::Failure;

use crate::shown;

/// Characters of a name; engines take fewer for most.
const CHARS_MAX: usize = 255;
/// Characters of an image with its registry, path, tag and digest.
const IMAGE_CHARS_MAX: usize = 512;

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

/// A reference to an image: `nginx`, `registry.example.org:5000/team/app:1.2`, `app@sha256:…`, or an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Image(String);

impl Image {
    /// Reads one.
    pub(crate) fn parse(field: &str, text: &str) -> Result<Self, Failure> {
        let fits = |one: char| one.is_ascii_alphanumeric() || "_.-/:@".contains(one);
        let begins = text.chars().next().is_some_and(|first| first.is_ascii_alphanumeric());
        let is_whole = text.split('/').all(|part| !part.is_empty() && part.chars().any(|one| one != '.'));
        if begins && is_whole && text.chars().all(fits) && text.len() <= IMAGE_CHARS_MAX {
            return Ok(Self(text.to_owned()));
        }
        let failure = Failure::invalid(field, format!("`{}` is no image", shown::short(text)));
        Err(failure.hint("write `name`, `name:tag`, `registry.example.org/name:tag`, or an id"))
    }

    /// As it is written.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The name without its tag, and the tag.
    pub(crate) fn parts(&self) -> (&str, &str) {
        match self.0.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') && !name.contains('@') => (name, tag),
            _ => (&self.0, if self.0.contains('@') { "" } else { "latest" }),
        }
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

    #[test]
    fn images_have_a_name_and_a_tag() {
        let check = |text: &str, name: &str, tag: &str| {
            assert_eq!(Image::parse("image", text).unwrap().parts(), (name, tag), "{text}");
        };
        check("nginx", "nginx", "latest");
        check("nginx:1.27", "nginx", "1.27");
        check("registry:5000/team/app", "registry:5000/team/app", "latest");
        check("registry:5000/team/app:2", "registry:5000/team/app", "2");
        check("app@sha256:abc", "app@sha256:abc", "");
        for hostile in ["", "../../etc", "a/../b", "a/./b", "a//b", "a?x", "-f", "a b", "a\0", "a#b", "a%2e"] {
            assert!(Image::parse("image", hostile).is_err(), "{hostile}");
        }
    }
}
