//! A package as a caller names it: a name with a version, or a place on the disk. Addresses and options are refused before
//! a manager sees them: each manager reads more into a word than its callers mean.

use toolkit::{Code, Failure};
use workbench::{Place, Roots};

use crate::{findings::Language, manager::Manager, shown};

/// Packages in one call.
const PACKAGES_MAX: usize = 100;
/// Bytes of one.
const BYTES_MAX: usize = 300;
/// Characters that a name with a version may have beside letters and digits.
const SIGNS: &str = "@/.-_+~^<>=!*,[]|:";
/// How a place on the disk begins.
const PLACES: [&str; 4] = ["./", "../", "/", "file:"];

/// What a caller wants to be installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Package {
    /// From a registry: `flask>=3`, `@scope/name@1.2`.
    Named(String),
    /// From the disk, by its absolute path.
    There(String),
}

impl Package {
    /// Checks what a caller wrote; places are meant from the project and lie beneath an allowed folder.
    pub(crate) fn all(
        texts: &[String],
        manager: Manager,
        project: &Place,
        roots: &Roots,
    ) -> Result<Vec<Self>, Failure> {
        if texts.len() > PACKAGES_MAX {
            let text = format!("{} packages are named; at most {PACKAGES_MAX} can be", texts.len());
            return Err(Failure::invalid("packages", text).hint("name them in several calls"));
        }
        texts.iter().map(|text| Self::new(text, manager, project, roots)).collect()
    }

    fn new(text: &str, manager: Manager, project: &Place, roots: &Roots) -> Result<Self, Failure> {
        if PLACES.iter().any(|start| text.starts_with(start)) {
            return Self::there(text, project, roots);
        }
        check_name(text, manager)?;
        Ok(Self::Named(text.to_owned()))
    }

    fn there(text: &str, project: &Place, roots: &Roots) -> Result<Self, Failure> {
        let path = text.strip_prefix("file:").unwrap_or(text);
        // an absolute path takes the place of what it is joined to
        let path = project.path().join(path).display().to_string();
        let place = roots.place("packages", &path)?;
        if place.exists()? {
            return Ok(Self::There(place.display()));
        }
        let text = format!("there is nothing at `{}`", shown::short(&path));
        let failure = Failure::new(Code::NotFound, text).hint("places of packages are meant from the project");
        Err(Failure { field: Some("packages".to_owned()), ..failure })
    }

    /// As it is given to a manager.
    pub(crate) fn operand(&self, manager: Manager) -> String {
        match self {
            Self::Named(name) => name.clone(),
            // what looks like `owner/name` would be fetched from elsewhere
            Self::There(path) if manager.language() == Language::Node => format!("file:{path}"),
            Self::There(path) => path.clone(),
        }
    }

    /// As results name it.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Named(name) | Self::There(name) => name,
        }
    }
}

fn check_name(text: &str, manager: Manager) -> Result<(), Failure> {
    let refuse = |reason: &str| {
        let failure = Failure::invalid("packages", format!("`{}` {reason}", shown::short(text)));
        Err(failure.hint("a package is a name with a version, such as `flask>=3` or `left-pad@1.3`, or a path"))
    };
    if text.is_empty() || text.len() > BYTES_MAX {
        return refuse(&format!("does not have 1 to {BYTES_MAX} bytes"));
    }
    if !text.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '@' || first == '_') {
        return refuse("does not begin like the name of a package");
    }
    if !text.chars().all(|one| one.is_ascii_alphanumeric() || SIGNS.contains(one)) {
        return refuse("has characters that no name of a package has");
    }
    let (slashes, has_scope) = (text.matches('/').count(), text.starts_with('@'));
    let fits = match manager.language() {
        Language::Go => !has_scope,
        Language::Node => slashes == usize::from(has_scope),
        _ => slashes == 0 && !has_scope,
    };
    if !fits {
        return refuse(&format!("is no name of a package of {}", manager.as_str()));
    }
    let has_host = text.contains("://") || (text.contains(':') && !text.contains("@npm:"));
    if has_host || text.contains("..") || text.contains("git@") {
        return refuse("is an address, and packages are only taken from the registries that are set up");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_all_registries_fit() {
        for (manager, name) in [
            (Manager::Pip, "flask"),
            (Manager::Pip, "Flask[async]>=3.0,<4"),
            (Manager::Uv, "zope.interface==5.*"),
            (Manager::Npm, "left-pad@1.3.0"),
            (Manager::Npm, "@types/node@^22"),
            (Manager::Pnpm, "react@npm:preact@10"),
            (Manager::Cargo, "serde@1.0"),
            (Manager::Go, "github.com/spf13/cobra@v1.8.0"),
            (Manager::Bundler, "rails"),
        ] {
            assert!(check_name(name, manager).is_ok(), "{name}");
        }
    }

    #[test]
    fn options_addresses_and_oddities_are_refused() {
        let long = "a".repeat(301);
        for name in [
            "",
            "-rf",
            "--index-url=http://h/",
            "git+https://host/x",
            "https://host/x.whl",
            "git@host:x",
            "github:owner/name",
            "owner/name",
            "github.com/owner/name",
            "a b",
            "a\nb",
            "a\0b",
            "a;id",
            "$(id)",
            "a`id`",
            "a&b",
            "a/../b",
            "ä",
            &long,
        ] {
            assert!(check_name(name, Manager::Npm).is_err(), "{name}");
            assert!(check_name(name, Manager::Pip).is_err(), "{name}");
        }
        assert!(check_name("github.com/../x", Manager::Go).is_err());
    }
}
