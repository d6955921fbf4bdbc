//! The name of a new project, and the forms of it that languages ask for: a package, a module and a class.

use toolkit::Failure;

use crate::shown;

/// Letters of a name.
const LETTERS_MAX: usize = 100;
/// Names that mean something else to one of the languages: keywords, and libraries that come with it.
const TAKEN: [&str; 56] = [
    "abstract",
    "and",
    "async",
    "await",
    "begin",
    "break",
    "build",
    "case",
    "class",
    "const",
    "core",
    "crate",
    "def",
    "default",
    "defer",
    "do",
    "else",
    "end",
    "enum",
    "examples",
    "false",
    "fn",
    "for",
    "from",
    "func",
    "go",
    "if",
    "impl",
    "import",
    "in",
    "int",
    "interface",
    "internal",
    "json",
    "lambda",
    "let",
    "main",
    "match",
    "mod",
    "module",
    "new",
    "nil",
    "node",
    "none",
    "package",
    "proc-macro",
    "python",
    "range",
    "return",
    "self",
    "std",
    "super",
    "test",
    "tests",
    "true",
    "type",
];

/// The name of a project that its user has chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProjectName(String);

impl ProjectName {
    /// Checks a name that a caller wrote.
    pub(crate) fn new(name: &str) -> Result<Self, Failure> {
        let refuse = |rule: &str| {
            let text = format!("`{}` is no name for a project: {rule}", shown::short(name));
            Err(Failure::invalid("name", text).hint("use letters, digits, `-` and `_`, such as `my-service`"))
        };
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if name.is_empty() {
            return refuse("it is empty");
        }
        if name.len() > LETTERS_MAX {
            return refuse(&format!("it is longer than {LETTERS_MAX} letters"));
        }
        if !name.bytes().all(is_letter) {
            return refuse("it may only have letters, digits, `-` and `_`");
        }
        if name.starts_with('-') {
            return refuse("a leading `-` could be taken for an option");
        }
        if !name.bytes().any(|byte| byte.is_ascii_alphanumeric()) {
            return refuse("it has neither a letter nor a digit");
        }
        Ok(Self(name.to_owned()))
    }

    /// As it was chosen; the name of its folder.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// As package registries want it: small letters, digits and single dashes, beginning with a letter.
    pub(crate) fn package(&self) -> String {
        let lower = self.0.to_ascii_lowercase();
        let words: Vec<&str> = lower.split(['-', '_']).filter(|word| !word.is_empty()).collect();
        let package = words.join("-");
        if TAKEN.contains(&package.as_str()) {
            return format!("{package}-app");
        }
        if package.starts_with(|first: char| first.is_ascii_digit()) { format!("app-{package}") } else { package }
    }

    /// As languages want an identifier: `my_service`.
    pub(crate) fn module(&self) -> String {
        self.package().replace('-', "_")
    }

    /// As languages want the name of a class: `MyService`.
    pub(crate) fn class(&self) -> String {
        let package = self.package();
        let capital = |word: &str| format!("{}{}", word[..1].to_ascii_uppercase(), &word[1..]);
        package.split('-').map(capital).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_a_form_for_every_language() {
        let check = |name: &str, expected: (&str, &str, &str)| {
            let name = ProjectName::new(name).unwrap();
            assert_eq!((&*name.package(), &*name.module(), &*name.class()), expected, "{name:?}");
        };
        check("shop", ("shop", "shop", "Shop"));
        check("My_Web-API", ("my-web-api", "my_web_api", "MyWebApi"));
        check("__init__", ("init", "init", "Init"));
        check("class", ("class-app", "class_app", "ClassApp"));
        check("2048", ("app-2048", "app_2048", "App2048"));
        check("a--b_", ("a-b", "a_b", "AB"));
    }

    #[test]
    fn what_is_no_name_is_refused_with_the_rule() {
        let long = "x".repeat(101);
        for (name, rule) in [
            ("", "empty"),
            ("a/b", "may only have"),
            ("..", "may only have"),
            ("my app", "may only have"),
            ("a\0b", "may only have"),
            ("ä", "may only have"),
            ("-rf", "option"),
            ("--", "option"),
            ("__", "neither"),
            (&long, "longer than 100"),
        ] {
            let failure = ProjectName::new(name).unwrap_err();
            assert!(failure.message.contains(rule), "{name}: {failure}");
            assert_eq!(failure.field.as_deref(), Some("name"));
        }
    }
}
