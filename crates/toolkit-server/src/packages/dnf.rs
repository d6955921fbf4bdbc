//! Packages of Fedora, RHEL and their kin. What is installed is asked of rpm, which SUSE has too.

use std::collections::HashSet;

use workbench::Command;

use super::{Package, Update};
use crate::programs::{DNF, RPM};

/// Exit codes of [`plan`]: nothing to update, and something to update.
pub(super) const EXIT_CODES: [i32; 2] = [0, 100];

/// What is installed.
pub(super) fn list() -> Command {
    let words = ["--query", "--all", r"--queryformat=%{NAME}\t%{VERSION}-%{RELEASE}\t%{ARCH}\t%{SUMMARY}\n"];
    RPM.command().words(words).why("rpm knows what is installed")
}

/// What could be newer.
pub(super) fn plan(security: bool) -> Command {
    let command = DNF.command().words(["check-update"]).why("dnf compares with what the mirrors have");
    if security { command.words(["--security"]) } else { command }
}

/// Asks the mirrors.
pub(super) fn refresh() -> Command {
    DNF.command().words(["makecache"]).why("the mirrors say what is new")
}

/// Installs what is named.
pub(super) fn install() -> Command {
    DNF.command().words(["--assumeyes", "upgrade"]).why("only what is installed becomes newer")
}

/// Removes fetched packages.
pub(super) fn clean() -> Command {
    DNF.command().words(["clean", "packages"]).why("what is installed need not be kept as a package")
}

/// Lines of [`list`].
pub(super) fn parse_list(printed: &str) -> Vec<Package> {
    let package = |line: &str| {
        let [name, version, architecture, summary] = line.splitn(4, '\t').collect::<Vec<_>>().try_into().ok()?;
        Some(Package {
            name: name.to_owned(),
            version: version.to_owned(),
            architecture: architecture.to_owned(),
            summary: summary.to_owned(),
        })
    };
    // keys of repositories are kept as packages
    printed.lines().filter_map(package).filter(|package| package.name != "gpg-pubkey").collect()
}

/// Lines such as `bash.x86_64    5.2.26-4.fc40    updates`, of all updates and of those that mend holes.
pub(super) fn parse_plan(all: &str, security: &str) -> Vec<Update> {
    let security: HashSet<(&str, &str)> = lines(security).collect();
    let update = |(name, available): (&str, &str)| Update {
        name: name.to_owned(),
        installed: None,
        available: available.to_owned(),
        security: Some(security.contains(&(name, available))),
    };
    lines(all).map(update).collect()
}

/// Names without their architectures, and versions. What is about to be obsolete is told after an empty headline.
fn lines(printed: &str) -> impl Iterator<Item = (&str, &str)> {
    let lines = printed.lines().take_while(|line| !line.starts_with("Obsoleting"));
    lines.filter_map(|line| {
        let [name, version, _] = line.split_whitespace().collect::<Vec<_>>().try_into().ok()?;
        Some((name.rsplit_once('.')?.0, version))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_without_keys() {
        let packages = parse_list("bash\t5.2.26-3.fc40\tx86_64\tThe GNU shell\ngpg-pubkey\tabc-1\t(none)\tkey\n");
        assert_eq!(packages.len(), 1);
        assert_eq!((packages[0].name.as_str(), packages[0].version.as_str()), ("bash", "5.2.26-3.fc40"));
    }

    #[test]
    fn a_plan_says_which_updates_mend_holes() {
        let all = "\nbash.x86_64            5.2.26-4.fc40        updates\nopenssl-libs.x86_64    1:3.2.2-3.fc40       updates\n\
            Obsoleting Packages\nold.noarch   1-1   updates\n    new.noarch  1-1  @System\n";
        let plan = parse_plan(all, "openssl-libs.x86_64   1:3.2.2-3.fc40   updates\n");
        let short: Vec<_> =
            plan.iter().map(|it| (it.name.as_str(), it.available.as_str(), it.security.unwrap())).collect();
        assert_eq!(short, [("bash", "5.2.26-4.fc40", false), ("openssl-libs", "1:3.2.2-3.fc40", true)]);
    }
}
