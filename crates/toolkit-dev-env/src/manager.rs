//! The managers of packages, and which one a project has chosen: its lock file says so, or else its manifest.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    findings::Language,
    survey::{Survey, folder_of},
};

/// A manager of packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Manager {
    Uv,
    Poetry,
    Conda,
    Pip,
    Bun,
    Pnpm,
    Yarn,
    Npm,
    Cargo,
    Go,
    Maven,
    Gradle,
    Bundler,
}

/// Files by which a project chooses its manager, the stronger ones first; and whether they lock versions.
const CHOICES: &[(&str, Manager, bool)] = &[
    ("uv.lock", Manager::Uv, true),
    ("poetry.lock", Manager::Poetry, true),
    ("environment.yml", Manager::Conda, false),
    ("environment.yaml", Manager::Conda, false),
    ("requirements.txt", Manager::Pip, false),
    ("pyproject.toml", Manager::Pip, false),
    ("setup.py", Manager::Pip, false),
    ("bun.lock", Manager::Bun, true),
    ("bun.lockb", Manager::Bun, true),
    ("pnpm-lock.yaml", Manager::Pnpm, true),
    ("yarn.lock", Manager::Yarn, true),
    ("package-lock.json", Manager::Npm, true),
    ("npm-shrinkwrap.json", Manager::Npm, true),
    ("package.json", Manager::Npm, false),
    ("Cargo.lock", Manager::Cargo, true),
    ("Cargo.toml", Manager::Cargo, false),
    ("go.sum", Manager::Go, true),
    ("go.mod", Manager::Go, false),
    ("pom.xml", Manager::Maven, false),
    ("gradle.lockfile", Manager::Gradle, true),
    ("build.gradle", Manager::Gradle, false),
    ("build.gradle.kts", Manager::Gradle, false),
    ("Gemfile.lock", Manager::Bundler, true),
    ("Gemfile", Manager::Bundler, false),
];

impl Manager {
    /// How it is written.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Uv => "uv",
            Self::Poetry => "poetry",
            Self::Conda => "conda",
            Self::Pip => "pip",
            Self::Bun => "bun",
            Self::Pnpm => "pnpm",
            Self::Yarn => "yarn",
            Self::Npm => "npm",
            Self::Cargo => "cargo",
            Self::Go => "go",
            Self::Maven => "maven",
            Self::Gradle => "gradle",
            Self::Bundler => "bundler",
        }
    }

    /// The language whose packages it manages.
    pub(crate) fn language(self) -> Language {
        match self {
            Self::Uv | Self::Poetry | Self::Conda | Self::Pip => Language::Python,
            Self::Bun | Self::Pnpm | Self::Yarn | Self::Npm => Language::Node,
            Self::Cargo => Language::Rust,
            Self::Go => Language::Go,
            Self::Maven | Self::Gradle => Language::Java,
            Self::Bundler => Language::Ruby,
        }
    }

    /// The managers of a project and of its parts, each with the file that chose it.
    pub(crate) fn all_in(survey: &Survey) -> Vec<(String, Self)> {
        let mut folders: Vec<&str> = survey.files().map(folder_of).collect();
        folders.sort_unstable();
        folders.dedup();
        folders.into_iter().flat_map(|folder| Self::chosen_in(survey, folder)).collect()
    }

    /// The managers that a folder has chosen, one for each language; the top is the empty text, others end with `/`.
    pub(crate) fn chosen_in(survey: &Survey, folder: &str) -> Vec<(String, Self)> {
        let mut chosen: Vec<(String, Self)> = Vec::new();
        for (file, manager, _) in CHOICES {
            let path = format!("{folder}{file}");
            let is_first = chosen.iter().all(|(_, other)| other.language() != manager.language());
            if is_first && survey.has(&path) {
                let manager = survey.text(&path).and_then(|text| named_in(file, text)).unwrap_or(*manager);
                chosen.push((path, manager));
            }
        }
        chosen
    }
}

/// Whether a file locks versions.
pub(crate) fn is_lock_file(path: &str) -> bool {
    let name = &path[folder_of(path).len()..];
    CHOICES.iter().any(|(file, _, is_lock)| *is_lock && *file == name)
}

/// The manager that a manifest itself names.
fn named_in(file: &str, text: &str) -> Option<Manager> {
    match file {
        "package.json" => {
            let package: serde_json::Value = serde_json::from_str(text).ok()?;
            match package["packageManager"].as_str()?.split('@').next()? {
                "npm" => Some(Manager::Npm),
                "yarn" => Some(Manager::Yarn),
                "pnpm" => Some(Manager::Pnpm),
                "bun" => Some(Manager::Bun),
                _ => None,
            }
        }
        "pyproject.toml" => {
            let project: toml::Table = toml::from_str(text).ok()?;
            let is_old_poetry = project.get("project").is_none() && project.get("tool")?.get("poetry").is_some();
            is_old_poetry.then_some(Manager::Poetry)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_file_says_which_manager_it_is() {
        let check = |files: &[&str], expected: &[Manager]| {
            let files: Vec<(&str, &str)> = files.iter().map(|file| (*file, "")).collect();
            let chosen: Vec<Manager> =
                Manager::chosen_in(&Survey::with(&files), "").into_iter().map(|(_, manager)| manager).collect();
            assert_eq!(chosen, expected, "{files:?}");
        };
        check(&["uv.lock", "pyproject.toml", "requirements.txt"], &[Manager::Uv]);
        check(&["poetry.lock", "pyproject.toml"], &[Manager::Poetry]);
        check(&["environment.yml", "requirements.txt"], &[Manager::Conda]);
        check(&["requirements.txt", "setup.py"], &[Manager::Pip]);
        check(&["package.json", "package-lock.json"], &[Manager::Npm]);
        check(&["package.json", "yarn.lock"], &[Manager::Yarn]);
        check(&["package.json", "pnpm-lock.yaml", "package-lock.json"], &[Manager::Pnpm]);
        check(&["package.json", "bun.lockb"], &[Manager::Bun]);
        check(&["package.json"], &[Manager::Npm]);
        check(&["Cargo.toml"], &[Manager::Cargo]);
        check(&["go.mod", "go.sum"], &[Manager::Go]);
        check(&["pom.xml"], &[Manager::Maven]);
        check(&["build.gradle.kts"], &[Manager::Gradle]);
        check(&["Gemfile", "Gemfile.lock"], &[Manager::Bundler]);
        check(&["go.mod", "package.json", "sub/Cargo.toml"], &[Manager::Npm, Manager::Go]);
        check(&["README.md"], &[]);
    }

    #[test]
    fn a_manifest_may_name_its_manager() {
        let check = |file: &str, text: &str, expected: Manager| {
            assert_eq!(Manager::chosen_in(&Survey::with(&[(file, text)]), "")[0].1, expected, "{text}");
        };
        check("package.json", r#"{"packageManager": "pnpm@9.1.0"}"#, Manager::Pnpm);
        check("package.json", "no json", Manager::Npm);
        check("pyproject.toml", "[tool.poetry]\nname = 'a'\n", Manager::Poetry);
        check("pyproject.toml", "[project]\nname = 'a'\n[tool.poetry]\n", Manager::Pip);
    }
}
