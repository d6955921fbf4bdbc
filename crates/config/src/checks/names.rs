//! Names of servers and bundles: they stand in addresses and tool names, so they are short, plain, and never
//! look alike.

use std::collections::BTreeMap;

use crate::path::KeyPath;
use crate::problem::Problems;

/// Reports names of a section that are not plain or look like another one.
pub(super) fn check<'n>(section: &str, names: impl Iterator<Item = &'n String>, problems: &mut Problems<'_>) {
    let mut seen = BTreeMap::new();
    for name in names {
        let path = KeyPath::of([section, name]);
        if !is_plain(name) {
            let hint = "use 1 to 32 of `a-z`, `0-9`, `-`, `_`, beginning with a letter or digit";
            problems.add(&path, format!("`{name}` is not a valid name"), hint);
        }
        if let Some(other) = seen.insert(skeleton(name), name) {
            let message = format!("`{name}` looks like `{other}`");
            problems.add(&path, message, "give one of them a clearly different name");
        }
    }
}

/// What two names that look alike have in common.
pub(super) fn skeleton(name: &str) -> String {
    name.chars().filter(|letter| !"-_".contains(*letter)).flat_map(char::to_lowercase).collect()
}

fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    name.len() <= 32 && name.bytes().all(plain) && name.starts_with(|first: char| first.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::{is_plain, skeleton};

    #[test]
    fn name_is_short_and_plain() {
        let long = "a".repeat(32);
        for name in ["a", "7zip", "my-server_2", &long] {
            assert!(is_plain(name), "{name}");
        }
        let too_long = "a".repeat(33);
        for name in ["", "-a", "_a", "Git", "a b", "a.b", "gít", &too_long] {
            assert!(!is_plain(name), "{name}");
        }
    }

    #[test]
    fn dashes_and_case_do_not_tell_names_apart() {
        assert_eq!(skeleton("my-git"), skeleton("My_Git"));
        assert_ne!(skeleton("git1"), skeleton("git2"));
    }
}
