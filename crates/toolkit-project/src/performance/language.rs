//! The languages whose source is understood, by the names of files.

use std::path::Path;

/// A language whose source is understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Language {
    Go,
    Java,
    /// TypeScript as well.
    JavaScript,
    Python,
    Rust,
    Sql,
}

/// Names of files, as patterns, by their language.
const NAMES: [(&str, Language); 14] = [
    ("go", Language::Go),
    ("java", Language::Java),
    ("cjs", Language::JavaScript),
    ("cts", Language::JavaScript),
    ("js", Language::JavaScript),
    ("jsx", Language::JavaScript),
    ("mjs", Language::JavaScript),
    ("mts", Language::JavaScript),
    ("ts", Language::JavaScript),
    ("tsx", Language::JavaScript),
    ("py", Language::Python),
    ("pyw", Language::Python),
    ("rs", Language::Rust),
    ("sql", Language::Sql),
];

impl Language {
    /// The language of a file, if its name tells one. What a program has made smaller is not source.
    pub(super) fn of(file: &str) -> Option<Self> {
        let extension = Path::new(file).extension()?.to_str()?;
        let is_made = file.contains(".min.") || file.ends_with(".d.ts");
        let known = NAMES.iter().find(|(known, _)| *known == extension);
        known.filter(|_| !is_made).map(|(_, language)| *language)
    }

    /// How a comment up to the end of its line begins.
    pub(super) fn line_comment(self) -> &'static str {
        match self {
            Self::Python => "#",
            Self::Sql => "--",
            _ => "//",
        }
    }

    /// Whether indentation makes its blocks.
    pub(super) fn is_indented(self) -> bool {
        self == Self::Python
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_tells_its_language() {
        let check = |file: &str, expected| assert_eq!(Language::of(file), expected, "{file}");
        check("src/app.tsx", Some(Language::JavaScript));
        check("main.rs", Some(Language::Rust));
        check("schema.sql", Some(Language::Sql));
        check("dist/app.min.js", None);
        check("types.d.ts", None);
        check("README.md", None);
        check("Makefile", None);
    }
}
