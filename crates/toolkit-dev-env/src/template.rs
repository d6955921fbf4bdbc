//! A template of a project: files whose paths and texts have places for its name, and how they are filled.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::Failure;

use crate::{name::ProjectName, shown, templates::TEMPLATES};

/// What a project is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ProjectType {
    Python,
    Node,
    Rust,
    Go,
    Java,
    Ruby,
    Generic,
    Mixed,
}

/// A template.
#[derive(Debug)]
pub(crate) struct Template {
    /// What it is called.
    pub(crate) name: &'static str,
    /// What its projects are written in.
    pub(crate) kind: ProjectType,
    /// What it is for, in a sentence.
    pub(crate) description: &'static str,
    /// Its files: a path and a text, both with places such as `{{name}}`.
    pub(crate) files: &'static [(&'static str, &'static str)],
}

/// A file of a project: its path from the project's folder, and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filled {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Template {
    /// The template of this name, or the first of this type.
    pub(crate) fn find(kind: ProjectType, name: Option<&str>) -> Result<&'static Self, Failure> {
        let mut of_type = TEMPLATES.iter().filter(|template| template.kind == kind);
        let found = of_type.clone().find(|template| name.is_none_or(|name| template.name == name));
        found.ok_or_else(|| {
            let names = of_type.by_ref().map(|template| template.name).collect::<Vec<_>>().join(", ");
            let text = format!("there is no template `{}` of this type", shown::short(name.unwrap_or_default()));
            Failure::invalid("template", text).hint(format!("of this type there are {names}"))
        })
    }

    /// Its files for a project of this name that begins in this year.
    pub(crate) fn fill(&self, name: &ProjectName, year: &str) -> Vec<Filled> {
        let places = [
            ("{{name}}", name.as_str().to_owned()),
            ("{{package}}", name.package()),
            ("{{module}}", name.module()),
            ("{{class}}", name.class()),
            ("{{year}}", year.to_owned()),
        ];
        let fill = |text: &str| places.iter().fold(text.to_owned(), |text, (place, value)| text.replace(place, value));
        self.files.iter().map(|(path, text)| Filled { path: fill(path), text: fill(text) }).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_template_is_whole_and_leaves_no_place_open() {
        let name = ProjectName::new("Web_Shop").unwrap();
        for template in TEMPLATES {
            let files = template.fill(&name, "2026");
            let paths: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
            assert_eq!(paths.len(), files.len(), "{}: a file comes twice", template.name);
            for expected in ["README.md", "LICENSE", ".gitignore", ".editorconfig"] {
                assert!(paths.contains(expected), "{} has no {expected}", template.name);
            }
            assert!(paths.iter().any(|path| path.contains("test")), "{} has no test", template.name);
            for file in &files {
                assert!(!file.path.contains("{{") && !file.text.contains("{{"), "{}: {}", template.name, file.path);
                assert!(file.text.ends_with('\n'), "{}: {} ends without a line end", template.name, file.path);
            }
        }
    }

    #[test]
    fn a_template_is_found_by_type_and_name() {
        let check = |kind, name, expected: &str| assert_eq!(Template::find(kind, name).unwrap().name, expected);
        check(ProjectType::Python, None, "python-package");
        check(ProjectType::Python, Some("python-api"), "python-api");
        check(ProjectType::Mixed, None, "mixed");
        let failure = Template::find(ProjectType::Rust, Some("python-api")).unwrap_err();
        assert_eq!(failure.hint, "of this type there are rust-program, rust-library");
    }
}
