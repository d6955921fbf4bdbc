//! Packages of Alpine.

use workbench::Command;

use super::{Package, Update};
use crate::programs::APK;

/// What is installed.
pub(super) fn list() -> Command {
    APK.command().words(["list", "--installed"]).why("apk knows what is installed")
}

/// What could be newer, only played through.
pub(super) fn plan() -> Command {
    APK.command().words(["upgrade", "--simulate"]).why("apk plays the update through and changes nothing")
}

/// Asks the mirrors.
pub(super) fn refresh() -> Command {
    APK.command().words(["update"]).why("the mirrors say what is new")
}

/// Installs what is named.
pub(super) fn install() -> Command {
    APK.command().words(["add", "--upgrade"]).why("only what is named becomes newer")
}

/// Removes fetched packages.
pub(super) fn clean() -> Command {
    APK.command().words(["cache", "clean"]).why("what is installed need not be kept as a package")
}

/// Lines such as `musl-1.2.5-r0 x86_64 {musl} (MIT) [installed]`.
pub(super) fn parse_list(printed: &str) -> Vec<Package> {
    let package = |line: &str| {
        let mut words = line.split(' ');
        let (name, version) = split_version(words.next()?)?;
        Some(Package {
            name: name.to_owned(),
            version: version.to_owned(),
            architecture: words.next()?.to_owned(),
            summary: String::new(),
        })
    };
    printed.lines().filter_map(package).collect()
}

/// Name and version of `py3-pip-24.0-r2`: the version begins at the last dash but one.
fn split_version(package: &str) -> Option<(&str, &str)> {
    let release = package.rfind("-r")?;
    let version = package[..release].rfind('-')?;
    Some((&package[..version], &package[version + 1..]))
}

/// Lines such as `(1/3) Upgrading musl (1.2.3-r4 -> 1.2.3-r5)`.
pub(super) fn parse_plan(printed: &str) -> Vec<Update> {
    let update = |line: &str| {
        let (_, rest) = line.split_once(") Upgrading ")?;
        let (name, versions) = rest.split_once(" (")?;
        let (installed, available) = versions.trim_end_matches(')').split_once(" -> ")?;
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
        let packages = parse_list(
            "musl-1.2.5-r0 x86_64 {musl} (MIT) [installed]\npy3-pip-24.0-r2 noarch {py3-pip} (MIT) [installed]\nx\n",
        );
        let short: Vec<_> = packages.iter().map(|it| (it.name.as_str(), it.version.as_str())).collect();
        assert_eq!(short, [("musl", "1.2.5-r0"), ("py3-pip", "24.0-r2")]);
        let plan = parse_plan("(1/2) Upgrading musl (1.2.3-r4 -> 1.2.3-r5)\n(2/2) Installing new (1-r0)\nOK: 8 MiB\n");
        assert_eq!(plan.len(), 1);
        assert_eq!((plan[0].name.as_str(), plan[0].available.as_str()), ("musl", "1.2.3-r5"));
    }
}
