//! Packages of openSUSE and SLES. It prints tables with `|` between the columns; what is installed is asked of rpm.

use workbench::Command;

use super::Update;
use crate::programs::ZYPPER;

/// What could be newer.
pub(super) fn plan() -> Command {
    ZYPPER.command().words(["list-updates"]).why("zypper compares with what the mirrors have")
}

/// What mends holes.
pub(super) fn patches() -> Command {
    ZYPPER.command().words(["list-patches", "--category=security"]).why("patches say which updates mend holes")
}

/// Asks the mirrors.
pub(super) fn refresh() -> Command {
    ZYPPER.command().words(["refresh"]).why("the mirrors say what is new")
}

/// Installs what is named.
pub(super) fn install() -> Command {
    ZYPPER.command().words(["update"]).why("only what is installed becomes newer")
}

/// Removes fetched packages.
pub(super) fn clean() -> Command {
    ZYPPER.command().words(["clean"]).why("what is installed need not be kept as a package")
}

/// The tables of [`plan`] and [`patches`]. A patch is named after the package that it mends, with the year and a number.
pub(super) fn parse_plan(updates: &str, patches: &str) -> Vec<Update> {
    let patches: Vec<&str> = rows(patches).filter_map(|row| row.get(1).copied()).collect();
    let mends = |name: &str| patches.iter().any(|patch| patch.contains(&format!("-{name}-")));
    let update = |row: Vec<&str>| {
        let [_, _, name, installed, available, ..] = row[..] else { return None };
        Some(Update {
            name: name.to_owned(),
            installed: Some(installed.to_owned()),
            available: available.to_owned(),
            security: Some(mends(name)),
        })
    };
    rows(updates).filter_map(update).collect()
}

/// The rows of a table, without its head and its lines.
fn rows(printed: &str) -> impl Iterator<Item = Vec<&str>> {
    let rows = printed.lines().filter(|line| line.contains('|') && !line.contains("-+-"));
    rows.skip(1).map(|row| row.split('|').map(str::trim).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_become_a_plan() {
        let updates = "S | Repository | Name    | Current Version | Available Version | Arch\n\
            --+------------+---------+-----------------+-------------------+-------\n\
            v | Main       | curl    | 8.0.1-1.1       | 8.6.0-2.1         | x86_64\n\
            v | Main       | nano    | 7.2-1.1         | 7.3-1.1           | x86_64\n";
        let patches = "Repository | Name                       | Category | Severity\n\
            -----------+----------------------------+----------+---------\n\
            Main       | SUSE-SLE-curl-2024-1234    | security | important\n";
        let plan = parse_plan(updates, patches);
        let short: Vec<_> =
            plan.iter().map(|it| (it.name.as_str(), it.available.as_str(), it.security.unwrap())).collect();
        assert_eq!(short, [("curl", "8.6.0-2.1", true), ("nano", "7.3-1.1", false)]);
        assert_eq!(parse_plan("No updates found.\n", ""), []);
    }
}
