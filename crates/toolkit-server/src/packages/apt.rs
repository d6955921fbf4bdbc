//! Packages of Debian and Ubuntu.

use workbench::Command;

use super::{Package, Update};
use crate::programs::{APT_GET, DPKG_QUERY};

/// What is installed.
pub(super) fn list() -> Command {
    let fields =
        r"--showformat=${db:Status-Abbrev}\t${binary:Package}\t${Version}\t${Architecture}\t${binary:Summary}\n";
    DPKG_QUERY.command().words(["--show", fields]).why("dpkg knows what is installed")
}

/// What could be newer, only played through.
pub(super) fn plan() -> Command {
    APT_GET
        .command()
        .words(["--simulate", "--quiet", "upgrade"])
        .why("apt plays the update through and changes nothing")
}

/// Asks the mirrors.
pub(super) fn refresh() -> Command {
    APT_GET.command().words(["--quiet", "update"]).why("the mirrors say what is new")
}

/// Installs what is named; configuration that somebody has changed stays.
pub(super) fn install() -> Command {
    let words = ["--yes", "--quiet", "--option=Dpkg::Options::=--force-confold", "install", "--only-upgrade"];
    APT_GET.command().words(words).why("only what is installed becomes newer, and changed configuration stays")
}

/// Removes fetched packages.
pub(super) fn clean() -> Command {
    APT_GET.command().words(["clean"]).why("what is installed need not be kept as a package")
}

/// Lines of [`list`]; the first letters say whether a package is really there.
pub(super) fn parse_list(printed: &str) -> Vec<Package> {
    let package = |line: &str| {
        let [state, name, version, architecture, summary] = line.splitn(5, '\t').collect::<Vec<_>>().try_into().ok()?;
        (state.get(1..2) == Some("i")).then(|| Package {
            name: name.to_owned(),
            version: version.to_owned(),
            architecture: architecture.to_owned(),
            summary: summary.to_owned(),
        })
    };
    printed.lines().filter_map(package).collect()
}

/// Lines such as `Inst bash [5.2-1] (5.2-2 Debian:12.14/oldstable, Debian-Security:12/oldstable-security [amd64])`.
pub(super) fn parse_plan(printed: &str) -> Vec<Update> {
    let update = |line: &str| {
        let (name, rest) = line.strip_prefix("Inst ")?.split_once(' ')?;
        // a package that comes new has no version in brackets
        let (installed, rest) = rest.strip_prefix('[')?.split_once("] (")?;
        let (available, origins) = rest.split_once(' ')?;
        Some(Update {
            name: name.to_owned(),
            installed: Some(installed.to_owned()),
            available: available.to_owned(),
            security: Some(origins.to_lowercase().contains("-security")),
        })
    };
    printed.lines().filter_map(update).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_what_is_really_installed() {
        let packages =
            parse_list("ii \tbash\t5.2.15-2\tamd64\tGNU shell\nrc \told\t1\tall\tgone\nii \tx:i386\t1\ti386\t\n");
        let short: Vec<_> = packages.iter().map(|it| (it.name.as_str(), it.version.as_str())).collect();
        assert_eq!(short, [("bash", "5.2.15-2"), ("x:i386", "1")]);
    }

    #[test]
    fn a_plan_says_which_updates_mend_holes() {
        let printed = "Reading package lists...\n\
            Inst bash [5.2.15-2+b8] (5.2.15-2+b13 Debian:12.14/oldstable [amd64])\n\
            Inst libperl5.36 [5.36.0-7+deb12u2] (5.36.0-7+deb12u3 Debian:12.14/oldstable [amd64]) [perl:amd64 ]\n\
            Inst libtiff6 [4.5.0-6] (4.5.0-7 Debian:12.14/oldstable, Debian-Security:12/oldstable-security [amd64])\n\
            Inst openssl [3.0.2] (3.0.3 Ubuntu:22.04/jammy-updates, Ubuntu:22.04/jammy-security [amd64])\n\
            Inst linux-image-new (6.1 Debian:12.14/oldstable [amd64])\n\
            Conf bash (5.2.15-2+b13 Debian:12.14/oldstable [amd64])\n";
        let plan = parse_plan(printed);
        let short: Vec<_> =
            plan.iter().map(|it| (it.name.as_str(), it.available.as_str(), it.security.unwrap())).collect();
        assert_eq!(
            short,
            [
                ("bash", "5.2.15-2+b13", false),
                ("libperl5.36", "5.36.0-7+deb12u3", false),
                ("libtiff6", "4.5.0-7", true),
                ("openssl", "3.0.3", true),
            ]
        );
        assert_eq!(plan[0].installed.as_deref(), Some("5.2.15-2+b8"));
    }
}
