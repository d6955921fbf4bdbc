//! A file that a merge could not decide: what both sides and their common beginning hold, and what could settle it, by rules
//! that can be told. It asks no model.

use std::collections::BTreeMap;

use similar::{ChangeTag, TextDiff};
use toolkit::Failure;

use super::repository::{Repository, succeed};

/// Bytes of one side of a file: what a person would read.
const SIDE_BYTES_MAX: usize = 256 << 10;

/// A file in conflict, by the names of its contents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Conflict {
    /// Its path from the top folder.
    pub(super) path: String,
    /// What both sides began with.
    pub(super) base: Option<String>,
    /// What this side has; nothing if it removed the file.
    pub(super) ours: Option<String>,
    /// What the other side has; nothing if it removed the file.
    pub(super) theirs: Option<String>,
}

/// What could settle a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// This side as it is.
    Ours,
    /// The other side as it is.
    Theirs,
    /// What both sides add, one after the other.
    Union,
}

/// Why, and how sure that is, in percent.
pub(super) type Proposal = (Option<Way>, &'static str, u8);

/// The files in conflict.
pub(super) async fn all(repository: &Repository) -> Result<Vec<Conflict>, Failure> {
    let command = repository.git(["ls-files", "--unmerged", "-z"]);
    Ok(parse(&succeed(command, "cannot list conflicts").await?.stdout))
}

/// Reads what `git ls-files --unmerged -z` prints.
fn parse(text: &str) -> Vec<Conflict> {
    let mut conflicts = BTreeMap::<&str, Conflict>::new();
    for record in text.split('\0') {
        let Some((about, path)) = record.split_once('\t') else { continue };
        let mut fields = about.split(' ').skip(1);
        let (Some(object), Some(stage)) = (fields.next(), fields.next()) else { continue };
        let conflict = conflicts.entry(path).or_default();
        path.clone_into(&mut conflict.path);
        let side = match stage {
            "1" => &mut conflict.base,
            "2" => &mut conflict.ours,
            _ => &mut conflict.theirs,
        };
        *side = Some(object.to_owned());
    }
    conflicts.into_values().collect()
}

/// The text of one side; nothing if it is too long or no text.
pub(super) async fn side(repository: &Repository, object: Option<&String>) -> Result<Option<String>, Failure> {
    let Some(object) = object else { return Ok(None) };
    let command = repository.git(["cat-file", "blob"]).operand("file", object)?.stdout_bytes_max(SIDE_BYTES_MAX);
    let outcome = succeed(command, "cannot read one side").await?;
    let is_text = !outcome.truncated && !outcome.stdout.contains(['\0', char::REPLACEMENT_CHARACTER]);
    Ok(is_text.then_some(outcome.stdout))
}

/// What both sides add, one after the other.
pub(super) async fn union(repository: &Repository, conflict: &Conflict) -> Result<Option<String>, Failure> {
    let (Some(base), Some(ours), Some(theirs)) = (&conflict.base, &conflict.ours, &conflict.theirs) else {
        return Ok(None);
    };
    let mut command = repository.git(["merge-file", "-p", "--union", "--object-id"]).stdout_bytes_max(SIDE_BYTES_MAX);
    for object in [ours, base, theirs] {
        command = command.operand("file", object)?;
    }
    // a git before 2.43 cannot do it
    let outcome = command.run().await?;
    Ok((outcome.exit_code == Some(0) && !outcome.truncated).then_some(outcome.stdout))
}

/// What could settle it, given the texts of base, ours and theirs.
pub(super) fn proposal(conflict: &Conflict, base: Option<&str>, ours: Option<&str>, theirs: Option<&str>) -> Proposal {
    if conflict.ours.is_none() || conflict.theirs.is_none() {
        return (None, "one side has removed the file, the other has changed it", 0);
    }
    let (Some(ours), Some(theirs)) = (ours, theirs) else {
        return (None, "it is no text, or too long to be read: one side has to be taken as it is", 0);
    };
    if same_but_spaces(ours, theirs) {
        return (Some(Way::Ours), "the sides differ only in spaces", 95);
    }
    let Some(base) = base else {
        return (None, "both sides have made a file of this name", 0);
    };
    if same_but_spaces(base, ours) {
        return (Some(Way::Theirs), "this side has changed only spaces", 90);
    }
    if same_but_spaces(base, theirs) {
        return (Some(Way::Ours), "the other side has changed only spaces", 90);
    }
    match (only_adds(base, ours), only_adds(base, theirs)) {
        (true, true) if only_adds(ours, theirs) => {
            (Some(Way::Theirs), "the other side has all that this side adds", 85)
        }
        (true, true) if only_adds(theirs, ours) => (Some(Way::Ours), "this side has all that the other side adds", 85),
        (true, true) => (Some(Way::Union), "both sides only add lines; their order has to be looked at", 60),
        _ => (None, "both sides change the same lines in different ways", 0),
    }
}

fn same_but_spaces(one: &str, other: &str) -> bool {
    let words = |text: &str| {
        text.lines()
            .map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
            .filter(|line| !line.is_empty())
            .collect::<Vec<_>>()
    };
    words(one) == words(other)
}

/// Whether every line of the first text is in the second, in its order.
fn only_adds(old: &str, new: &str) -> bool {
    TextDiff::from_lines(old, new).iter_all_changes().all(|change| change.tag() != ChangeTag::Delete)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conflicts_are_read_side_by_side() {
        let conflicts =
            parse("100644 aa 1\ta b.txt\x00100644 bb 2\ta b.txt\x00100644 cc 3\ta b.txt\x00100644 dd 3\tz\0");
        let side = |object: &str| Some(object.to_owned());
        assert_eq!(
            conflicts,
            [
                Conflict { path: "a b.txt".to_owned(), base: side("aa"), ours: side("bb"), theirs: side("cc") },
                Conflict { path: "z".to_owned(), base: None, ours: None, theirs: side("dd") },
            ]
        );
        for broken in ["", "\0", "x\ty", "100644 aa\tx", "\t"] {
            assert_eq!(parse(broken), [], "{broken:?}");
        }
    }

    #[test]
    fn a_proposal_follows_from_the_three_texts() {
        let there = Conflict {
            path: "f".to_owned(),
            base: Some("a".to_owned()),
            ours: Some("b".to_owned()),
            theirs: Some("c".to_owned()),
        };
        let check = |base: Option<&str>, ours: &str, theirs: &str, expected: Option<Way>| {
            let (way, why, confidence) = proposal(&there, base, Some(ours), Some(theirs));
            assert_eq!(way, expected, "{why}");
            assert_eq!(way.is_some(), confidence > 0, "{why}");
        };
        check(Some("a\n"), "a  b\n", "a b\n\n", Some(Way::Ours));
        check(Some("a b\n"), "a  b\n", "c\n", Some(Way::Theirs));
        check(Some("a b\n"), "c\n", "a  b\n", Some(Way::Ours));
        check(Some("a\nz\n"), "a\nb\nz\n", "a\nc\nz\n", Some(Way::Union));
        check(Some("a\n"), "a\nb\n", "a\nb\nc\n", Some(Way::Theirs));
        check(Some("a\n"), "a\nb\nc\n", "a\nb\n", Some(Way::Ours));
        check(Some("a\n"), "b\n", "c\n", None);
        check(None, "b\n", "c\n", None);
        assert_eq!(proposal(&there, Some("a"), None, Some("b")).0, None);
        assert_eq!(proposal(&Conflict { ours: None, ..there }, Some("a"), None, Some("b")).0, None);
    }
}
