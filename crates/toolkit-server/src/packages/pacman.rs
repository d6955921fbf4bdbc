//! Packages of Arch, which is updated as a whole or not at all.

use workbench::Command;

use super::{Package, Update};
use crate::programs::PACMAN;

/// Exit codes of [`plan`]: something to update, and nothing.
pub(super) const EXIT_CODES: [i32; 2] = [0, 1];

/// What is installed.
pub(super) fn list() -> Command {
    PACMAN.command().words(["--query"]).why("pacman knows what is installed")
}

/// What could be newer.
pub(super) fn plan() -> Command {
    PACMAN.command().words(["--query", "--upgrades"]).why("pacman compares with what it last heard of the mirrors")
}

/// Installs everything that is newer.
pub(super) fn install() -> Command {
    PACMAN.command().words(["--sync", "--refresh", "--sysupgrade"]).why("all packages become newer at once")
}

/// Removes fetched packages.
pub(super) fn clean() -> Command {
    PACMAN.command().words(["--sync", "--clean"]).why("what is not installed need not be kept as a package")
}

/// Lines such as `bash 5.2.026-2`.
pub(super) fn parse_list(printed: &str) -> Vec<Package> {
    let package = |line: &str| {
        let (name, version) = line.split_once(' ')?;
        Some(Package {
            name: name.to_owned(),
            version: version.to_owned(),
            architecture: String::new(),
            summary: String::new(),
        })
    };
    printed.lines().filter_map(package).collect()
}

/// Lines such as `bash 5.2.026-2 -> 5.2.032-1`, with `[ignored]` behind those that stay.
pub(super) fn parse_plan(printed: &str) -> Vec<Update> {
    let update = |line: &str| {
        let words: [&str; 4] = line.split(' ').collect::<Vec<_>>().try_into().ok()?;
        let [name, installed, "->", available] = words else { return None };
        Some(Update {
            name: name.to_owned(),
            installed: Some(installed.to_owned()),
            available: available.to_owned(),
            security: None,
        })
    };
    printed.lines().filter_map(update).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_plans_are_read() {
        assert_eq!(parse_list("bash 5.2.026-2\nzlib 1:1.3.1-1\n").len(), 2);
        let plan = parse_plan("bash 5.2.026-2 -> 5.2.032-1\nlinux 6.9-1 -> 6.10-1 [ignored]\n");
        let short: Vec<_> = plan.iter().map(|it| (it.name.as_str(), it.available.as_str(), it.security)).collect();
        assert_eq!(short, [("bash", "5.2.032-1", None)]);
    }
}
