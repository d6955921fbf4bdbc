//! The rules of the house as a pure function: crates in, broken rules out.
//! It knows nothing of cargo or files.

use super::workspace::{Crate, Use};
use super::{BESIDE, FLOORS, TEST_SUPPORT};

/// A rule of the house that a crate breaks.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Problem {
    #[error("`{name}` has no floor: give it one in crates/xtask/src/arch.rs")]
    NoFloor { name: String },
    #[error("the floors name `{name}`, but the workspace has no such crate")]
    NoSuchCrate { name: &'static str },
    #[error("`{name}` lives in the folder `{folder}`: folder and crate share one name")]
    OtherFolder { name: String, folder: String },
    #[error("`{name}` has no description: the drawing needs one line about it")]
    NoDescription { name: String },
    #[error("`{name}` on floor {floor} uses `{used}` on floor {used_floor}: only downwards")]
    NotDownwards { name: String, floor: u8, used: String, used_floor: u8 },
    #[error("`{name}` uses `{used}`, which stands beside the floors: only tests may use `testkit`")]
    UsesBeside { name: String, used: String },
}

/// Where a crate stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Floor(u8),
    Beside,
}

/// Where the crate of this name stands, if the table knows it.
pub(super) fn place(name: &str) -> Option<Place> {
    if BESIDE.contains(&name) {
        return Some(Place::Beside);
    }
    FLOORS.iter().find(|floor| floor.crates.contains(&name)).map(|floor| Place::Floor(floor.number))
}

/// Every broken rule, crate by crate.
pub(super) fn problems(crates: &[Crate]) -> Vec<Problem> {
    let mut problems = missing(crates);
    for member in crates {
        problems.extend(manifest_problems(member));
        problems.extend(member.uses.iter().filter_map(|used| use_problem(&member.name, used)));
    }
    problems
}

fn missing(crates: &[Crate]) -> Vec<Problem> {
    let named = FLOORS.iter().flat_map(|floor| floor.crates).chain(BESIDE);
    named
        .filter(|name| crates.iter().all(|member| member.name != **name))
        .map(|name| Problem::NoSuchCrate { name })
        .collect()
}

fn manifest_problems(member: &Crate) -> Vec<Problem> {
    let name = &member.name;
    let mut problems = Vec::new();
    if place(name).is_none() {
        problems.push(Problem::NoFloor { name: name.clone() });
    }
    if member.folder != *name {
        problems.push(Problem::OtherFolder { name: name.clone(), folder: member.folder.clone() });
    }
    if member.summary.as_deref().unwrap_or_default().is_empty() {
        problems.push(Problem::NoDescription { name: name.clone() });
    }
    problems
}

fn use_problem(name: &str, used: &Use) -> Option<Problem> {
    let (Place::Floor(floor), used_place) = (place(name)?, place(&used.name)?) else {
        return None;
    };
    match used_place {
        Place::Beside if used.only_in_tests && used.name == TEST_SUPPORT => None,
        Place::Beside => Some(Problem::UsesBeside { name: name.to_owned(), used: used.name.clone() }),
        Place::Floor(used_floor) if used_floor < floor => None,
        Place::Floor(used_floor) => {
            Some(Problem::NotDownwards { name: name.to_owned(), floor, used: used.name.clone(), used_floor })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_use(name: &str, used: &str, only_in_tests: bool, expected: Option<&str>) {
        let used = Use { name: used.to_owned(), only_in_tests };
        let problem = use_problem(name, &used).map(|problem| problem.to_string());
        assert_eq!(problem.as_deref(), expected, "{name} → {}", used.name);
    }

    #[test]
    fn a_crate_uses_lower_floors_only() {
        check_use("gateway", "mcp", false, None);
        check_use("switchboard", "telemetry", false, None);
        let upwards = "`mcp` on floor 1 uses `gateway` on floor 5: only downwards";
        check_use("mcp", "gateway", false, Some(upwards));
        check_use("mcp", "gateway", true, Some(upwards));
        let beside = "`egress` on floor 3 uses `supervisor` on floor 3: only downwards";
        check_use("egress", "supervisor", false, Some(beside));
    }

    #[test]
    fn only_tests_use_testkit_and_nobody_uses_the_other_crates_beside() {
        check_use("gateway", "testkit", true, None);
        let beside = "`gateway` uses `testkit`, which stands beside the floors: only tests may use `testkit`";
        check_use("gateway", "testkit", false, Some(beside));
        let tool = "`gateway` uses `xtask`, which stands beside the floors: only tests may use `testkit`";
        check_use("gateway", "xtask", true, Some(tool));
    }

    #[test]
    fn crates_beside_the_floors_may_look_at_every_floor() {
        check_use("xtask", "testkit", false, None);
        check_use("e2e", "switchboard", false, None);
    }

    #[test]
    fn an_unknown_crate_a_strange_folder_and_a_missing_description_are_all_named() {
        let stray = Crate { name: "stray".to_owned(), folder: "other".to_owned(), summary: None, uses: Vec::new() };
        assert_eq!(
            manifest_problems(&stray),
            [
                Problem::NoFloor { name: "stray".to_owned() },
                Problem::OtherFolder { name: "stray".to_owned(), folder: "other".to_owned() },
                Problem::NoDescription { name: "stray".to_owned() },
            ]
        );
    }

    #[test]
    fn a_floor_that_names_a_vanished_crate_is_found() {
        let problems = missing(&[]);
        assert!(problems.contains(&Problem::NoSuchCrate { name: "gateway" }));
    }
}
