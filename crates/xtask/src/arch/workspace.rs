//! The workspace as `cargo metadata` tells it: which crates there are and which of them each one uses.
//! Crates from a registry are left out; the floors speak only of our own.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Error;
use crate::page;

/// One of our crates.
#[derive(Debug, Clone)]
pub(super) struct Crate {
    pub(super) name: String,
    pub(super) folder: String,
    pub(super) summary: Option<String>,
    pub(super) uses: Vec<Use>,
}

/// One dependency on another of our crates.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Use {
    pub(super) name: String,
    pub(super) only_in_tests: bool,
}

/// All crates of the workspace in the order of their names.
pub(super) fn crates() -> Result<Vec<Crate>, Error> {
    parse(&metadata()?)
}

#[expect(clippy::disallowed_methods, reason = "automation runs cargo; the rule guards the program, not its tools")]
fn metadata() -> Result<Vec<u8>, Error> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = std::process::Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"])
        .arg(page::root().join("Cargo.toml"))
        .output()
        .map_err(Error::Start)?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(Error::Metadata { stderr: String::from_utf8_lossy(&output.stderr).trim().to_owned() })
    }
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    description: Option<String>,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
    path: Option<PathBuf>,
}

fn parse(json: &[u8]) -> Result<Vec<Crate>, Error> {
    let metadata: Metadata = serde_json::from_slice(json)?;
    let mut crates: Vec<Crate> = metadata.packages.into_iter().map(Crate::from).collect();
    crates.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(crates)
}

impl From<Package> for Crate {
    fn from(package: Package) -> Self {
        let folder = package.manifest_path.parent().and_then(Path::file_name);
        Self {
            folder: folder.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            uses: uses(package.dependencies),
            name: package.name,
            summary: package.description,
        }
    }
}

fn uses(dependencies: Vec<Dependency>) -> Vec<Use> {
    let ours = dependencies.into_iter().filter(|dependency| dependency.path.is_some());
    let uses: BTreeSet<Use> = ours
        .map(|dependency| Use { only_in_tests: dependency.kind.as_deref() == Some("dev"), name: dependency.name })
        .collect();
    uses.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_crate_is_no_use_and_a_dev_dependency_is_marked() {
        let json = br#"{"packages": [{"name": "b", "description": "two", "manifest_path": "w/crates/b/Cargo.toml", "dependencies": [
            {"name": "serde", "kind": null, "path": null},
            {"name": "testkit", "kind": "dev", "path": "w/crates/testkit"},
            {"name": "a", "kind": null, "path": "w/crates/a"}]}]}"#;
        let crates = parse(json).unwrap();
        assert_eq!(crates[0].folder, "b");
        assert_eq!(
            crates[0].uses,
            [
                Use { name: "a".to_owned(), only_in_tests: false },
                Use { name: "testkit".to_owned(), only_in_tests: true },
            ]
        );
    }

    #[test]
    fn output_that_is_not_metadata_is_an_error() {
        assert!(matches!(parse(b"{}"), Err(Error::Parse(_))));
    }
}
