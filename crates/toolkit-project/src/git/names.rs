//! Names of branches, remotes and revisions that a caller wrote: what cannot be one, or could be taken for something else,
//! is refused before git sees it. Pure.

use toolkit::Failure;

/// Bytes of a name: what fits into the name of a file.
const NAME_BYTES_MAX: usize = 250;
/// Bytes of a range of commits: two names and what is between.
const RANGE_BYTES_MAX: usize = 1_000;

/// A name that a branch can have, by the rules of `git check-ref-format`.
pub(super) fn branch(field: &str, name: &str) -> Result<(), Failure> {
    let is_forbidden = |one: char| one.is_control() || " ~^:?*[\\".contains(one);
    let part_is_wrong = |part: &str| part.is_empty() || part.starts_with('.') || part.strip_suffix(".lock").is_some();
    let is_wrong = name.starts_with('-')
        || name.ends_with('.')
        || name == "@"
        || name == "HEAD"
        || name.contains("..")
        || name.contains("@{")
        || name.contains(is_forbidden)
        || name.split('/').any(part_is_wrong);
    refuse_if(is_wrong || name.len() > NAME_BYTES_MAX, field, name, "the name of a branch", "such as `feature/login`")
}

/// A name that a remote can have; a URL or a path is none.
pub(super) fn remote(field: &str, name: &str) -> Result<(), Failure> {
    let is_plain = |one: char| one.is_ascii_alphanumeric() || "-_.".contains(one);
    let is_wrong = name.is_empty() || name.starts_with(['-', '.']) || !name.chars().all(is_plain);
    refuse_if(is_wrong || name.len() > NAME_BYTES_MAX, field, name, "the name of a remote", "such as `origin`")
}

/// A commit, a branch, a tag, or a range of them.
pub(super) fn revision(field: &str, text: &str) -> Result<(), Failure> {
    let is_wrong =
        text.is_empty() || text.starts_with('-') || text.contains(|one: char| one.is_control() || one == ' ');
    let hint = "such as `HEAD~3`, `main` or `main..feature`";
    refuse_if(is_wrong || text.len() > RANGE_BYTES_MAX, field, text, "a commit, a branch or a range", hint)
}

fn refuse_if(is_wrong: bool, field: &str, text: &str, what: &str, hint: &str) -> Result<(), Failure> {
    if !is_wrong {
        return Ok(());
    }
    let shown: String = text.chars().take(60).map(|one| if one.is_control() { '\u{fffd}' } else { one }).collect();
    Err(Failure::invalid(field, format!("`{shown}` cannot be {what}")).hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_a_name_is_taken_for_one() {
        let check = |test: fn(&str, &str) -> Result<(), Failure>, text: &str, expected: bool| {
            assert_eq!(test("branch", text).is_ok(), expected, "{text:?}");
        };
        for name in ["main", "feature/login", "v1.2", "fix_#7", "ä"] {
            check(branch, name, true);
        }
        for name in
            ["", "-b", "--output=x", "a..b", "a b", "a~1", "a^", "a:b", "a?", "*", "[x", "a\\b", "x.lock", ".x", "x."]
        {
            check(branch, name, false);
        }
        for name in ["a//b", "/a", "a/", "@", "HEAD", "a@{1}", "a\nb", "a\0b", "a/.b", &"x".repeat(251)] {
            check(branch, name, false);
        }
        for name in ["origin", "my-fork", "up_stream.2"] {
            check(remote, name, true);
        }
        for name in ["", "-x", "ext::sh", "https://x/y", "../x", "a/b", ".", "a b", "a\0"] {
            check(remote, name, false);
        }
        for name in ["HEAD~3", "main..dev", "v1^{commit}", "main@{1}", ":/text"] {
            check(revision, name, true);
        }
        for name in ["", "--output=/tmp/x", "-n1", "a b", "a\nb", "a\0", &"x".repeat(1_001)] {
            check(revision, name, false);
        }
    }
}
