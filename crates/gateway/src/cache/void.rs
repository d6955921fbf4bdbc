//! What is declared void, and which answers that concerns.

use std::sync::Arc;

use config::Glob;

use super::about::{About, Arguments};

/// A declaration that answers of a server are void.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Void {
    /// Those of tools with such names, unless they are about another value of one of these arguments. Without globs those
    /// of all tools and resources.
    Tools(Arc<[Glob]>, Arguments),
    /// Those about a resource, and about what lies under it.
    Resource(Arc<str>),
}

impl Void {
    /// Whether it concerns an answer about this.
    pub fn concerns(&self, about: &About) -> bool {
        match (self, about) {
            (Self::Tools(globs, arguments), About::Tool(name, others)) => {
                let is_named = globs.is_empty() || globs.iter().any(|glob| glob.matches(name));
                is_named && arguments.agree(others)
            }
            (Self::Tools(globs, _), About::Resource(_)) => globs.is_empty(),
            (Self::Resource(changed), About::Resource(uri)) => {
                uri.strip_prefix(&**changed).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
            (Self::Resource(_), About::Tool(..)) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_resource_concerns_itself_and_what_lies_under_it() {
        let check = |changed: &str, read: &str, expected| {
            let concerns = Void::Resource(changed.into()).concerns(&About::Resource(read.into()));
            assert_eq!(concerns, expected, "{changed} and {read}");
        };
        check("file:///a", "file:///a", true);
        check("file:///a", "file:///a/b", true);
        check("file:///a", "file:///ab", false);
        check("file:///a/b", "file:///a", false);
        assert!(!Void::Resource("a".into()).concerns(&About::Tool("a".into(), Arguments::default())));
    }

    #[test]
    fn tools_are_meant_by_their_names_and_all_of_them_without() {
        let check = |globs: &[&str], tool: &str, expected| {
            let globs: Arc<[Glob]> = globs.iter().map(|glob| glob.parse().unwrap()).collect();
            let concerns =
                Void::Tools(globs, Arguments::default()).concerns(&About::Tool(tool.into(), Arguments::default()));
            assert_eq!(concerns, expected, "{tool}");
        };
        check(&[], "anything", true);
        check(&["list_*", "get"], "list_files", true);
        check(&["list_*", "get"], "get", true);
        check(&["list_*", "get"], "get_lamp", false);
        assert!(Void::Tools(Arc::default(), Arguments::default()).concerns(&About::Resource("a".into())));
    }
}
